"""Sends the bytes of a request right after the last check whether they may leave, with no wait in between."""

import select
import socket
import ssl
import threading
from collections.abc import Callable

import httpcore

Check = Callable[[], None]
"""Is called when nothing but the bytes is left to be done; raises to keep them back."""


class _Leaving(threading.local):
    """What this thread is about to send."""

    check: Check | None = None


_leaving = _Leaving()


def ask(check: Check | None) -> None:
    """Have `check` asked before whatever this thread sends from now on; None ends it."""
    _leaving.check = check


def write(stream: httpcore.NetworkStream, buffer: bytes, timeout: float | None) -> None:
    """Send `buffer`, each part after a check of its own; raises as httpcore's streams do, and as the check.

    With a timeout Python waits for the socket before it sends, and another thread may hold the GIL for
    milliseconds after that wait: a process that is stopped there sends when it goes on. What is sent without
    a wait lies some microseconds behind its check.
    """
    check, connection = _leaving.check, _socket(stream)
    if check is None or connection is None:
        if check is not None:
            check()
        stream.write(buffer, timeout)
        return
    left = memoryview(buffer)
    while left:
        left = left[_send(connection, left, check, timeout) :]


def _socket(stream: httpcore.NetworkStream) -> socket.socket | None:
    """Return what a stream sends on, or None where it is TLS within TLS, to a proxy."""
    found = stream.get_extra_info("socket")
    inner = stream.get_extra_info("ssl_object")
    return found if isinstance(found, socket.socket) and inner in (None, found) else None


def _send(connection: socket.socket, left: memoryview, check: Check, timeout: float | None) -> int:
    """Send what fits at once and return how much it was; where nothing does, wait until something may."""
    connection.settimeout(0.0)
    check()
    try:
        return connection.send(left)
    except (BlockingIOError, ssl.SSLWantWriteError):
        wanted = select.POLLOUT
    except ssl.SSLWantReadError:
        wanted = select.POLLIN
    except OSError as error:
        raise httpcore.WriteError(str(error)) from error
    ready = select.poll()
    ready.register(connection, wanted)
    if not ready.poll(None if timeout is None else timeout * 1000):
        raise httpcore.WriteTimeout("the connection took no more bytes in time")
    return 0
