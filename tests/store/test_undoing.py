"""What runs wrote to the app's own tables, written back where it still stands, with its journal."""

import pytest

from musicctl.errors import MusicctlError
from musicctl.store import app_values, genres, journal, pins, playlists
from musicctl.store.database import Cursor, Database
from musicctl.store.journal import NewRun
from musicctl.store.pins import Pin
from tests.program import query

UNDO = NewRun(command="undo", actor="ann@desk", present=False, profile="p")


def set_plays(database: Database, plays: int) -> str:
    def record(cursor: Cursor, row: playlists.Row) -> str:
        intent = (0, "auth0|a", "total_plays", "1", "set", None)
        return journal.record(cursor, UNDO, [(intent, row[3], plays)])

    _, run = playlists.set_plays(database, "1", plays, journal=record)
    assert run is not None
    return run


def set_genre(database: Database, genre: str) -> tuple[genres.Replaced, str]:
    def record(cursor: Cursor, before: genres.Replaced) -> str:
        intent = (0, "auth0|a", "fav_genre", None, "set", None)
        return journal.record(cursor, UNDO, [(intent, before, genre)])

    return genres.set_genre(database, "auth0|a", genre, journal=record)


def test_plays_are_written_back_and_journalled(database: Database, database_url: str) -> None:
    query(database_url, "INSERT INTO playlists VALUES ('1', 'auth0|a', 'Mix', 5), ('2', 'auth0|a', '', 7)")
    run = set_plays(database, 7)
    [seen] = app_values.values(database, run)
    assert (seen.now, seen.before, seen.after, seen.skipped) == (7, 5, 7, "")
    undo, [value] = app_values.restore(database, run, UNDO)
    assert value.skipped == ""
    assert query(database_url, "SELECT total_plays FROM playlists ORDER BY 1") == [(5,), (7,)]
    assert query(
        database_url, f"SELECT user_id, target, before, after FROM musicctl.changes WHERE run = '{undo}'"
    ) == [("auth0|a", "1", 7, 5)]
    again, [value] = app_values.restore(database, run, UNDO)
    assert (again, value.skipped) == (None, "it was changed since the run, and is 5 now")


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DELETE FROM playlists", "not there any more"),
        ("UPDATE playlists SET total_plays = NULL", "is not set now"),
        ("UPDATE playlists SET playlist_id = '1'", "several playlists"),
    ],
)
def test_plays_that_others_touched_stay(
    database: Database, database_url: str, statement: str, why: str
) -> None:
    query(database_url, "DROP TABLE playlists")
    query(database_url, "CREATE TABLE playlists (playlist_id text, user_id text, total_plays integer)")
    query(database_url, "INSERT INTO playlists VALUES ('1', 'auth0|a', 5), ('2', 'auth0|b', 6)")
    run = set_plays(database, 7)
    query(database_url, statement)
    there = query(database_url, "SELECT * FROM playlists ORDER BY 2")
    undo, [value] = app_values.restore(database, run, UNDO)
    assert undo is None
    assert why in value.skipped
    assert query(database_url, "SELECT * FROM playlists ORDER BY 2") == there


def test_a_genre_that_was_not_set_is_not_set_again(database: Database, database_url: str) -> None:
    before, first = set_genre(database, "beat")
    assert before is None
    before, second = set_genre(database, "skiffle")
    assert before == "beat"
    assert app_values.restore(database, first, UNDO)[0] is None
    assert app_values.restore(database, second, UNDO)[0] is not None
    undo, _ = app_values.restore(database, first, UNDO)
    assert query(database_url, "SELECT * FROM user_data") == [("auth0|a", None)]
    assert undo is not None
    assert app_values.restore(database, undo, UNDO)[0] is not None
    assert query(database_url, "SELECT * FROM user_data") == [("auth0|a", "beat")]


def test_nothing_is_written_where_the_journal_cannot_be(database: Database, database_url: str) -> None:
    _, run = set_genre(database, "beat")
    query(database_url, "ALTER TABLE musicctl.runs ADD CHECK (command <> 'undo') NOT VALID")
    with pytest.raises(MusicctlError):
        app_values.restore(database, run, UNDO)
    with pytest.raises(MusicctlError):
        set_genre(database, "skiffle")
    assert query(database_url, "SELECT fav_genre FROM user_data") == [("beat",)]


def test_many_users_of_the_mirror_and_many_pins(database: Database, database_url: str) -> None:
    query(
        database_url,
        "INSERT INTO musicctl.tenant_users (user_id, display_name, roles, unreadable) VALUES"
        " ('auth0|a', 'A', '{x}', NULL), ('auth0|b', NULL, NULL, 'roles are a number')",
    )
    assert app_values.mirrored(database, ["auth0|a", "auth0|b", "auth0|c"]) == {
        "auth0|a": ("A", ["x"], None),
        "auth0|b": (None, None, "roles are a number"),
    }
    wanted = [
        Pin(user_id=user_id, role="r", state="revoked", until=None, reason="undo of x", actor="ann@desk")
        for user_id in ("auth0|a", "auth0|b")
    ]
    app_values.pin(database, wanted)
    app_values.pin(database, wanted)
    assert pins.of_users(database, "r", ["auth0|a", "auth0|b"]) == {
        "auth0|a": "revoked",
        "auth0|b": "revoked",
    }
