"""What libpq can do and psycopg2 does not hand out: the SQLSTATE of a refused login, and a cancel apart.

psycopg2 2.9.13 gives no code for a connection that was never made, only the server's words, in its language;
and its own `cancel` holds the whole interpreter until the server has answered, which a frozen one never does.
"""

import ctypes
import re
import threading
from contextlib import suppress
from functools import cache

import psycopg2
from psycopg2 import extensions

VERBOSE, PLAIN = 2, 1
"""PQERRORS_VERBOSE and PQERRORS_DEFAULT of libpq-fe.h."""

SENT_WITHIN = 0.5
"""Seconds that a cancel may take before we go on without knowing whether it arrived."""

CODE = re.compile(r"^[^\n]*?:  ([0-9A-Z]{5}): ", re.MULTILINE)


def name_codes(connection: extensions.connection, *, on: bool) -> None:
    """Let the errors of a connection have their SQLSTATE in the text, or no longer."""
    with suppress(AttributeError, OSError, psycopg2.Error):  # a driver whose libpq cannot be reached
        _library().PQsetErrorVerbosity(ctypes.c_void_p(connection.pgconn_ptr), VERBOSE if on else PLAIN)


def code_of(text: str) -> tuple[str | None, str]:
    """Return the SQLSTATE that an error's text names, and the text without it and what follows the line."""
    found = CODE.search(text)
    if found is None:
        return None, text
    return found[1], text[found.end() :].partition("\nLOCATION:  ")[0]


def gss_encrypted(connection: extensions.connection) -> bool:
    """Tell whether a connection is encrypted by Kerberos, in place of TLS."""
    with suppress(AttributeError, OSError, psycopg2.Error):  # as above
        return bool(_library().PQgssEncInUse(ctypes.c_void_p(connection.pgconn_ptr)))
    return False


def cancel(connection: extensions.connection) -> None:
    """Ask the server to stop what it does for a connection, without waiting for one that is frozen."""
    with suppress(AttributeError, OSError, psycopg2.Error):
        library = _library()
        key = library.PQgetCancel(ctypes.c_void_p(connection.pgconn_ptr))
        sending = threading.Thread(target=_send, args=(library, key), daemon=True)
        sending.start()
        sending.join(SENT_WITHIN)


def _send(library: ctypes.CDLL, key: int | None) -> None:
    if key is not None:
        said = ctypes.create_string_buffer(256)
        library.PQcancel(ctypes.c_void_p(key), said, len(said))
        library.PQfreeCancel(ctypes.c_void_p(key))


@cache
def _library() -> ctypes.CDLL:
    """Return the libpq that the driver itself uses: it is found through the driver's own file."""
    library = ctypes.CDLL(psycopg2._psycopg.__file__)
    library.PQgetCancel.restype = ctypes.c_void_p
    return library
