"""The border to Postgres: psycopg2's errors become ours, by SQLSTATE, since servers speak many languages."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from musicctl.errors import ConfigError, DeniedError, MusicctlError, UnavailableError
from musicctl.redaction import redacted
from musicctl.store import waiting
from musicctl.store.connecting import NotConnectedError

READ_ONLY = "25006"
NO_DATABASE = "3D000"
LATER = "try again when the server is back"

KINDS: tuple[tuple[str, type[MusicctlError], str], ...] = (
    ("42501", DeniedError, "the README lists the rights that musicctl needs"),
    ("28", DeniedError, "check user and password in database_url"),
    (
        READ_ONLY,
        DeniedError,
        "the server lets this connection only read: it is a standby, its disk is full, or"
        " default_transaction_read_only is on; look there, or name the primary server in database_url",
    ),
    (NO_DATABASE, ConfigError, "check database_url"),
    ("3F000", ConfigError, ""),
    ("42P01", ConfigError, ""),
    ("42703", ConfigError, ""),
    # It will not have room by itself in a moment, as it will have connections or memory.
    ("53100", MusicctlError, "make room on the server's disk; what was written before is kept"),
    ("53", UnavailableError, "the server has run out of connections or memory; try again later"),
    ("08", UnavailableError, LATER),
    ("57P", UnavailableError, LATER),
    ("25P03", UnavailableError, "the server ends transactions that pause for so long; try again"),
)
"""What the beginning of a SQLSTATE means to us, and what to do next; the first one that fits."""

LOST = ("08", "57P", "25P03")
"""SQLSTATEs after which there is no connection any more."""


@contextmanager
def speaking(doing: str, place: str) -> Iterator[None]:
    """Turn errors of the database at `place` into MusicctlError; `doing` says what was done, as a verb."""
    try:
        yield
    except psycopg2.Error as error:
        raise _translated(error, doing, place) from None
    except UnicodeEncodeError:
        raise MusicctlError(
            f"could not {doing}: Postgres cannot hold lone surrogates",
            hint="it is no valid text: look at where it comes from",
        ) from None
    except ValueError as error:
        if "NUL" not in str(error):
            raise
        raise MusicctlError(
            f"could not {doing}: Postgres cannot hold NUL characters in text", hint="leave the NUL out"
        ) from None


def is_lost(error: psycopg2.Error) -> bool:
    """Tell whether an error says that the server has ended the connection."""
    return (error.pgcode or "").startswith(LOST)


def _translated(error: psycopg2.Error, doing: str, place: str) -> MusicctlError:
    if isinstance(error, NotConnectedError):
        return _unconnected(error, place)
    reason, code = _reason(error), error.pgcode
    what = f"could not {doing} in {place}: {reason}"
    for beginning, kind, hint in KINDS:
        if (code or "").startswith(beginning):
            return kind(what, hint=hint or _missing(error))
    if code is None and isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return UnavailableError(f"the connection to Postgres at {place} was lost: {reason}", hint=LATER)
    if code is None and isinstance(error, psycopg2.ProgrammingError):
        return ConfigError(
            f"the database URL was not accepted: {reason}",
            hint="it looks like postgresql://user:password@host:5432/name",
        )
    return MusicctlError(what, hint="musicctl db status shows what the database has")


def _missing(error: psycopg2.Error) -> str:
    ours = "musicctl." in _reason(error) or error.diag.schema_name == "musicctl"
    return "musicctl db init" if ours else "musicctl db status shows what is there"


def _unconnected(error: NotConnectedError, place: str) -> MusicctlError:
    said, code = str(error), error.code or ""
    if error.needs_password or code.startswith("28"):
        return DeniedError(
            f"Postgres at {place} refused the login: {said}", hint="check user and password in database_url"
        )
    if code == NO_DATABASE:
        return ConfigError(f"Postgres at {place} has no such database: {said}", hint="check database_url")
    if code.startswith("42"):  # the account may not connect to this database
        return DeniedError(f"Postgres at {place} refused the login: {said}", hint="GRANT CONNECT ON DATABASE")
    more = "; connect_timeout=60 in the URL waits longer" if waiting.SILENT in said else ""
    return UnavailableError(
        f"Postgres at {place} cannot be reached: {said}",
        hint=f"musicctl config show says where this is set{more}",
    )


def _reason(error: psycopg2.Error) -> str:
    """Return the server's message on one line, or libpq's last one where the server said nothing."""
    primary = error.diag.message_primary
    if primary:
        return redacted(primary)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return redacted(lines[0]) if lines else type(error).__name__
