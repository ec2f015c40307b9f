"""One connection to Postgres: opened when first needed, transactions that repeat where Postgres says so."""

import itertools
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

import psycopg2
from psycopg2 import errors, extensions

from musicctl.secret import Secret
from musicctl.store import waiting
from musicctl.store.address import parse
from musicctl.store.speaking import speaking

Cursor: TypeAlias = extensions.cursor
T = TypeVar("T")

ATTEMPTS = 5
REPEATABLE = (errors.SerializationFailure, errors.DeadlockDetected)
"""SQLSTATE 40001 and 40P01: the server undid the transaction and asks for it again."""


def one_row(cursor: Cursor) -> tuple[Any, ...]:
    """Return the next row of a query that always has one."""
    row = cursor.fetchone()
    assert row is not None
    return row


class Database:
    """The app's database as one URL names it, for any number of threads, one transaction at a time.

    Works through PgBouncer in transaction mode: no session state is ever set, each transaction says for
    itself that it is read-only.
    """

    def __init__(self, url: Secret) -> None:
        """Take the URL apart; raises ConfigError when it is malformed. Nothing is connected yet."""
        self.address = parse(url)
        self._url = url
        self._connection: extensions.connection | None = None
        self._turn = threading.RLock()

    def __str__(self) -> str:
        return str(self.address)

    def another(self) -> "Database":
        """Return the same database over a connection of its own; the caller closes it."""
        return Database(self._url)

    def run(
        self,
        work: Callable[[Cursor], T],
        *,
        doing: str,
        read_only: bool = False,
        repeat_on: tuple[type[psycopg2.Error], ...] = REPEATABLE,
    ) -> T:
        """Run `work` in one transaction and return what it returns; `doing` names it in errors.

        The transaction is committed when `work` returns and undone when it raises. It runs again, up to
        five times, when Postgres raises one of `repeat_on`: none for `work` that consumes what it cannot
        read twice.
        """
        for attempt in itertools.count(1):
            with self._turn, speaking(doing, str(self)):
                try:
                    return self._once(work, read_only)
                except repeat_on:
                    if attempt == ATTEMPTS:
                        raise
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 -- spreads contenders, no secret
        raise AssertionError  # the count has no end

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None

    def _once(self, work: Callable[[Cursor], T], read_only: bool) -> T:
        connection = self._connected()
        try:
            # Not a session setting: outside autocommit, psycopg2 sends it with each BEGIN.
            connection.set_session(readonly=read_only)
            with connection.cursor() as cursor:
                done = work(cursor)
            connection.commit()
        except BaseException:
            self._undo(connection)
            raise
        return done

    def _undo(self, connection: extensions.connection) -> None:
        """Roll back, and forget a connection that cannot: the server then undoes the transaction itself."""
        try:
            connection.rollback()
        except psycopg2.Error:
            self.close()

    def _connected(self) -> extensions.connection:
        if self._connection is None:
            waiting.install()
            keywords = {"application_name": "musicctl", **self.address.keywords, "client_encoding": "UTF8"}
            if self.address.password is not None:
                keywords["password"] = self.address.password.reveal()
            self._connection = psycopg2.connect(**keywords)  # type: ignore[call-overload]
        return self._connection
