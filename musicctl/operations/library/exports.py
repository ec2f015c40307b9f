"""Rows of the app's tables out to a file or a pipe, as they are in Postgres."""

from collections.abc import Callable, Iterable, Sequence

from musicctl.operations.files import forms
from musicctl.store import exports
from musicctl.store.database import Database
from musicctl.store.kinds import KINDS
from musicctl.store.streaming import Rows, T

Choose = Callable[[Sequence[str]], Sequence[str]]
"""Is told which columns the table has and returns those to export, in order."""

Encode = Callable[[Sequence[str], Rows], Iterable[str]]
"""Makes lines of the columns' names and the rows."""


def run(
    database: Database,
    table: str,
    user_id: str | None,
    form: str,
    *,
    choose: Choose = tuple,
    encode: Encode | None,
    write: Callable[[bytes], object],
) -> None:
    """Write the rows of one user, or all of a table, as COPY does in one of `forms`, or as `encode` does.

    JSON lines need `encode`. Bytes that are no text, as a database of no known encoding may hold, are kept.
    """
    if encode is None:
        exports.copy_out(database, KINDS[table], user_id, forms.dialect(form).copy, choose, write)
        return

    def written(columns: Sequence[str], rows: Rows) -> None:
        for line in encode(columns, rows):
            write(line.encode(errors="surrogateescape"))

    exports.rows(database, KINDS[table], user_id, choose, written)


def shown(
    database: Database,
    table: str,
    user_id: str | None,
    *,
    choose: Choose,
    use: Callable[[Sequence[str], Rows], T],
) -> T:
    """Return what `use` makes of the columns' names and the rows, where a person looks at them."""
    return exports.rows(database, KINDS[table], user_id, choose, use)
