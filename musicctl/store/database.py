"""One connection to Postgres: opened when first needed, transactions that repeat where Postgres says so."""

import itertools
import random
import select
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

import psycopg2
from psycopg2 import errors, extensions

from musicctl.errors import BusyError, MusicctlError, UnavailableError
from musicctl.redaction import leave
from musicctl.secret import Secret
from musicctl.store import connecting, waiting
from musicctl.store.address import described, parse
from musicctl.store.border import is_lost, speaking
from musicctl.store.connecting import NotConnectedError
from musicctl.store.defaults import filled
from musicctl.store.opening import PAUSE, Opening
from musicctl.store.passwords import hide_libpqs

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
    itself what holds in it.
    """

    def __init__(
        self,
        url: Secret,
        libpqs: Mapping[str, str] | None = None,
        on_clear: Callable[[str], None] | None = None,
        on_hidden: Callable[[str], None] | None = None,
    ) -> None:
        """Take the URL apart; raises ConfigError when it is malformed. Nothing is connected yet.

        `libpqs` is what libpq's environment has for what the URL leaves out; without it, nothing counts but
        the URL: no variable, no service and no file of libpq's. `on_clear` is told of each connection that
        leaves this machine unencrypted: where to. `on_hidden` is told of each read of which a policy may have
        hidden rows: what it was for.
        """
        self.address = parse(url)
        self._url = url
        self._libpqs = libpqs
        self._on_clear = on_clear
        self._on_hidden = on_hidden
        self.filtered: set[str] = set()
        self._keywords = filled(self.address.keywords, libpqs)
        kept = self._keywords.pop("password", None)  # a service may have one
        self._password = self.address.password or (None if kept is None else Secret(kept))
        hide_libpqs(self._keywords, libpqs)
        leave(*(self._keywords.get(each, "") for each in ("user", "dbname", "host")))
        self._connection: extensions.connection | None = None
        self._turn = threading.RLock()

    def __str__(self) -> str:
        """Describe where the connection is, or where it would be made to."""
        connection = self._connection
        if connection is not None and not connection.closed:
            with suppress(OSError, psycopg2.Error):  # it has just been lost
                return described(*connecting.peer(connection), connection.info.dbname)
        return str(self.address)

    def another(self) -> "Database":
        """Return the same database over a connection of its own; the caller closes it."""
        return Database(self._url, self._libpqs, self._on_clear, self._on_hidden)

    def reached(self) -> str:
        """Connect, unless we are, and describe where the connection really is: not where it should be."""
        with self._turn, speaking("connect", str(self)):
            self._connected()
            return str(self)

    def as_superuser(self) -> bool:
        """Tell whether Postgres refuses this account nothing, as it says itself when one connects."""
        with self._turn, speaking("connect", str(self)):
            return self._connected().info.parameter_status("is_superuser") == "on"

    def run(
        self,
        work: Callable[[Cursor], T],
        *,
        doing: str,
        read_only: bool = False,
        opening: Opening | None = None,
        repeat_on: tuple[type[psycopg2.Error], ...] = REPEATABLE,
    ) -> T:
        """Run `work` in one transaction and return what it returns; `doing` names it in errors.

        `opening` is how it begins, where it does not begin as others do; `read_only` is then in there.

        The transaction is committed when `work` returns and undone when it raises. It runs again, up to
        five times, when Postgres raises one of `repeat_on`: none for `work` that consumes what it cannot
        read twice. It runs again once when we were frozen in it for so long that the server ended it.
        """
        opening = opening or Opening(read_only=read_only)
        for attempt in itertools.count(1):
            began = time.monotonic()
            with self._turn, speaking(doing, str(self)):
                try:
                    return (
                        self._seen(work, opening, doing) if opening.read_only else self._once(work, opening)
                    )
                except repeat_on:
                    if attempt == ATTEMPTS:
                        raise
                except errors.LockNotAvailable:
                    raise self._busy(doing) from None
                except psycopg2.OperationalError as error:
                    paused = time.monotonic() - began >= PAUSE
                    if not (paused and attempt == 1 and repeat_on and self._was_cut(error)):
                        raise
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 -- spreads contenders, no secret
        raise AssertionError  # the count has no end

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None

    def _seen(self, work: Callable[[Cursor], T], opening: Opening, doing: str) -> T:
        """Read, and take note where row-level security may have hidden rows: else it does so without a word.

        Postgres refuses such a read when told to, before it returns a row; a second try tells whether it was
        that, or a right that is missing.
        """
        try:
            return self._once(work, opening.unfiltered)
        except errors.InsufficientPrivilege:
            done = self._once(work, opening)
        if doing not in self.filtered:
            self.filtered.add(doing)
            if self._on_hidden is not None:
                self._on_hidden(doing)
        return done

    def _once(self, work: Callable[[Cursor], T], opening: Opening) -> T:
        connection = self._begun(opening)
        try:
            with connection.cursor() as cursor:
                done = work(cursor)
        except BaseException:
            self._undo(connection)
            raise
        self._commit(connection, opening)
        return done

    def _begun(self, opening: Opening) -> extensions.connection:
        """Return the connection in a new transaction; one that has died since the last is made anew, once."""
        if (kept := self._connection) is not None:
            try:
                with waiting.within(connecting.patience(self._keywords)):
                    return self._begin(kept, opening)
            except psycopg2.Error as error:
                if not (kept.closed or is_lost(error)):
                    raise
                self.close()
        return self._begin(self._connected(), opening)

    def _begin(self, connection: extensions.connection, opening: Opening) -> extensions.connection:
        try:
            _send(connection, opening.statement)
        except BaseException:
            self._undo(connection)
            raise
        return connection

    def _was_cut(self, error: psycopg2.OperationalError) -> bool:
        """Tell whether there was a connection, and the other side has ended it."""
        unanswered = isinstance(error, NotConnectedError) or waiting.SILENT in str(error)
        return self._connection is None and not unanswered

    def _busy(self, doing: str) -> BusyError:
        """Say that somebody else holds what we waited for, and who, as far as the server tells."""
        from musicctl.store import lockholders

        found: tuple[lockholders.Holder, ...] = ()
        with suppress(psycopg2.Error):
            found = self._once(lockholders.find, Opening(read_only=True))
        return lockholders.busy(doing, str(self), found)

    def _commit(self, connection: extensions.connection, opening: Opening) -> None:
        status = connection.info.transaction_status
        if status == extensions.TRANSACTION_STATUS_IDLE:  # `work` has ended it
            return
        if status == extensions.TRANSACTION_STATUS_INERROR:
            # COMMIT would be answered with ROLLBACK, and the driver would not tell.
            self._undo(connection)
            raise MusicctlError(
                f"what was to be written in {self} was undone: a part of it had failed", hint="try again"
            )
        if select.select([connection], [], [], 0)[0]:
            # Something came unasked. If it is the end, then it is known to have come before COMMIT.
            self._probe(connection)
        try:
            _send(connection, opening.end)
        except psycopg2.Error as error:
            lost = bool(connection.closed) or is_lost(error)
            self._undo(connection)
            if not lost or opening.read_only:
                raise
            raise UnavailableError(
                f"the connection to Postgres at {self} was lost while it was told to keep what was written:"
                " it is not known whether it did",
                hint="look at what is there before you run it again",
            ) from None
        except BaseException:
            self._undo(connection)
            raise

    def _probe(self, connection: extensions.connection) -> None:
        try:
            _send(connection, "SELECT 1")
        except BaseException:
            self._undo(connection)
            raise

    def _undo(self, connection: extensions.connection) -> None:
        """Roll back, and forget a connection that cannot: the server then undoes the transaction itself."""
        try:
            if connection.info.transaction_status != extensions.TRANSACTION_STATUS_IDLE:
                _send(connection, "ROLLBACK")
        except psycopg2.Error:
            self.close()
        if connection.closed:
            self.close()

    def _connected(self) -> extensions.connection:
        if self._connection is None:
            self._connection = connecting.connected(self._keywords, self._password)
            self._connection.autocommit = True  # the driver sends no BEGIN of its own: see Opening
            if self._on_clear is not None:
                with suppress(OSError):  # it has just been lost
                    if connecting.in_clear(self._connection):
                        self._on_clear(str(self))
        return self._connection


def _send(connection: extensions.connection, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
