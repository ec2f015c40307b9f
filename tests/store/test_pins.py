"""Pins in the database: replaced, read as they are now, and gone by themselves when they end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from musicctl.store import mirror, pins
from musicctl.store.database import Database
from musicctl.store.pins import Pin
from tests.program import query

ROLE = "playlist editor"
STAFF = Pin(user_id="auth0|staff", role=ROLE, state="granted", until=None, reason="staff", actor="ann@desk")


def later(database: Database, **ago: int) -> datetime:
    """A moment from now by the database's clock, without its zone's name."""
    return (mirror.now(database) + timedelta(**ago)).astimezone(UTC)


def expire(url: str, user_id: str, ago: str = "1 second") -> None:
    query(url, "UPDATE musicctl.pins SET until = now() - %s::interval WHERE user_id = %s", (ago, user_id))


def test_a_pin_replaces_the_one_from_before(database: Database) -> None:
    assert pins.put(database, STAFF) is None
    banned = replace(STAFF, state="revoked", until=later(database, days=1), reason="spam", actor="bob@desk")
    assert pins.put(database, banned) == STAFF
    assert pins.of_user(database, ROLE, "auth0|staff") == banned
    assert pins.of_user(database, "another", "auth0|staff") is None
    assert pins.remove(database, ROLE, "auth0|staff") == banned
    assert pins.remove(database, ROLE, "auth0|staff") is None


def test_pins_are_of_one_role(database: Database) -> None:
    other = replace(STAFF, role="dj", state="revoked")
    for each in (STAFF, other):
        assert pins.put(database, each) is None
    assert pins.of_users(database, ROLE, ["auth0|staff", "auth0|nobody"]) == {"auth0|staff": "granted"}
    assert pins.of_users(database, "dj", ["auth0|staff"]) == {"auth0|staff": "revoked"}
    assert pins.of_users(database, ROLE, []) == {}
    assert [row[1:3] for row in pins.of_role(database, "dj")] == [("dj", "revoked")]


def test_a_pin_that_has_ended_is_none(database: Database, database_url: str) -> None:
    pins.put(database, replace(STAFF, until=later(database, hours=1)))
    assert pins.of_users(database, ROLE, ["auth0|staff"]) == {"auth0|staff": "granted"}
    expire(database_url, "auth0|staff")
    assert pins.of_user(database, ROLE, "auth0|staff") is None
    assert pins.of_users(database, ROLE, ["auth0|staff"]) == {}
    assert pins.of_role(database, ROLE) == []
    assert [row[0] for row in pins.of_role(database, ROLE, ended=True)] == ["auth0|staff"]
    assert pins.put(database, STAFF) is None
    assert pins.of_user(database, ROLE, "auth0|staff") == STAFF


def finished_sync(url: str, run: str, ago: str, *, role: str = ROLE, outcome: str | None = "ok") -> None:
    query(
        url,
        "INSERT INTO musicctl.runs (run, command, actor, present, profile, role, started_at, outcome)"
        " VALUES (%s, 'roles sync', 'a@b', false, 'p', %s, now() - %s::interval, %s)",
        (run, role, ago, outcome),
    )


def test_what_lapsed_is_counted_until_a_sync_has_seen_it(database: Database, database_url: str) -> None:
    for user_id in ("auth0|a", "auth0|b", "auth0|c"):
        pins.put(database, replace(STAFF, user_id=user_id))
    assert pins.lapsed(database, ROLE) == 0
    expire(database_url, "auth0|a", "3 hours")
    expire(database_url, "auth0|b", "1 hour")
    assert pins.lapsed(database, ROLE) == 2
    finished_sync(database_url, "1", "1 minute", outcome=None)
    finished_sync(database_url, "2", "1 minute", role="dj")
    assert pins.lapsed(database, ROLE) == 2
    finished_sync(database_url, "3", "2 hours", outcome="partial")
    assert pins.lapsed(database, ROLE) == 1
    finished_sync(database_url, "4", "1 minute")
    assert pins.lapsed(database, ROLE) == 0


def test_a_database_without_our_schema_has_no_pins(database: Database, database_url: str) -> None:
    query(database_url, "DROP SCHEMA musicctl CASCADE")
    assert pins.of_user(database, ROLE, "auth0|staff") is None


@pytest.mark.parametrize("state", ["", "kept"])
def test_a_pin_is_granted_or_revoked(database: Database, state: str) -> None:
    from musicctl.errors import MusicctlError

    with pytest.raises(MusicctlError):
        pins.put(database, replace(STAFF, state=state))
    assert pins.of_role(database, ROLE) == []
