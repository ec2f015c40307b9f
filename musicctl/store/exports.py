"""Rows of the app's tables on their way out: by COPY, or as values where a format needs them."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import psycopg2
from psycopg2 import sql

from musicctl.store import tables, typecasts, waiting
from musicctl.store.database import Cursor, Database
from musicctl.store.kinds import Kind
from musicctl.store.streaming import Rows, declared
from musicctl.store.tables import Shape

T = TypeVar("T")
Choose = Callable[[Sequence[str]], Sequence[str]]
SEPARATORS = {"csv": ",", "text": "\t"}


def copy_out(
    database: Database,
    kind: Kind,
    user_id: str | None,
    form: str,
    choose: Choose,
    write: Callable[[bytes], object],
) -> int:
    """Write the rows of one user, or all, as COPY does in the form `csv` or `text`, after a header.

    Returns how many rows there were. `choose` is told the columns of the kind that the table has.
    """
    doing = f"export {kind.table}"

    def work(cursor: Cursor) -> int:
        found = tables.of(cursor, kind, doing)
        typecasts.as_it_stands(cursor)
        names = choose(found.known)
        query = _query(found, names, user_id, doing).as_string(cursor)
        write(SEPARATORS[form].join(names).encode() + b"\n")
        _copy(cursor, f"COPY ({query}) TO STDOUT WITH (FORMAT {form})", write)
        return cursor.rowcount

    return database.run(work, doing=doing, read_only=True, repeat_on=())


def rows(
    database: Database,
    kind: Kind,
    user_id: str | None,
    choose: Choose,
    use: Callable[[Sequence[str], Rows], T],
) -> T:
    """Return what `use` makes of the names of columns and of the rows.

    `choose` is told the columns of the kind that the table has.
    """
    doing = f"export {kind.table}"

    def work(cursor: Cursor) -> T:
        found = tables.of(cursor, kind, doing)
        typecasts.as_it_stands(cursor)
        with declared(cursor) as each:
            typecasts.exact(each)
            names = choose(found.known)
            answer = each.rows(_query(found, names, user_id, doing))
            return use(names, typecasts.decoded(answer, cursor))

    return database.run(work, doing=doing, read_only=True, repeat_on=())


def _query(found: Shape, names: Sequence[str], user_id: str | None, doing: str) -> sql.Composable:
    found.require(found.kind.columns if not found.known else (), doing)
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    query = sql.SQL("SELECT {} FROM {}").format(columns, found.table)
    if user_id is None:
        return query
    found.require(["user_id"], doing)
    return query + sql.SQL(" WHERE {} = {}").format(found.compared("user_id"), sql.Literal(user_id))


def _copy(cursor: Cursor, statement: str, write: Callable[[bytes], object]) -> None:
    target = _Target(write)
    with waiting.blocking(cursor.connection):
        try:
            cursor.copy_expert(statement, target)
        except BaseException:
            # Rolling back would first read the rest of the rows to their end.
            with suppress(psycopg2.Error):
                cursor.connection.cancel()
            raise


class _Target:
    """The writing half of a file, which is all that COPY asks for."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.write = write
