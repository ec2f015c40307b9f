"""The error tree and the exit codes: every layer raises these, and only cli.main prints them."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command; a script may rely on them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    PARTIAL = 5
    CHANGES = 6
    DENIED = 7
    UNAVAILABLE = 69
    BUG = 70
    BUSY = 75
    CONFIG = 78
    INTERRUPTED = 130
    TERMINATED = 143


class MusicctlError(Exception):
    """A known failure: what happened, what to do next (`hint`), and the exit code.

    `details` are further keys of the JSON error, such as the candidates for an ambiguous email address.
    """

    exit = Exit.FAILED

    def __init__(self, what: str, *, hint: str = "", details: dict[str, object] | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.details = details or {}


class UsageError(MusicctlError):
    """The command line was wrong."""

    exit = Exit.USAGE


class NotFoundError(MusicctlError):
    """No such user or row, or several where one is needed."""

    exit = Exit.NOT_FOUND


class RefusedError(MusicctlError):
    """A guard tripped, or what was reviewed is no longer what would be done."""

    exit = Exit.REFUSED


class DeniedError(MusicctlError):
    """Credentials, scope or database rights were refused."""

    exit = Exit.DENIED


class UnavailableError(MusicctlError):
    """Auth0 or Postgres is down or does not answer."""

    exit = Exit.UNAVAILABLE


class BusyError(MusicctlError):
    """Another run holds what this one needs."""

    exit = Exit.BUSY


class ConfigError(MusicctlError):
    """A setting is missing, unreadable or contradictory."""

    exit = Exit.CONFIG
