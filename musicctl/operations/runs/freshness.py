"""How old a read may be when the write that follows from it leaves, and which tenants are too slow for it."""

import threading
from dataclasses import dataclass

from musicctl.errors import UnavailableError
from musicctl.tenant.border import NotAppliedError
from musicctl.tenant.clock import clock

FRESH = 1.0
"""Seconds that a read may be old, unless the profile says otherwise."""

TOO_OLD = 4
"""How often in a row a read may be too old when its write is to leave, before the change is given up."""

IN_A_ROW = 3
"""Changes in a row whose reads were all too old, after which the others are not tried."""


class TooOldError(NotAppliedError):
    """The write was kept back, since the read that it follows from is too old by now."""


class TooSlowError(UnavailableError):
    """Reads are too old again and again: the tenant takes longer to answer than a read may be old."""


@dataclass(frozen=True, slots=True)
class Read:
    """When a read left for the tenant and when its reply began to arrive, by `clock`."""

    asked_at: float
    replied_at: float


class Freshness:
    """One for all threads of a run: tells whether a write may still leave, and counts what came too late.

    A read's age counts from when its request left, with the token and the connection there: what its reply
    shows may have been true at that moment and changed right after. It would be kinder to count from when
    the reply began to arrive, but that is right only where the tenant looks at the user last of all, and
    nothing in a reply says so: a slow gateway before a fast tenant delays replies that are long out of date,
    and looks the same from here. So an edit that was visible `seconds` before a write left is never
    overwritten, whatever the tenant; one that takes that long to answer needs a larger setting.
    """

    def __init__(self, seconds: float, changes: int) -> None:
        """Take how old a read may be, and how many changes there are in the run."""
        self._seconds = seconds
        self._enough = min(IN_A_ROW, changes)
        self._lock = threading.Lock()
        self._in_a_row = 0

    def require(self, read: Read) -> None:
        """Return while a write may leave that follows from `read`; raises TooOldError."""
        age = clock() - read.asked_at
        if age > self._seconds:
            took = read.replied_at - read.asked_at
            raise TooOldError(
                f"the read was {age:.1f} s old when the write was to leave, of which the tenant took"
                f" {took:.1f} s to answer; freshness allows {self._seconds:g} s"
            )

    def in_time(self) -> None:
        """Take in that a write left in time."""
        with self._lock:
            self._in_a_row = 0

    def too_late(self, reason: str) -> None:
        """Take in that a change was given up for this; raises TooSlowError when the next would be too."""
        with self._lock:
            self._in_a_row += 1
            enough = self._in_a_row >= self._enough
        if enough:
            raise TooSlowError(
                f"the run was ended: {reason}",
                hint="look why it is slow, or weigh a larger freshness in the profile: what others edit"
                " within that time may be overwritten",
            )
