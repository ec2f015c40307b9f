"""Saved rows as they are read: while they come, and by an index where there is one."""

from collections.abc import Iterator
from itertools import islice

import pytest

from musicctl.errors import ConfigError
from musicctl.store import saved, tables
from musicctl.store.database import Cursor, Database
from musicctl.store.kinds import SONGS
from musicctl.store.saved import Wanted
from tests.program import query


def plan(database: Database, wanted: Wanted) -> str:
    """Return how Postgres finds the rows, where it avoids to read the whole table."""

    def work(cursor: Cursor) -> str:
        found = tables.of(cursor, SONGS, "explain")
        where = saved.where(found, wanted, "explain").as_string(cursor)
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT FROM public.songs WHERE {where}", saved.values(wanted))
        return "\n".join(row[0] for row in cursor.fetchall())

    return database.run(work, doing="explain")


def test_rows_are_handed_on_while_they_come(database: Database, database_url: str) -> None:
    query(database_url, "INSERT INTO songs SELECT n, 'x', 'u' FROM generate_series(1, 100000) AS n")

    def first(rows: Iterator[tuple[object, ...]]) -> list[object]:
        return [row[0] for row in islice(rows, 2)]

    assert saved.each(database, SONGS, Wanted(user_id="u", sort="song_id"), first) == ["1", "10"]


def test_the_indexes_of_the_app_are_used(database: Database, database_url: str) -> None:
    assert "songs_user_id_idx" in plan(database, Wanted(user_id="u"))
    assert "songs_pkey" in plan(database, Wanted(ids=["1", "2"]))


def test_the_wanted_rows(database: Database, database_url: str) -> None:
    query(database_url, "INSERT INTO songs VALUES ('1', 'a_b', 'u'), ('2', 'aXb', 'u'), ('3', 'A_B', 'v')")

    def ids(**wanted: object) -> list[str]:
        asked = Wanted(**wanted)  # type: ignore[arg-type]
        return sorted(str(row[0]) for row in saved.each(database, SONGS, asked, tuple))

    assert ids() == ["1", "2", "3"]
    assert ids(text="a_b") == ["1", "3"]
    assert ids(text="a_b", user_id="u") == ["1"]
    assert ids(ids=["1", "3", "9"]) == ["1", "3"]
    assert ids(ids=[]) == []
    assert len(ids(limit=2)) == 2


def test_a_missing_column_is_named(database: Database, database_url: str) -> None:
    query(database_url, "ALTER TABLE songs DROP COLUMN songname")
    assert saved.each(database, SONGS, Wanted(user_id="u"), tuple) == ()
    with pytest.raises(ConfigError, match="has no column songname"):
        saved.each(database, SONGS, Wanted(text="x"), tuple)
