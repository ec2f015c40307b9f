"""Bulk writes: new and changed rows, all or none, and nothing left behind."""

from collections.abc import Iterator

import pytest

from musicctl.errors import UnavailableError
from musicctl.store import bulk
from musicctl.store.database import Database
from tests.program import query

COLUMNS = ("song_id", "songname", "user_id")
ALL = "SELECT song_id, songname, user_id FROM songs ORDER BY song_id"
STAGING = "SELECT count(*) FROM pg_class WHERE relname LIKE 'staging%'"


def test_new_changed_and_unchanged_rows(database: Database, database_url: str) -> None:
    first = [("1", "AC/DC [/]live\t\\N", "u"), ("2", None, "u"), ("3", "c", "u")]
    assert bulk.upsert(database, "songs", COLUMNS, "song_id", first) == 3
    assert query(database_url, ALL) == first
    second = [("1", "a", "u"), ("2", None, "u"), ("4", "\\.", "v")]
    assert bulk.upsert(database, "songs", COLUMNS, "song_id", second) == 2
    assert query(database_url, ALL) == [("1", "a", "u"), ("2", None, "u"), ("3", "c", "u"), ("4", "\\.", "v")]
    assert bulk.upsert(database, "songs", COLUMNS, "song_id", second) == 0
    assert query(database_url, STAGING) == [(0,)]


def test_all_or_none(database: Database, database_url: str) -> None:
    def rows() -> Iterator[tuple[str, str, str]]:
        yield ("1", "a", "u")
        raise UnavailableError("the source went away")

    with pytest.raises(UnavailableError, match="went away"):
        bulk.upsert(database, "songs", COLUMNS, "song_id", rows())
    assert query(database_url, ALL) == []
    assert query(database_url, STAGING) == [(0,)]
