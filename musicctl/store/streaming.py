"""Long reads: rows that are handed on while they come, so that memory does not grow with them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeAlias, TypeVar

from psycopg2 import extensions, sql

from musicctl.store.database import Cursor, Database

Rows: TypeAlias = Iterator[tuple[Any, ...]]
T = TypeVar("T")
AT_ONCE = 2000
NAME = "rows"


class Declared(extensions.cursor):
    """A cursor of the server's own, one at a time in a transaction.

    The driver's named cursors work only in transactions that the driver began.
    """

    size = AT_ONCE

    def begin(
        self, statement: str | sql.Composable, values: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Ask the question and return the first page; both in one round trip."""
        beginning, end = f"DECLARE {NAME} NO SCROLL CURSOR FOR ", f"\n; {self._fetch}"
        if isinstance(statement, str):
            self.execute(beginning + statement + end, values)
        else:
            self.execute(sql.SQL(beginning) + statement + sql.SQL(end), values)
        return self.fetchall()

    def page(self) -> list[tuple[Any, ...]]:
        """Return the next rows, `size` of them unless the end is reached."""
        self.execute(self._fetch)
        return self.fetchall()

    def rows(self, statement: str | sql.Composable, values: Mapping[str, object] | None = None) -> Rows:
        """Yield the answer to the question; it is asked at once."""
        return self._rows(self.begin(statement, values))

    def end(self) -> None:
        """Let go of what is read, where the transaction goes on with other work on it."""
        self.execute(f"CLOSE {NAME}")

    @property
    def _fetch(self) -> str:
        return f"FETCH FORWARD {self.size} FROM {NAME}"

    def _rows(self, page: list[tuple[Any, ...]]) -> Rows:
        while page:
            yield from page
            if len(page) < self.size:
                return
            page = self.page()


def declared(cursor: Cursor) -> Declared:
    """Return a cursor of the server's own in the transaction of `cursor`."""
    return cursor.connection.cursor(cursor_factory=Declared)


def stream(
    database: Database,
    prepare: Callable[[Cursor], tuple[str, Mapping[str, object]]],
    use: Callable[[Rows], T],
    *,
    doing: str,
    within: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> T:
    """Return what `use` makes of the rows of a query, within one read-only transaction.

    `prepare` returns the statement and its parameters. The transaction is not repeated: `use` has seen rows.
    The question is asked, and its rows are read, in a context of `within`, which may say whose fault it is.
    """

    def work(cursor: Cursor) -> T:
        statement, parameters = prepare(cursor)
        with declared(cursor) as rows, within():
            return use(rows.rows(statement, parameters))

    return database.run(work, doing=doing, read_only=True, repeat_on=())
