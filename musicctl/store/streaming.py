"""Long reads: rows that are handed on while they come, so that memory does not grow with them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from musicctl.store.database import Cursor, Database

Rows: TypeAlias = Iterator[tuple[Any, ...]]
T = TypeVar("T")
AT_ONCE = 2000


def stream(
    database: Database,
    prepare: Callable[[Cursor], tuple[str, Mapping[str, object]]],
    use: Callable[[Rows], T],
    *,
    doing: str,
) -> T:
    """Return what `use` makes of the rows of a query, within one read-only transaction.

    `prepare` returns the statement and its parameters. The transaction is not repeated: `use` has seen rows.
    """

    def work(cursor: Cursor) -> T:
        statement, parameters = prepare(cursor)
        with cursor.connection.cursor(name="rows") as rows:
            rows.itersize = AT_ONCE
            rows.execute(statement, parameters)
            return use(iter(rows))

    return database.run(work, doing=doing, read_only=True, repeat_on=())
