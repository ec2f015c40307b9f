"""How long we wait for Postgres: a wait that Ctrl-C ends at once and a frozen server cannot prolong.

psycopg2 blocks inside libpq by default: SIGINT is seen only when the query returns, and a backend that is
stopped defeats keepalives, `tcp_user_timeout` and `statement_timeout` together. A wait callback with a
deadline of its own escapes both, but forbids COPY, which `blocking` allows again for as long as it lasts.
"""

import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg2
from psycopg2 import extensions

SILENCE = 120.0
"""Seconds without an answer to a query after which the server counts as not answering."""

CONNECTING = 10.0
"""Seconds that a connection may take to be made; libpq's own connect_timeout does not reach this path."""

_copies = threading.Lock()
_copying = 0
_allowed = 0.0


def _wait(connection: extensions.connection) -> None:
    """Wait until the server has answered; raise OperationalError when it stays silent for too long."""
    patience = CONNECTING if connection.status == extensions.STATUS_SETUP else max(SILENCE, _allowed)
    deadline = time.monotonic() + patience
    while (state := connection.poll()) != extensions.POLL_OK:
        readable = [connection.fileno()] if state == extensions.POLL_READ else []
        writable = [connection.fileno()] if state == extensions.POLL_WRITE else []
        left = deadline - time.monotonic()
        if left <= 0:
            raise psycopg2.OperationalError(f"the server did not answer within {patience:.0f} s")
        try:
            select.select(readable, writable, [], min(left, 5.0))
        except BaseException:
            # We were interrupted. A server that nobody listens to any more would go on with the query.
            with suppress(psycopg2.Error):
                connection.cancel()
            raise


def install() -> None:
    """Make every connection of this process wait as above."""
    if not _copying:
        extensions.set_wait_callback(_wait)


@contextmanager
def patient(seconds: float) -> Iterator[None]:
    """Let a query be silent for as long as a person has said that it may take."""
    global _allowed  # noqa: PLW0603 -- the callback is one for the whole process, and so is its patience
    _allowed = seconds + CONNECTING
    try:
        yield
    finally:
        _allowed = 0.0


@contextmanager
def blocking() -> Iterator[None]:
    """Let COPY run: the callback is out of the way until the last copy of the process has ended."""
    global _copying  # noqa: PLW0603 -- the callback is one for the whole process, and so is its count
    with _copies:
        _copying += 1
        extensions.set_wait_callback(None)
    try:
        yield
    finally:
        with _copies:
            _copying -= 1
            if not _copying:
                extensions.set_wait_callback(_wait)
