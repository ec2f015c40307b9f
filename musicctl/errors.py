"""The error tree and the exit codes: every layer raises these, and only cli.main prints them."""

from enum import IntEnum
from functools import partial

from musicctl.redaction import redacted


class Exit(IntEnum):
    """The exit codes of every command; a script may rely on them. `meaning` says what each one says."""

    meaning: str

    def __new__(cls, code: int, meaning: str = "") -> "Exit":
        """Make a code that knows what it means."""
        made = int.__new__(cls, code)
        made._value_ = code
        made.meaning = meaning
        return made

    OK = 0, "done, or nothing to do"
    FAILED = 1, "a known failure, said on stderr"
    USAGE = 2, "the command line was wrong"
    NOT_FOUND = 3, "no such user or row, or several where one is needed"
    REFUSED = 4, "a guard tripped, a plan is stale, an undo conflicts, or writes are on hold"
    PARTIAL = 5, "some changes failed or are unknown; the report names them"
    CHANGES = 6, "--check: there is something to change"
    DENIED = 7, "credentials, scope or database rights refused"
    UNAVAILABLE = 69, "Auth0 or Postgres is down or does not answer"
    BUG = 70, "ours; please report"
    BUSY = 75, "another run or connection holds what this one needs, or the tenant's rate limit is used up"
    CONFIG = 78, "a setting is missing, unreadable or contradictory"
    HUNGUP = 129, "SIGHUP, as when the terminal or its ssh goes away"
    INTERRUPTED = 130, "SIGINT, as by Ctrl-C"
    TERMINATED = 143, "SIGTERM"


_clean = partial(redacted, ours=True)


class MusicctlError(Exception):
    """A known failure: what happened, what to do next (`hint`), and the exit code.

    `details` are further keys of the JSON error, such as the candidates for an ambiguous email address.
    `lines` are what a `summary` is about, such as the bad lines of a file; `what` has both.
    """

    exit = Exit.FAILED

    def __init__(
        self,
        summary: str,
        *,
        hint: str = "",
        details: dict[str, object] | None = None,
        lines: tuple[str, ...] = (),
    ) -> None:
        # Every text of others that is shown, logged or journalled as a reason passes here.
        summary, lines, hint = _clean(summary), tuple(map(_clean, lines)), _clean(hint)
        self.what = f"{summary}: {'; '.join(lines)}" if lines else summary
        super().__init__(self.what)
        self.summary = summary
        self.lines = lines
        self.hint = hint
        self.details = details or {}


class UsageError(MusicctlError):
    """The command line was wrong."""

    exit = Exit.USAGE


class NotFoundError(MusicctlError):
    """No such user or row, or several where one is needed."""

    exit = Exit.NOT_FOUND


class UnknownUserError(NotFoundError):
    """The tenant has no such user; `users` are the words for them, of which one may be misspelled."""

    def __init__(self, what: str, *, users: tuple[str, ...], hint: str) -> None:
        super().__init__(what, hint=hint)
        self.users = users


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
