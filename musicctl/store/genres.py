"""Favourite genres: the app's table `user_data`."""

from collections.abc import Callable
from typing import TypeAlias

from musicctl.store import naming, written
from musicctl.store.database import Cursor, Database, one_row

Replaced: TypeAlias = str | list[str | None] | None
"""The genre that another one replaces, or those of each row where an app has several that differ."""


def of_user(database: Database, user_id: str) -> str | None:
    """Return the user's favourite genre, or None when none is known."""

    def work(cursor: Cursor) -> str | None:
        return _shown(cursor, naming.table(cursor, "user_data"), user_id)[0]

    return database.run(work, doing="read the favourite genre", read_only=True)


def set_genre(
    database: Database, user_id: str, genre: str, *, journal: Callable[[Cursor, Replaced], str]
) -> tuple[Replaced, str]:
    """Record the user's favourite genre, and journal that in the same transaction.

    Returns what it replaces, and the run that `journal` returns when it is called with that.
    """

    def work(cursor: Cursor) -> tuple[Replaced, str]:
        table = naming.table(cursor, "user_data")
        cursor.execute(f"SELECT fav_genre FROM {table} WHERE user_id = %s FOR UPDATE", (user_id,))
        there = [each for (each,) in cursor.fetchall()]
        if there:
            statement = f"UPDATE {table} SET fav_genre = %s WHERE user_id = %s AND {naming.LEAVING}"
            naming.write(cursor, statement, (genre, user_id))
        else:
            statement = f"INSERT INTO {table} (user_id, fav_genre) SELECT %s, %s WHERE {naming.LEAVING}"
            naming.write(cursor, statement, (user_id, genre))
        cursor.execute(f"SELECT fav_genre FROM {table} WHERE user_id = %s", (user_id,))
        kept = {each for (each,) in cursor.fetchall()}
        written.require(kept == {genre}, "user_data", "set the favourite genre")
        before: Replaced = there if len(set(there)) > 1 else next(iter(there), None)
        return before, journal(cursor, before)

    return database.run(work, doing="set the favourite genre")


def _shown(cursor: Cursor, table: str, user_id: str) -> tuple[str | None]:
    """Return the genre as the view has it: of several rows that an app may have, the last by the alphabet."""
    cursor.execute(f"SELECT max(fav_genre::text) FROM {table} WHERE user_id = %s", (user_id,))
    return one_row(cursor)
