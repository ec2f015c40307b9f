"""What listeners saved, as it is read: rows of the app's tables `songs` and `artists`."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from psycopg2 import sql

from musicctl.store import tables, typecasts
from musicctl.store.database import Cursor, Database
from musicctl.store.kinds import Kind
from musicctl.store.spellings import spellings
from musicctl.store.streaming import Rows, declared
from musicctl.store.tables import Shape

T = TypeVar("T")
Row = tuple[object, ...]
OWNER = "user_id"
WILDCARDS = str.maketrans({each: f"\\{each}" for each in "\\%_"})
"""What ILIKE reads as something else."""


class Wanted(NamedTuple):
    """Which rows: of one user, with one of these ids, with this text in the name; None is for any.

    They come by `sort`, one of the kind's columns, and then by the others; at most `limit` of them.
    """

    user_id: str | None = None
    ids: Sequence[str] | None = None
    text: str | None = None
    sort: str | None = None
    limit: int | None = None


def each(database: Database, kind: Kind, wanted: Wanted, use: Callable[[Rows], T]) -> T:
    """Return what `use` makes of the rows wanted, the kind's columns, while they come.

    A column that the table lacks is None in each, unless the question cannot do without it: ConfigError.
    """
    doing = f"read the saved {kind.table}"

    def work(cursor: Cursor) -> T:
        found = tables.of(cursor, kind, doing)
        statement, given = _question(found, wanted, doing)
        typecasts.as_it_stands(cursor)
        with declared(cursor) as rows:
            typecasts.exact(rows)
            return use(typecasts.decoded(rows.rows(statement, given), cursor))

    return database.run(work, doing=doing, read_only=True, repeat_on=())


def _question(found: Shape, wanted: Wanted, doing: str) -> tuple[sql.Composable, Mapping[str, object]]:
    sort = found.kind.columns[1]
    if wanted.sort is not None:
        found.require([wanted.sort], doing)
        sort = wanted.sort
    order = [name for name in dict.fromkeys((sort, *found.kind.columns)) if name in found.columns]
    statement = sql.SQL("SELECT {columns} FROM {table} WHERE {where} ORDER BY {order} LIMIT %(limit)s")
    return statement.format(
        columns=found.shown,
        table=found.table,
        where=where(found, wanted, doing),
        order=sql.SQL(", ").join(map(sql.Identifier, order)),
    ), values(wanted)


def where(found: Shape, wanted: Wanted, doing: str) -> sql.Composable:
    """Return the condition that the rows wanted meet; raises ConfigError when a column for it is missing."""
    kind = found.kind
    conditions: list[sql.Composable] = [sql.SQL("true")]
    if wanted.user_id is not None:
        found.require([OWNER], doing)
        conditions.append(sql.SQL("{} = %(user_id)s").format(found.compared(OWNER)))
    if wanted.ids is not None:
        found.require([kind.key], doing)
        conditions.append(sql.SQL("{} = ANY(%(ids)s)").format(found.as_text(kind.key)))
    if wanted.text is not None:
        found.require([kind.columns[1]], doing)
        conditions.append(sql.SQL("{} ILIKE ANY(%(patterns)s)").format(found.as_text(kind.columns[1])))
    return sql.SQL(" AND ").join(conditions)


def values(wanted: Wanted) -> dict[str, object]:
    """Return the values that stand in the condition."""
    return {
        "user_id": wanted.user_id,
        "ids": None if wanted.ids is None else list(wanted.ids),
        "patterns": [f"%{each.translate(WILDCARDS)}%" for each in spellings(wanted.text or "")],
        "limit": wanted.limit,
    }
