"""Playlists in the database: what plays are made of, and one number of plays set with its journal."""

import pytest

from musicctl.errors import MusicctlError
from musicctl.store import journal, playlists
from musicctl.store.database import Cursor, Database
from musicctl.store.journal import NewRun
from tests.program import query

RUN = NewRun(command="playlists set-plays", actor="ann@desk", present=False, profile="p")


def record(cursor: Cursor, _row: playlists.Row) -> str:
    return journal.record(
        cursor, RUN, [((0, "auth0|a", "total_plays", "1", "set", None), 5, 7)], detail="mended"
    )


def journalled(url: str) -> list[tuple[object, ...]]:
    return query(url, "SELECT user_id, target, before, after, detail FROM musicctl.changes")


def test_what_plays_are_made_of(database: Database, database_url: str) -> None:
    query(
        database_url,
        "INSERT INTO playlists VALUES ('1', 'auth0|a', 'Mix', 5), ('2', 'auth0|a', NULL, 50),"
        " ('3', 'auth0|a', 'x', NULL), ('4', 'auth0|b', 'y', 1)",
    )
    assert playlists.breakdown(database, "auth0|a") == [("2", None, 50), ("1", "Mix", 5), ("3", "x", None)]
    assert playlists.breakdown(database, "auth0|nobody") == []


def test_an_app_with_fewer_columns(database: Database, database_url: str) -> None:
    query(database_url, "DROP TABLE playlists")
    query(database_url, "CREATE TABLE playlists (user_id text, total_plays integer)")
    query(database_url, "INSERT INTO playlists VALUES ('auth0|a', 5), ('auth0|a', 50)")
    assert playlists.breakdown(database, "auth0|a") == [(None, None, 50), (None, None, 5)]
    assert playlists.of_user(database, "auth0|a") == [
        (None, "auth0|a", None, 50),
        (None, "auth0|a", None, 5),
    ]
    with pytest.raises(MusicctlError, match='"playlist_id" does not exist'):
        playlists.set_plays(database, "1", 7, journal=record)


def test_plays_and_their_journal_are_written_together(database: Database, database_url: str) -> None:
    query(database_url, "INSERT INTO playlists VALUES ('1', 'auth0|a', 'Mix', 5), ('2', 'auth0|a', '', 6)")
    before, run = playlists.set_plays(database, "1", 7, journal=record)
    assert before == [("1", "auth0|a", "Mix", 5)]
    assert query(database_url, "SELECT run, outcome FROM musicctl.runs") == [(run, "ok")]
    assert journalled(database_url) == [("auth0|a", "1", 5, 7, "mended")]
    assert query(database_url, "SELECT total_plays FROM playlists ORDER BY playlist_id") == [(7,), (6,)]


def test_nothing_is_written_where_the_journal_cannot_be(database: Database, database_url: str) -> None:
    query(database_url, "INSERT INTO playlists VALUES ('1', 'auth0|a', 'Mix', 5)")
    query(database_url, "ALTER TABLE musicctl.changes ADD CHECK (field <> 'total_plays')")
    with pytest.raises(MusicctlError):
        playlists.set_plays(database, "1", 7, journal=record)
    assert query(database_url, "SELECT total_plays FROM playlists") == [(5,)]


def test_no_playlist_or_several_are_left_alone(database: Database, database_url: str) -> None:
    query(database_url, "DROP TABLE playlists")
    query(database_url, "CREATE TABLE playlists (playlist_id integer, user_id text, total_plays integer)")
    query(database_url, "INSERT INTO playlists VALUES (1, 'auth0|a', 5), (1, 'auth0|b', 6), (2, NULL, 7)")
    assert playlists.set_plays(database, "3", 7, journal=record) == ([], None)
    twice, run = playlists.set_plays(database, "1", 7, journal=record)
    assert ([row[1] for row in twice], run) == (["auth0|a", "auth0|b"], None)
    assert journalled(database_url) == []
    once, run = playlists.set_plays(database, "2", 2**31 - 1, journal=record)
    assert (once, run is not None) == ([(2, None, None, 7)], True)
    with pytest.raises(MusicctlError, match="out of range"):
        playlists.set_plays(database, "2", 2**31, journal=record)
