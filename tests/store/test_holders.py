"""Who holds a role: by plays, and since when by what the journal has."""

import pytest

from musicctl.store import holders, mirror, traces
from musicctl.store.database import Database
from tests.program import query

ROLE = "playlist editor"


@pytest.fixture
def filled(database: Database, database_url: str) -> Database:
    mirror.put(
        database,
        [
            ("auth0|a", None, "Ada", (ROLE,), None),
            ("auth0|b", None, None, ("x", ROLE), None),
            ("auth0|c", None, "Cy", (ROLE,), None),
            ("auth0|d", None, "Di", ("x",), None),
            ("auth0|e", None, "Ed", None, "roles are a number"),
        ],
    )
    for user_id, total in (("auth0|a", 100), ("auth0|c", 700), ("auth0|d", 900)):
        query(database_url, "INSERT INTO playlists VALUES (%s, %s, '', %s)", (user_id, user_id, total))
    return database


def journalled(url: str, run: str, user_id: str, verdict: str, *, state: str = "applied") -> None:
    """Write a run that changed one user's role, the run's number of hours into 2026."""
    query(
        url,
        "INSERT INTO musicctl.runs (run, command, actor, present, profile, role)"
        " VALUES (%s, 'roles sync', 'cron@host', false, 'p', %s)",
        (run, ROLE),
    )
    query(
        url,
        "INSERT INTO musicctl.changes (run, seq, user_id, field, verdict, state, ended_at)"
        " VALUES (%s, 0, %s, 'roles', %s, %s, '2026-01-01T00:00Z'::timestamptz + %s * interval '1 hour')",
        (run, user_id, verdict, state, int(run)),
    )


def test_holders_by_plays_with_those_of_unknown_plays_last(filled: Database) -> None:
    assert holders.each(filled, None, role=ROLE, use=list) == [
        ("auth0|c", "Cy", 700, None),
        ("auth0|a", "Ada", 100, None),
        ("auth0|b", None, None, None),
    ]
    assert [row[0] for row in holders.each(filled, None, role="x", use=list)] == ["auth0|d", "auth0|b"]
    assert holders.each(filled, None, role="nobody's", use=list) == []
    own = "SELECT 'auth0|b', 5"
    assert holders.each(filled, own, role=ROLE, use=next) == ("auth0|b", None, 5, None)


def test_since_is_the_last_grant_unless_we_took_it_away_after(filled: Database, database_url: str) -> None:
    journalled(database_url, "1", "auth0|a", "grant")
    journalled(database_url, "2", "auth0|a", "grant", state="failed")
    journalled(database_url, "3", "auth0|b", "grant")
    journalled(database_url, "4", "auth0|b", "revoke")
    journalled(database_url, "5", "auth0|c", "revoke")
    journalled(database_url, "6", "auth0|c", "grant")
    since = {row[0]: row[3] and row[3].hour for row in holders.each(filled, None, role=ROLE, use=list)}
    assert since == {"auth0|c": 6, "auth0|a": 1, "auth0|b": None}
    assert [row[3] for row in holders.each(filled, None, role="x", use=list)] == [None, None]


def test_the_last_change_that_left_us(filled: Database, database_url: str) -> None:
    assert traces.last_change(filled, ROLE, "auth0|a") is None
    journalled(database_url, "1", "auth0|a", "grant")
    journalled(database_url, "2", "auth0|a", "revoke", state="overtaken")
    found = traces.last_change(filled, ROLE, "auth0|a")
    assert found is not None
    assert (found.run, found.command, found.actor) == ("1", "roles sync", "cron@host")
    assert (found.verdict, found.state, found.at.hour) == ("grant", "applied", 1)
    journalled(database_url, "3", "auth0|a", "revoke", state="unknown")
    later = traces.last_change(filled, ROLE, "auth0|a")
    assert later is not None
    assert (later.run, later.state) == ("3", "unknown")
    assert traces.last_change(filled, "x", "auth0|a") is None


def test_the_mirror_s_row_of_one_user(filled: Database) -> None:
    assert traces.mirrored(filled, "auth0|b") == traces.Mirrored(("x", ROLE), None)
    assert traces.mirrored(filled, "auth0|e") == traces.Mirrored(None, "roles are a number")
    assert traces.mirrored(filled, "auth0|nobody") is None
