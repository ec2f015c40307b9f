"""How long we wait for Postgres: a wait that Ctrl-C ends at once and a frozen server cannot prolong.

psycopg2 blocks inside libpq by default: SIGINT is seen only when the query returns, and a backend that is
stopped defeats keepalives, `tcp_user_timeout` and `statement_timeout` together. A wait callback with a
deadline of its own escapes both, but forbids COPY, which `blocking` allows again for as long as it lasts.
"""

import select
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg2
from psycopg2 import extensions

from musicctl import haste
from musicctl.store import libpq

SILENCE = 120.0
"""Seconds without an answer to a query after which the server counts as not answering."""

BEYOND = 10.0
"""Seconds that a query which a person lets run may take beyond what the server was told."""

HURRIED = 0.5
"""Seconds that is waited for an answer once a signal has told this process to end."""

LOOKED = 0.2
"""Seconds between two looks at whether one has."""

SILENT = "the server did not answer within"

ANSWERING = 4
"""CONNECTION_AWAITING_RESPONSE of libpq-fe.h: the server is there, and what it says next is its decision."""

_under_way = set[int]()
"""The threads that wait now."""

OVER = b"\0"
"""What is no signal's number: there is nothing to listen for any more."""

_copies = threading.Lock()
_copying = 0
_allowed = 0.0


class Attempt:
    """One connection in the making: how long it may take in all, and whether a password was missing."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.ends = time.monotonic() + seconds
        self.needs_password = False
        self._named = False

    def look(self, connection: extensions.connection) -> None:
        """Have the server's decision told with its SQLSTATE, which libpq leaves out unless it is asked."""
        if not self._named and connection.info.status >= ANSWERING:
            libpq.name_codes(connection, on=True)
            self._named = True


class _Own(threading.local):
    """What holds for the waits of one thread."""

    attempt: Attempt | None = None
    seconds: float | None = None


_own = _Own()


def _wait(connection: extensions.connection) -> None:
    """Wait until the server has answered; raise OperationalError when it stays silent for too long."""
    patience, ends = _deadline()
    me = threading.get_ident()
    _under_way.add(me)
    try:
        _answered(connection, patience, ends)
    finally:
        _under_way.discard(me)


def is_under_way() -> bool:
    """Tell whether any thread waits for an answer now: a wait that has an end of its own."""
    return bool(_under_way)


def _answered(connection: extensions.connection, patience: float, ends: float) -> None:
    began = time.monotonic()
    while (state := _polled(connection)) != extensions.POLL_OK:
        readable = [connection.fileno()] if state == extensions.POLL_READ else []
        writable = [connection.fileno()] if state == extensions.POLL_WRITE else []
        ready = False
        while not ready:  # libpq takes a connection that is polled too early for one that is there
            if (hurried := haste.since()) is not None:
                patience, ends = HURRIED, min(ends, max(began, hurried) + HURRIED)
            left = ends - time.monotonic()
            if left <= 0:
                raise psycopg2.OperationalError(f"{SILENT} {patience:g} s")
            try:
                ready = any(select.select(readable, writable, [], min(left, LOOKED)))
            except BaseException:
                # We were interrupted. A server that nobody listens to any more would go on with the query.
                if _own.attempt is None:
                    libpq.cancel(connection)
                raise


def _deadline() -> tuple[float, float]:
    """Return how many seconds this wait may last, and when it ends."""
    if _own.attempt is not None:
        return _own.attempt.seconds, _own.attempt.ends
    patience = _own.seconds if _own.seconds is not None else max(SILENCE, _allowed)
    return patience, time.monotonic() + patience


def _polled(connection: extensions.connection) -> int:
    attempt = _own.attempt
    if attempt is None:
        return connection.poll()
    attempt.look(connection)
    try:
        return connection.poll()
    except psycopg2.Error:
        with suppress(psycopg2.Error):
            attempt.needs_password = bool(connection.info.needs_password)
        raise


@contextmanager
def connecting(seconds: float) -> Iterator[Attempt]:
    """Let the connection that this thread makes in the block take so long in all."""
    _own.attempt = Attempt(seconds)
    try:
        yield _own.attempt
    finally:
        _own.attempt = None


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let each wait of this thread in the block last so long: a healthy server needs next to nothing."""
    before, _own.seconds = _own.seconds, seconds
    try:
        yield
    finally:
        _own.seconds = before


def install() -> None:
    """Make every connection of this process wait as above."""
    if not _copying:
        extensions.set_wait_callback(_wait)


@contextmanager
def patient(seconds: float) -> Iterator[None]:
    """Let a query be silent for as long as a person has said that it may take."""
    global _allowed  # noqa: PLW0603 -- the callback is one for the whole process, and so is its patience
    _allowed = seconds + BEYOND
    try:
        yield
    finally:
        _allowed = 0.0


@contextmanager
def blocking(connection: extensions.connection) -> Iterator[None]:
    """Let COPY run on a connection: the callback is out of the way until the process's last copy has ended.

    libpq itself waits then, and Python sees no signal before it returns; so the server is asked to end the
    copy as soon as one arrives.
    """
    global _copying  # noqa: PLW0603 -- the callback is one for the whole process, and so is its count
    with _copies:
        _copying += 1
        extensions.set_wait_callback(None)
    try:
        with _ended_by_signals(connection):
            yield
    finally:
        with _copies:
            _copying -= 1
            if not _copying:
                extensions.set_wait_callback(_wait)


@contextmanager
def _ended_by_signals(connection: extensions.connection) -> Iterator[None]:
    """Cancel what the connection does when a signal arrives for this thread, which is in C and hears none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, told = socket.socketpair()
    told.setblocking(False)
    before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)

    def listen() -> None:
        if heard.recv(1) not in (b"", OVER):
            libpq.cancel(connection)

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        with suppress(BlockingIOError):
            told.send(OVER)
        listening.join()
        heard.close()
        told.close()
