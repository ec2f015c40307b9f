"""The border to Postgres: psycopg2's errors become ours, in our words, without libpq's texts around them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import errors

from musicctl.errors import ConfigError, DeniedError, MusicctlError, UnavailableError

# psycopg2 gives no SQLSTATE for a connection that was never made, only libpq's text.
REFUSED_LOGIN = re.compile(
    r"authentication failed|pg_hba.conf|role .* does not exist|no password supplied|not permitted to log in"
)
NO_DATABASE = re.compile(r'database ".*" does not exist')

MISSING = (errors.InvalidSchemaName, errors.UndefinedTable, errors.UndefinedColumn)
KINDS: tuple[tuple[tuple[type[psycopg2.Error], ...], type[MusicctlError], str], ...] = (
    (
        (errors.InsufficientPrivilege, errors.InvalidAuthorizationSpecification),
        DeniedError,
        "the README lists the rights that musicctl needs",
    ),
    (
        (errors.ReadOnlySqlTransaction,),
        DeniedError,
        "this connection may only read; name the primary server in database_url",
    ),
    (
        (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.TooManyConnections),
        UnavailableError,
        "try again when the server is back",
    ),
)


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


def _translated(error: psycopg2.Error, doing: str, place: str) -> MusicctlError:
    reason = _reason(error)
    what = f"could not {doing} in {place}: {reason}"
    if isinstance(error, MISSING):
        ours = "musicctl." in reason
        return ConfigError(
            what, hint="musicctl db init" if ours else "musicctl db status shows what is there"
        )
    for classes, kind, hint in KINDS:
        if isinstance(error, classes):
            return kind(what, hint=hint)
    if error.pgcode is None and isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return _unconnected(reason, place)
    if error.pgcode is None and isinstance(error, psycopg2.ProgrammingError):
        return ConfigError(
            f"the database URL was not accepted: {reason}",
            hint="it looks like postgresql://user:password@host:5432/name",
        )
    return MusicctlError(what, hint="musicctl db status shows what the database has")


def _unconnected(reason: str, place: str) -> MusicctlError:
    if REFUSED_LOGIN.search(reason):
        return DeniedError(
            f"Postgres at {place} refused the login: {reason}", hint="check user and password in database_url"
        )
    if NO_DATABASE.search(reason):
        return ConfigError(f"Postgres at {place} has no such database: {reason}", hint="check database_url")
    return UnavailableError(
        f"Postgres at {place} cannot be reached: {reason}", hint="musicctl config show says where this is set"
    )


def _reason(error: psycopg2.Error) -> str:
    """Return the server's message on one line, or libpq's last one where the server said nothing."""
    primary = error.diag.message_primary
    if primary:
        return primary
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = next((line for line in lines if "failed:" in line or "FATAL" in line), "".join(lines[:1]))
    return re.sub(r"^(connection to server .*? failed: )?(FATAL: +)?", "", text) or type(error).__name__
