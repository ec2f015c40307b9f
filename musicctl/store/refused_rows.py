"""Finds the rows that Postgres does not take, where a statement over all of them fails for some."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import psycopg2
from psycopg2 import errors, sql

from musicctl.errors import MusicctlError
from musicctl.store.database import Cursor
from musicctl.store.tables import Shape

OF_THE_DATA = ("21", "22", "23", "54")
"""Classes of SQLSTATE that are about a value: data, constraints, and what an index cannot hold."""

MOST = 1000
"""Rows refused after which looking for more is given up: the file as a whole is not what the table takes."""

KEY = re.compile(r"Key \((?P<columns>.+?)\)=")
CONSTRAINED = """
    SELECT attname FROM pg_constraint CROSS JOIN LATERAL unnest(conkey) AS number
    JOIN pg_attribute ON attrelid = conrelid AND attnum = number
    WHERE conname = %s AND conrelid = (SELECT oid FROM pg_class WHERE relname = %s
        AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s))"""


Attempt: TypeAlias = Callable[[int, int], None]
"""Does something with the rows from one place to another, both included."""


class Refused(NamedTuple):
    """A row that was refused, counted as it was sent; the column, empty where none is to blame, and why."""

    row: int
    column: str
    reason: str


def one_by_one(cursor: Cursor, last: int, attempt: Attempt) -> Iterator[tuple[int, psycopg2.Error]]:
    """Call `attempt` over the rows 1 to `last`, in ever smaller pieces where it fails.

    What succeeded stays. Yields each single row that failed, and how. Raises MusicctlError beyond MOST.
    """
    ranges, found = [(1, last)], 0
    while ranges:
        first, last = ranges.pop()
        cursor.execute("SAVEPOINT piece")
        try:
            attempt(first, last)
        except psycopg2.Error as error:
            if not about_data(error):
                raise
            cursor.execute("ROLLBACK TO SAVEPOINT piece")
            if first == last:
                found += 1
                yield first, error
            else:
                middle = (first + last) // 2
                ranges += [(middle + 1, last), (first, middle)]
        cursor.execute("RELEASE SAVEPOINT piece")
        if found > MOST:
            raise MusicctlError(
                f"more than {MOST:,} rows are refused by the database; nothing was imported",
                hint="the file does not fit the table: look at its first rows",
            )


def about_data(error: psycopg2.Error) -> bool:
    """Tell whether an error is about a value, and so about one row."""
    return (error.pgcode or "").startswith(OF_THE_DATA)


def described(
    cursor: Cursor,
    found: Shape,
    row: int,
    error: psycopg2.Error,
    names: Sequence[str],
    values: Sequence[str | None],
) -> Refused:
    """Say which column of a row is to blame, and why, with its value."""
    reason = error.diag.message_primary or "is refused"
    if isinstance(
        error, errors.ProgramLimitExceeded
    ):  # by how well an index could pack it: no column is named
        return Refused(row, found.kind.key, f"is too long: {reason}")
    column = _column(cursor, found, error)
    if isinstance(error, errors.UniqueViolation | errors.ForeignKeyViolation):
        reason = error.diag.message_detail or reason
    value = dict(zip(names, values, strict=True)).get(column)
    shown = "" if value is None else f"{value[:40]!r}: "
    return Refused(row, column if column in names else "", f"{shown}{reason}")


def _column(cursor: Cursor, found: Shape, error: psycopg2.Error) -> str:
    diag = error.diag
    if diag.column_name:
        return diag.column_name
    key = KEY.match(diag.message_detail or "")
    if diag.constraint_name and not key:
        schema, table = found.table.strings
        cursor.execute(
            CONSTRAINED, (diag.constraint_name, diag.table_name or table, diag.schema_name or schema)
        )
        names = [name for (name,) in cursor.fetchall()]
        return names[0] if len(names) == 1 else ""
    return key["columns"].split(", ")[-1].strip('"') if key else ""


def within(first: int, last: int) -> sql.Composable:
    """Return the condition of the rows of a piece."""
    return sql.SQL("new.place BETWEEN {} AND {}").format(sql.Literal(first), sql.Literal(last))
