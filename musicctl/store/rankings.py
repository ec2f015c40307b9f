"""Listeners by their plays: those with the most, and those who are near the bar."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from musicctl.store import naming, plays
from musicctl.store.database import Cursor, Database
from musicctl.store.naming import qualified
from musicctl.store.streaming import Rows, stream

TOP_COLUMNS = ("user_id", "plays", "playlists")
NEAR_COLUMNS = (*TOP_COLUMNS, "distance")
GREATEST = 2**63 - 1
T = TypeVar("T")

TOP = qualified("""
    SELECT user_id, plays, {playlists}
    FROM (SELECT user_id, plays FROM ({plays}) AS plays WHERE plays IS NOT NULL
          ORDER BY plays DESC, user_id LIMIT %(limit)s) AS chosen
    ORDER BY plays DESC, user_id""")
NEAR = qualified("""
    SELECT user_id, plays, {playlists}, plays - %(threshold)s AS distance
    FROM ({plays}) AS chosen
    WHERE plays >= %(low)s AND plays <= %(high)s
    ORDER BY abs(plays - %(threshold)s), user_id""")
COUNT = qualified("(SELECT count(*) FROM {table} AS lists WHERE lists.user_id::text = chosen.user_id)")


def top(database: Database, query: str | None, *, limit: int, use: Callable[[Rows], T]) -> T:
    """Return what `use` makes of the listeners with the most plays, rows of TOP_COLUMNS."""
    return _ranked(database, query, TOP, {"limit": min(limit, GREATEST)}, use)


def near(
    database: Database, query: str | None, *, threshold: int, within: int, use: Callable[[Rows], T]
) -> T:
    """Return what `use` makes of the listeners at most `within` plays from the bar, the nearest first.

    They are rows of NEAR_COLUMNS; `distance` is below 0 for those who are below the bar.
    """
    span = {"low": max(threshold - within, -GREATEST), "high": min(threshold + within, GREATEST)}
    return _ranked(database, query, NEAR, {"threshold": threshold, **span}, use)


def _ranked(
    database: Database,
    query: str | None,
    statement: str,
    values: Mapping[str, object],
    use: Callable[[Rows], T],
) -> T:
    def prepare(cursor: Cursor) -> tuple[str, Mapping[str, object]]:
        counted = _playlists(cursor)
        if query is not None:
            plays.refuse_repeated(cursor, query)
        return statement.format(plays=plays.source(cursor, query), playlists=counted), values

    return stream(database, prepare, use, doing="compare plays", within=partial(plays.named, query))


def _playlists(cursor: Cursor) -> str:
    """Return the SQL that counts playlists: an app with plays elsewhere may have no such table."""
    table = naming.found(cursor, ["playlists"]).get("playlists")
    return "NULL::bigint" if table is None else COUNT.format(table=table)
