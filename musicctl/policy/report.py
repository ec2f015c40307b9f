"""The report of a run: what became of every change, and what it cost."""

from dataclasses import dataclass
from enum import Enum

from musicctl.errors import Exit


class Outcome(Enum):
    """What became of one change."""

    APPLIED = "applied"
    ALREADY = "already"
    OVERTAKEN = "overtaken"
    GONE = "gone"
    FAILED = "failed"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


NEEDS_ATTENTION = frozenset({Outcome.FAILED, Outcome.CONFLICT, Outcome.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Problem:
    """One user whom a run could not bring to the wanted standing, and why."""

    user_id: str
    state: Outcome
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The counts of a run's outcomes; times are in seconds.

    `unsent` are changes that were not tried since the tenant could not be reached; `polls` are the requests
    that waited for an export job, apart from the other `requests`.
    """

    run: str | None
    plan: str
    granted: int = 0
    revoked: int = 0
    already: int = 0
    overtaken: int = 0
    gone: int = 0
    failed: int = 0
    conflict: int = 0
    unknown: int = 0
    unsent: int = 0
    requests: int = 0
    polls: int = 0
    retries: int = 0
    throttled: float = 0.0
    seconds: float = 0.0
    problems: tuple[Problem, ...] = ()

    @property
    def exit(self) -> Exit:
        """PARTIAL when a change failed, conflicted, stayed unknown or was not tried; OK otherwise."""
        wrong = self.failed or self.conflict or self.unknown or self.unsent
        return Exit.PARTIAL if wrong else Exit.OK
