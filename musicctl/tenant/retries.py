"""When a request is sent again: pure decisions over a clock and a chance that are handed in."""

from dataclasses import dataclass
from enum import Enum

from musicctl.errors import MusicctlError
from musicctl.tenant.border import LostReplyError, NotAppliedError, StoppedError, ThrottledError
from musicctl.tenant.ratelimit import LONGEST_WAIT

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
"""Seconds of the greatest pause after the first failure and after any; it doubles in between."""


class Resend(Enum):
    """What a request is: whether it may be sent again after it failed."""

    ALWAYS = "it changes nothing, so it may be repeated"
    IF_NOT_APPLIED = "it may be repeated when it certainly had no effect"
    NEVER = "the caller looks again before it decides"


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds from the first attempt on a request is sent again."""

    failing: float = 40.0
    throttled: float = 300.0


class Tries:
    """The attempts at one request: tells the pause before the next one, or that this was the last."""

    def __init__(self, resend: Resend, patience: Patience, began: float) -> None:
        self._resend = resend
        self._patience = patience
        self._began = began
        self._failures = self._refusals = 0

    def pause(self, error: MusicctlError, now: float, chance: float) -> float | None:
        """Return the seconds to wait before the next attempt after `error`, or None to give up.

        `chance`, from 0 to 1, spreads the pauses of many callers; a wait that the tenant asked for is kept.
        """
        if not self._may_repeat(error):
            return None
        if isinstance(error, ThrottledError):
            self._refusals += 1
            wait = _growing(1.0, self._refusals, LONGEST_WAIT) if error.wait is None else error.wait
            return wait if now + wait - self._began <= self._patience.throttled else None
        self._failures += 1
        pause = chance * _growing(FIRST_PAUSE, self._failures, LONGEST_PAUSE)
        return pause if now + pause - self._began <= self._patience.failing else None

    def _may_repeat(self, error: MusicctlError) -> bool:
        if self._resend is Resend.NEVER or isinstance(error, StoppedError):
            return False
        if isinstance(error, NotAppliedError):
            return True
        return self._resend is Resend.ALWAYS and isinstance(error, LostReplyError)


def _growing(first: float, failures: int, longest: float) -> float:
    return min(longest, first * 2.0 ** min(failures - 1, 30))
