"""Playlists and their plays: the app's table `playlists`."""

from collections.abc import Callable

from psycopg2 import sql

from musicctl.store import naming, tables, typecasts, written
from musicctl.store.database import Cursor, Database
from musicctl.store.kinds import PLAYLISTS
from musicctl.store.tables import Shape

COLUMNS = ("playlist_id", "user_id", "name", "total_plays")
READING = "read the playlists"
Row = tuple[object, ...]

# Columns by name out of the whole row: an app may have no names, or no ids, for its playlists.
LENIENT = (
    "to_jsonb(playlists) -> 'playlist_id', user_id::text, to_jsonb(playlists) ->> 'name',"
    " total_plays::bigint FROM {table} AS playlists"
)


def of_user(database: Database, user_id: str) -> list[Row]:
    """Return the user's playlists as rows of COLUMNS, the most played first.

    A column that the app lacks is None in each, but for the user's id: ConfigError.
    """

    def work(cursor: Cursor) -> list[Row]:
        found = tables.of(cursor, PLAYLISTS, READING)
        found.require(["user_id"], READING)
        typecasts.as_it_stands(cursor)
        with cursor.connection.cursor() as rows:
            typecasts.exact(rows)
            statement = sql.SQL("SELECT {} FROM {} WHERE {} = %s ORDER BY {}")
            owner = found.as_text("user_id")
            rows.execute(statement.format(found.shown, found.table, owner, _order(found)), (user_id,))
            return list(typecasts.decoded(rows.fetchall(), cursor))

    return database.run(work, doing=READING, read_only=True)


def breakdown(database: Database, user_id: str) -> list[tuple[object, str | None, int | None]]:
    """Return id, name and plays of each playlist of a user, with None where the app has no such column."""

    def work(cursor: Cursor) -> list[tuple[object, str | None, int | None]]:
        lenient = LENIENT.format(table=naming.table(cursor, "playlists"))
        cursor.execute(
            f"SELECT playlist_id, name, total_plays FROM (SELECT {lenient}) AS lists ({', '.join(COLUMNS)})"
            " WHERE user_id = %s ORDER BY total_plays DESC NULLS LAST, playlist_id",
            (user_id,),
        )
        return cursor.fetchall()

    return database.run(work, doing=READING, read_only=True)


def set_plays(
    database: Database, playlist_id: str, plays: int, *, journal: Callable[[Cursor, Row], str]
) -> tuple[list[Row], str | None]:
    """Set the plays of the one playlist with this id, and journal that in the same transaction.

    Returns the rows of COLUMNS with this id as they were, and the run that `journal` returns for the one of
    them; when there is none, or several, nothing is written and there is no run. Raises SwallowedError when
    the playlist has other plays afterwards.
    """

    def work(cursor: Cursor) -> tuple[list[Row], str | None]:
        table = naming.table(cursor, "playlists")
        this = f"SELECT {LENIENT.format(table=table)} WHERE playlist_id::text = %s"
        cursor.execute(f"{this} FOR UPDATE", (playlist_id,))
        before = cursor.fetchall()
        if len(before) != 1:
            return before, None
        naming.write(
            cursor,
            f"UPDATE {table} SET total_plays = %s WHERE playlist_id::text = %s AND {naming.LEAVING}",
            (plays, playlist_id),
        )
        cursor.execute(this, (playlist_id,))
        written.require([row[3] for row in cursor.fetchall()] == [plays], "playlists", "set the plays")
        return before, journal(cursor, before[0])

    return database.run(work, doing="set the plays")


def _order(found: Shape) -> sql.Composable:
    terms = {"total_plays": "total_plays DESC NULLS LAST", "playlist_id": "playlist_id", "name": "name"}
    return sql.SQL(", ".join(["user_id", *(terms[name] for name in terms if name in found.columns)]))
