"""Rows that listeners save, added, removed and moved to another user, each looked at after it was written."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from psycopg2 import errors, sql

from musicctl.errors import ConfigError, MusicctlError, UsageError
from musicctl.store import naming, saved, tables, typecasts, written
from musicctl.store.database import Cursor, Database
from musicctl.store.kinds import Kind
from musicctl.store.saved import OWNER, Row, Wanted
from musicctl.store.tables import Shape
from musicctl.store.written import ADD, MOVE, REMOVE, Written

Journal: TypeAlias = Callable[[Cursor, Sequence[Written]], str]
"""Journals rows that were written, in the transaction of the writes, and returns the run."""

AS_JSON = sql.SQL("to_jsonb(t)::text")


class Moved(NamedTuple):
    """How many rows were moved, the ids of those that the other user has already, and the run."""

    number: int
    skipped: tuple[str, ...]
    run: str | None


def add(
    database: Database, kind: Kind, user_id: str, names: Sequence[str], *, key: str | None, journal: Journal
) -> tuple[list[Row], str]:
    """Save a row for each name, all or none; return the rows as Postgres keeps them, and the run.

    An id is the table's default, or is made here; `key` is the id of a single one. Raises MusicctlError when
    it is taken, ConfigError when the table lacks a column for a name or a user, SwallowedError when the rows
    are not there afterwards.
    """
    doing = f"save {kind.table}"
    whose = Wanted(user_id=user_id)

    def work(cursor: Cursor) -> tuple[list[Row], str]:
        found = tables.of(cursor, kind, doing)
        found.require([kind.columns[1], OWNER] if key is None else kind.columns, doing)
        found.require_insertable(doing)
        if key is not None:
            _refuse_taken(cursor, found, key)
        before = _count(cursor, found, whose, doing) if found.watched else 0
        rows = _insert_all(cursor, found, [(key or _made(found), name, user_id) for name in names], key)
        there = _count(cursor, found, whose, doing) - before if found.watched else len(rows)
        written.require(None not in rows and there == len(rows), found.name, doing)
        made = [row for row in rows if row is not None]
        changes = [Written(user_id, _text(row[0]), ADD, None, str(row[-1])) for row in made]
        return [row[:-1] for row in made], journal(cursor, changes)

    return database.run(work, doing=doing)


def remove(
    database: Database, kind: Kind, user_id: str, ids: Sequence[str], *, journal: Journal
) -> tuple[int, str]:
    """Remove the user's rows with these ids, and return how many they were and the run.

    Raises SwallowedError when they are there afterwards all the same.
    """
    doing = f"remove {kind.table}"
    wanted = Wanted(user_id=user_id, ids=ids)

    def work(cursor: Cursor) -> tuple[int, str]:
        found = tables.of(cursor, kind, doing)
        rows = _written(cursor, found, wanted, "DELETE FROM {table} AS t WHERE {where}", {}, doing)
        written.require(_count(cursor, found, wanted, doing) == 0, found.name, doing)
        changes = [Written(user_id, target, REMOVE, row, None) for target, row, _ in rows]
        return len(rows), journal(cursor, changes)

    return database.run(work, doing=doing)


def move(database: Database, kind: Kind, wanted: Wanted, to: str, *, journal: Journal) -> Moved:
    """Give the rows wanted to the user `to`; what `to` has already stays where it is, and is returned by id.

    Raises SwallowedError when the rows are elsewhere afterwards.
    """
    doing = f"move {kind.table}"

    def work(cursor: Cursor) -> Moved:
        found = tables.of(cursor, kind, doing)
        free = sql.SQL("NOT ({})").format(_had(found))
        statement = "UPDATE {table} AS t SET user_id = %(to)s WHERE {where}"
        theirs = Wanted(user_id=to)
        before = _count(cursor, found, theirs, doing) if found.watched else 0
        rows = _written(cursor, found, wanted, statement, {"to": to}, doing, free)
        skipped = _keys(cursor, found, wanted, _had(found), {"to": to}, doing)
        there = _count(cursor, found, theirs, doing) - before if found.watched else len(rows)
        left = _count(cursor, found, wanted, doing)
        written.require(left == len(skipped) and there == len(rows), found.name, doing)
        changes = [Written(wanted.user_id, target, MOVE, old, new) for target, old, new in rows]
        return Moved(len(rows), skipped, journal(cursor, changes) if changes else None)

    return database.run(work, doing=doing)


def _written(
    cursor: Cursor,
    found: Shape,
    wanted: Wanted,
    statement: str,
    values: Mapping[str, object],
    doing: str,
    condition: sql.Composable = sql.SQL("true"),  # noqa: B008 -- immutable
) -> list[tuple[str | None, str | None, str | None]]:
    """Run a statement over the rows wanted; return the id of each, and the row before and after as JSON."""
    where = sql.SQL("{} AND {}").format(saved.where(found, wanted, doing), condition)
    given = {**saved.values(wanted), **values}
    key = found.as_text(found.kind.key) if found.kind.key in found.columns else sql.SQL("NULL")
    # A row changes in its owner alone. What triggers, rules or views return of it may be anything.
    before = sql.SQL("(to_jsonb(t) || jsonb_build_object('user_id', %(user_id)s::text))::text")
    after = sql.SQL("(to_jsonb(t) || jsonb_build_object('user_id', %(to)s::text))::text")
    shown: sql.Composable = sql.SQL("{}, {}, {}").format(key, before, after)
    if typecasts.of_no_encoding(cursor):  # what may be no text at all is not to be made JSON of
        shown = sql.SQL("NULL, NULL, NULL")
    given.setdefault("to", wanted.user_id)
    leaving = sql.SQL("{} AND " + naming.LEAVING).format(where)
    whole = sql.SQL(statement).format(table=found.table, where=leaving)
    if not found.watched:
        naming.write(cursor, sql.SQL("{} RETURNING {}").format(whole, shown), given)
        return cursor.fetchall()
    cursor.execute(sql.SQL("SELECT {} FROM {} AS t WHERE {}").format(shown, found.table, where), given)
    rows = cursor.fetchall()
    naming.write(cursor, whole, given)
    return rows


def _had(found: Shape) -> sql.Composable:
    """Return the condition that the user `to` has a row already that a unique index would not have twice."""
    conditions = [
        sql.SQL("EXISTS (SELECT 1 FROM {} AS theirs WHERE theirs.user_id = %(to)s AND {})").format(
            found.table,
            sql.SQL(" AND ").join(
                sql.SQL("theirs.{0} = t.{0}").format(sql.Identifier(name)) for name in names if name != OWNER
            ),
        )
        for names in found.unique
        if OWNER in names and len(names) > 1
    ]
    return sql.SQL(" OR ").join(conditions) if conditions else sql.SQL("false")


def _keys(
    cursor: Cursor,
    found: Shape,
    wanted: Wanted,
    condition: sql.Composable,
    values: Mapping[str, object],
    doing: str,
) -> tuple[str, ...]:
    if condition == sql.SQL("false") or found.kind.key not in found.columns:
        return ()
    statement = sql.SQL("SELECT {} FROM {} AS t WHERE {} AND ({}) ORDER BY 1")
    where = saved.where(found, wanted, doing)
    key = found.as_text(found.kind.key)
    cursor.execute(statement.format(key, found.table, where, condition), {**saved.values(wanted), **values})
    return tuple(each for (each,) in cursor.fetchall())


def _count(cursor: Cursor, found: Shape, wanted: Wanted, doing: str) -> int:
    return written.count(cursor, found, saved.where(found, wanted, doing), saved.values(wanted))


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
        f"{key} is no id: {found.kind.key} is of type {kind}; nothing was saved",
        hint="--id names another",
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


def _insert_all(cursor: Cursor, found: Shape, rows: Sequence[Row], key: str | None) -> list[Row | None]:
    try:
        return [_insert(cursor, found, row) for row in rows]
    except errors.UniqueViolation:
        if key is None:
            raise
        raise _taken(found.kind, key) from None
    except (errors.InvalidTextRepresentation, errors.NumericValueOutOfRange):
        if key is None:
            raise
        raise _no_id(found, key) from None


def _insert(cursor: Cursor, found: Shape, values: Row) -> Row | None:
    """Insert one row, without an id where that is None.

    Returns it as it is kept, with itself as JSON behind it, or None when nothing was inserted.
    """
    columns, kept = found.kind.columns, list(values)
    if values[0] is None:
        columns, kept = columns[1:], kept[1:]
    comma = sql.SQL(", ")
    statement = sql.SQL(
        "INSERT INTO {table} AS t ({columns}) {over} SELECT {values}"
        f" WHERE {naming.LEAVING} RETURNING {{returned}}, {{whole}}"
    )
    try:
        naming.write(
            cursor,
            statement.format(
                table=found.table,
                columns=comma.join(map(sql.Identifier, columns)),
                over=found.overriding,
                values=comma.join([sql.Placeholder()] * len(kept)),
                returned=found.shown,
                whole=AS_JSON,
            ),
            kept,
        )
    except errors.FeatureNotSupported:  # a rule that returns nothing stands in the way
        raise written.swallowed(found.name, f"save {found.kind.table}") from None
    row: Row | None = cursor.fetchone()
    return row


def _text(value: object) -> str | None:
    return None if value is None else str(value)
