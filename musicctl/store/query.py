"""A person's own SELECT: in a transaction that only reads, with a limit on time, and no value lost."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

import psycopg2
from psycopg2 import errors

from musicctl.errors import MusicctlError, RefusedError, UsageError
from musicctl.store import typecasts, view, waiting
from musicctl.store.database import Cursor, Database
from musicctl.store.opening import Opening
from musicctl.store.streaming import Declared, declared
from musicctl.store.typecasts import Row

AT_ONCE = 500
OF_THE_ASKER = ("21", "22", "42")
"""Classes of SQLSTATE that are about the query itself: its words, its values."""

HINTS: dict[type[psycopg2.Error], str] = {
    errors.UndefinedTable: "there are songs, artists, playlists, user_data and musicctl.listeners",
    errors.UndefinedColumn: "SELECT * FROM the table LIMIT 1 shows its columns",
}
"""What to do next where Postgres has no hint of its own."""

T = TypeVar("T")
Use: TypeAlias = Callable[[tuple[str, ...], Iterator[Row]], T]
"""What is made of the names of the columns and of the rows, while they come."""


def ask(database: Database, statement: str, use: Use[T], *, paged: bool, seconds: float) -> T:
    """Return what `use` makes of the answer to one statement, which leaves nothing behind.

    With `paged` the rows come page by page, and `seconds` is what the server may take for all of them. Raises
    RefusedError when it takes longer, or writes; UsageError when Postgres does not understand it.
    """
    answer = _paged if paged else _whole

    def work(cursor: Cursor) -> T:
        _prepare(cursor)
        clock = _Clock(seconds)
        with _translating(seconds, clock), view.in_shape():
            used = answer(cursor, statement, clock, use)
        # A function in it may have set something for the session, which a pooler would hand to the next.
        cursor.execute("ROLLBACK")
        return used

    with waiting.patient(seconds):
        return database.run(
            work, doing="answer the query", opening=Opening(read_only=True, own_path=True), repeat_on=()
        )


class _Clock:
    """What is left of the time that the server may take; what we take between two pages does not count."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    @contextmanager
    def running(self, cursor: Cursor) -> Iterator[None]:
        """Let the server work, within the statement, for as long as is left."""
        cursor.execute("SET LOCAL statement_timeout = %s", (max(1, int(self._left * 1000)),))
        began = time.monotonic()
        try:
            yield
        finally:
            self._left -= time.monotonic() - began

    @property
    def is_over(self) -> bool:
        """Whether nothing is left; the server counts in whole milliseconds."""
        return self._left < 0.001


def _prepare(cursor: Cursor) -> None:
    # The statement was read as one in which a backslash is nothing special outside of E''.
    cursor.execute("SET LOCAL standard_conforming_strings = on")
    typecasts.as_it_stands(cursor)


def _paged(cursor: Cursor, statement: str, clock: _Clock, use: Use[T]) -> T:
    with declared(cursor) as rows:
        rows.size = AT_ONCE
        typecasts.exact(rows)
        with clock.running(cursor):
            first = rows.begin(statement)
        return use(_names(rows), typecasts.decoded(_pages(cursor, rows, first, clock), cursor))


def _pages(cursor: Cursor, rows: Declared, page: list[Row], clock: _Clock) -> Iterator[Row]:
    while page:
        yield from page
        if len(page) < rows.size:
            return
        with clock.running(cursor):
            page = rows.page()


def _whole(cursor: Cursor, statement: str, clock: _Clock, use: Use[T]) -> T:
    typecasts.exact(cursor)
    with clock.running(cursor):
        cursor.execute(statement)
    names = _names(cursor)
    return use(names, typecasts.decoded(cursor.fetchall(), cursor))


def _names(cursor: Cursor) -> tuple[str, ...]:
    if not cursor.description:
        raise UsageError("the query answers with no column at all", hint="select something, such as SELECT 1")
    return tuple(column.name for column in cursor.description)


@contextmanager
def _translating(seconds: float, clock: _Clock) -> Iterator[None]:
    """Say what is wrong with a query in one line each: too slow, a write, not understood."""
    try:
        yield
    except errors.QueryCanceled:
        if not clock.is_over:  # somebody else has stopped it
            raise
        raise RefusedError(
            f"the query was stopped: it took the server more than {seconds:g} s",
            hint="--timeout 5m lets it take longer",
        ) from None
    except UnicodeDecodeError:
        raise MusicctlError(
            "the answer has a value that is no UTF-8", hint="cast it to text, or to bytea with convert_to"
        ) from None
    except psycopg2.Error as error:
        told = error.diag.message_primary or ""
        if isinstance(error, errors.ReadOnlySqlTransaction) or "DECLARE CURSOR" in told:
            raise RefusedError(f"the query writes: {told}", hint="musicctl query only reads") from None
        of_the_asker = (error.pgcode or "").startswith(OF_THE_ASKER)
        if not of_the_asker or isinstance(error, errors.InsufficientPrivilege):
            raise
        hint = error.diag.message_hint or HINTS.get(type(error), "musicctl query --help has examples")
        raise UsageError(f"Postgres refused the query: {told}", hint=hint) from None
