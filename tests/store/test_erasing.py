"""Erasing a listener: every trace of one, and nothing of anybody else."""

import json

import pytest

from musicctl.store import erasing
from musicctl.store.database import Database
from tests.program import query

GONE, STAYS = "auth0|gone", "auth0|stays"


ROWS = """
    INSERT INTO songs VALUES (WHO || '1', 'x', WHO), (WHO || '2', 'x', WHO);
    INSERT INTO artists VALUES (WHO, 'x', WHO);
    INSERT INTO playlists VALUES (WHO, WHO, 'x', 1);
    INSERT INTO user_data VALUES (WHO, 'jazz');
    INSERT INTO musicctl.tenant_users VALUES (WHO, 'e', 'n', '{editor}', NULL);
    INSERT INTO musicctl.pins (role, user_id, state, reason, actor) VALUES ('r', WHO, 'granted', 'x', 'y');"""


@pytest.fixture
def two(database: Database, database_url: str) -> Database:
    """Two listeners of whom every table has something."""
    for who in (GONE, STAYS):
        query(database_url, ROWS.replace("WHO", f"'{who}'"))
    query(
        database_url,
        "INSERT INTO musicctl.runs (run, command, actor, present, profile, finished_at)"
        " VALUES ('run', 'profile set-names', 'a', true, 'p', now())",
    )
    rows = [("display_name", '"Ada"', '"Bea"'), ("roles", '["x"]', "[]"), ("fav_genre", '"jazz"', None)]
    for seq, (who, (field, before, after)) in enumerate((who, row) for who in (GONE, STAYS) for row in rows):
        query(
            database_url,
            "INSERT INTO musicctl.changes (run, seq, user_id, field, target, verdict, state, before, after,"
            " detail) VALUES ('run', %s, %s, %s, 't', 'set', 'applied', %s, %s, 'why')",
            (seq, who, field, before, after),
        )
    query(
        database_url,
        "INSERT INTO musicctl.plans (role, fingerprint, threshold, changes) VALUES ('r', 'f', 100, %s)",
        (json.dumps([["grant", STAYS], ["grant", GONE], ["revoke", "auth0|z"]]),),
    )
    return database


def everything(url: str) -> str:
    """Return every row of every table, as text."""
    names = query(
        url,
        "SELECT table_schema || '.' || table_name FROM information_schema.tables"
        " WHERE table_type = 'BASE TABLE' AND table_schema IN ('public', 'musicctl')",
    )
    return "\n".join(str(row) for (name,) in names for row in query(url, f"SELECT * FROM {name}"))


def test_what_there_is(two: Database) -> None:
    assert erasing.find(two, GONE) == erasing.Traces(
        rows={"songs": 2, "artists": 1, "playlists": 1, "user_data": 1},
        mirror=1,
        pins=1,
        changes=3,
        roles=("editor",),
    )
    assert not erasing.find(two, "auth0|nobody").any


def test_nothing_names_the_listener_afterwards(two: Database, database_url: str) -> None:
    before = everything(database_url).count(STAYS)
    found, run = erasing.erase(two, GONE, journal=lambda _cursor, _found: "new")
    assert (found.changes, run) == (3, "new")
    assert GONE not in everything(database_url)
    assert everything(database_url).count(STAYS) == before
    assert query(
        database_url,
        "SELECT field, user_id, target, before, after, detail FROM musicctl.changes ORDER BY seq LIMIT 3",
    ) == [
        ("display_name", None, None, None, None, None),
        ("roles", None, None, ["x"], [], None),
        ("fav_genre", None, None, None, None, None),
    ]
    assert query(database_url, "SELECT changes FROM musicctl.plans") == [
        ([["grant", STAYS], ["revoke", "auth0|z"]],)
    ]


@pytest.mark.parametrize(("state", "finished"), [("sent", "now()"), ("intended", "NULL")])
def test_an_open_change_is_left_alone(two: Database, database_url: str, state: str, finished: str) -> None:
    query(
        database_url,
        f"UPDATE musicctl.runs SET finished_at = {finished};"
        f"UPDATE musicctl.changes SET state = '{state}' WHERE user_id = '{GONE}' AND field = 'roles'",
    )
    before = everything(database_url)
    found, run = erasing.erase(two, GONE, journal=lambda _cursor, _found: "new")
    assert (found.open_run, run) == ("run", None)
    assert everything(database_url) == before


def test_tables_without_an_owner_are_left_alone(two: Database, database_url: str) -> None:
    query(database_url, "ALTER TABLE songs RENAME COLUMN user_id TO owner; DROP TABLE artists")
    assert erasing.find(two, GONE).rows == {"playlists": 1, "user_data": 1}
    erasing.erase(two, GONE, journal=lambda _cursor, _found: "new")
    assert query(database_url, "SELECT count(*) FROM songs") == [(4,)]
    assert query(database_url, "SELECT user_id FROM playlists") == [(STAYS,)]
