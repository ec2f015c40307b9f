"""Rows that listeners save, added, removed and moved to another user."""

import uuid
from collections.abc import Callable, Mapping, Sequence

from psycopg2 import errors, sql

from musicctl.errors import ConfigError, MusicctlError, UsageError
from musicctl.store import saved, shape
from musicctl.store.database import Cursor, Database, one_row
from musicctl.store.kinds import Kind
from musicctl.store.saved import OWNER, Row, Wanted
from musicctl.store.shape import Shape


def add(database: Database, kind: Kind, user_id: str, names: Sequence[str], *, key: str | None) -> list[Row]:
    """Save a row for each name, all or none, and return the rows as Postgres keeps them.

    An id is the table's default, or is made here; `key` is the id of a single one. Raises MusicctlError when
    it is taken, ConfigError when the table lacks a column for a name or a user.
    """
    doing = f"save {kind.table}"

    def work(cursor: Cursor) -> list[Row]:
        found = shape.of(cursor, kind, doing)
        found.require([kind.columns[1], OWNER] if key is None else kind.columns, doing)
        found.require_insertable(doing)
        if key is not None:
            _refuse_taken(cursor, found, key)
        try:
            return [_insert(cursor, found, (key or _made(found), name, user_id)) for name in names]
        except errors.UniqueViolation:
            if key is None:
                raise
            raise _taken(kind, key) from None
        except (errors.InvalidTextRepresentation, errors.NumericValueOutOfRange):
            if key is None:
                raise
            raise _no_id(found, key) from None

    return database.run(work, doing=doing)


def remove(
    database: Database, kind: Kind, user_id: str, ids: Sequence[str], *, journal: Callable[[Cursor], str]
) -> tuple[int, str]:
    """Remove the user's rows with these ids, and return how many they were and the run of `journal`."""
    wanted = Wanted(user_id=user_id, ids=ids)
    return _write(database, kind, "DELETE FROM {table} WHERE {where}", wanted, {}, journal)


def move(
    database: Database,
    kind: Kind,
    wanted: Wanted,
    to: str,
    *,
    journal: Callable[[Cursor], str],
) -> tuple[int, str]:
    """Give the rows wanted to the user `to`, and return how many they were and the run of `journal`."""
    statement = "UPDATE {table} SET user_id = %(to)s WHERE {where}"
    return _write(database, kind, statement, wanted, {"to": to}, journal)


def _write(
    database: Database,
    kind: Kind,
    statement: str,
    wanted: Wanted,
    values: Mapping[str, object],
    journal: Callable[[Cursor], str],
) -> tuple[int, str]:
    doing = f"change the saved {kind.table}"

    def work(cursor: Cursor) -> tuple[int, str]:
        found = shape.of(cursor, kind, doing)
        where = saved.where(found, wanted, doing)
        cursor.execute(
            sql.SQL(statement).format(table=found.table, where=where), {**saved.values(wanted), **values}
        )
        return cursor.rowcount, journal(cursor)

    return database.run(work, doing=doing)


def _refuse_taken(cursor: Cursor, found: Shape, key: str) -> None:
    """Raise MusicctlError when a row has this id already: the table may allow it twice, we do not."""
    statement = sql.SQL("SELECT FROM {table} WHERE {key} = %s LIMIT 1")
    column = found.as_text(found.kind.key)
    cursor.execute(statement.format(table=found.table, key=column), (key,))
    if cursor.fetchone() is not None:
        raise _taken(found.kind, key)


def _taken(kind: Kind, key: str) -> MusicctlError:
    return MusicctlError(
        f"the {kind.one} id {key} is taken; nothing was saved",
        hint="leave --id out and a free one is made",
    )


def _no_id(found: Shape, key: str) -> UsageError:
    kind = found.columns[found.kind.key].type
    return UsageError(
        f"{key} is no id: {found.kind.key} is of type {kind}; nothing was saved", hint="--id names another"
    )


def _made(found: Shape) -> str | None:
    """Return an id made here, or None where the table makes its own, or has none."""
    column = found.columns.get(found.kind.key)
    if column is None or column.default:
        return None
    if not column.is_text and column.type != "uuid":
        raise ConfigError(
            f"cannot make an id: {found.kind.key} is of type {column.type} and has no default",
            hint=f"--id names the id of a single {found.kind.one}",
        )
    return uuid.uuid4().hex


def _insert(cursor: Cursor, found: Shape, values: Row) -> Row:
    """Insert one row, without an id where that is None, and return it as it is kept."""
    columns, kept = found.kind.columns, list(values)
    if values[0] is None:
        columns, kept = columns[1:], kept[1:]
    comma = sql.SQL(", ")
    statement = sql.SQL("INSERT INTO {table} ({columns}) {over} VALUES ({values}) RETURNING {returned}")
    cursor.execute(
        statement.format(
            table=found.table,
            columns=comma.join(map(sql.Identifier, columns)),
            over=found.overriding,
            values=comma.join([sql.Placeholder()] * len(kept)),
            returned=found.shown,
        ),
        kept,
    )
    return one_row(cursor)
