"""Tells a tenant that is down from one request that fails: judged once, from what all threads meet."""

import threading
import time
from collections.abc import Hashable

from musicctl.errors import BusyError, Exit, MusicctlError, UnavailableError
from musicctl.tenant.border import LostReplyError, UncertainError, UnreachableError
from musicctl.tenant.pacer import Kind

SILENT = 32.0
"""Seconds without a sound reply of any kind after which the tenant is down.

It is the least time for which one read is sent again: who gives up by then need not be tried by everyone.
"""

SILENT_KIND = 45.0
"""The same for one kind of request alone: a tenant may answer reads and fail at every write."""

FORGOTTEN = 60.0
"""Seconds without a request after which earlier failures say nothing any more."""

TROUBLE = (LostReplyError, UncertainError, UnreachableError)


class OutageError(UnavailableError):
    """The tenant is down: whatever were sent next would fail as well."""

    @classmethod
    def of(cls, error: MusicctlError) -> "OutageError":
        """Return what `error` tells of as an outage."""
        if isinstance(error, cls):
            return error
        return (SpentError if isinstance(error, BusyError) else cls)(error.what, hint=error.hint)


class SpentError(OutageError):
    """The tenant's rate limit was not given back for as long as we were ready to wait."""

    exit = Exit.BUSY


class Outage:
    """One for all threads; one user whom a tenant cannot serve is not an outage, however long it lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began: dict[Kind | None, float] = {}
        self._about: dict[Kind | None, set[Hashable]] = {}
        self._failed_at = 0.0
        self._told: dict[Kind | None, OutageError] = {}

    def require(self) -> None:
        """Return while there is no outage; raises OutageError."""
        with self._lock:
            told = next(iter(self._told.values()), None)
        if told is not None:
            raise told

    def answered(self, kind: Kind) -> None:
        """Take in a sound reply, whatever it says; it says nothing of the other kinds."""
        with self._lock:
            for each in (kind, None):
                self._told.pop(each, None)
                self._began.pop(each, None)
                self._about.pop(each, None)

    def failed(self, kind: Kind, about: Hashable, began: float, error: MusicctlError) -> None:
        """Take in that a request about somebody, which began at a monotonic time, had no sound reply."""
        if not isinstance(error, TROUBLE):
            return
        now = time.monotonic()
        with self._lock:
            if began > self._failed_at + FORGOTTEN:
                self._began.clear()
                self._about.clear()
            self._failed_at = now
            for each, silent in ((kind, SILENT_KIND), (None, SILENT)):
                self._began[each] = min(began, self._began.get(each, began))
                self._about.setdefault(each, set()).add(about)
                several = len(self._about[each]) > 1 or isinstance(error, UnreachableError)
                if several and now - self._began[each] > silent:
                    self._told[each] = _told(now - self._began[each], error)


def _told(seconds: float, error: MusicctlError) -> OutageError:
    return OutageError(
        f"the tenant has given no sound reply for {seconds:.0f} s: {error.what}",
        hint=error.hint or "https://status.auth0.com tells of outages; the next run goes on from here",
    )
