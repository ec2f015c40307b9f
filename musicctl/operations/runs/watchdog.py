"""Ends a run in which nothing happens any more, and says who waits for what."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from musicctl.errors import BusyError, MusicctlError
from musicctl.operations.runs.lease import Lease
from musicctl.store import lease as leases
from musicctl.store import waiting
from musicctl.store.database import Database
from musicctl.tenant.border import StoppedError
from musicctl.tenant.client import Tenant

SILENCE = 60.0
"""Seconds, beyond the longest wait that there was reason for, after which a run has hung."""

UNWINDING = 15.0
"""Seconds in which a run that has hung is to end by itself."""

LOOKED = 1.0
"""Seconds between two looks. Each counts twice as much at most: the process may have been stopped."""

SAYING = 2.0
"""Seconds for which who reads our output, or the database, is waited for at the very end."""

INNERMOST = 6
"""Calls that are named of each thread."""


class HungError(BusyError):
    """Nothing was sent and no reply came for longer than there was reason for."""


@contextmanager
def watched(database: Database, tenant: Tenant, lease: Lease | None, settle: float) -> Iterator[None]:
    """Raise HungError from the block, in which `settle` is waited out at times, when it has hung.

    Where the block does not end then, since a thread keeps what the end of it needs, the process is ended
    with the exit code of that error, once the lease is let go of. What was sent stays open in the journal, as
    after any end of a process, and the next run looks at it.
    """
    watch = _Watch(database, tenant, lease, settle)
    threading.Thread(target=watch.keep, name="watchdog", daemon=True).start()
    try:
        yield
    except StoppedError:
        tenant.check()  # why it was stopped
        raise
    finally:
        watch.over.set()


class _Watch:
    """Looks whether anything was sent or came since the last look."""

    def __init__(self, database: Database, tenant: Tenant, lease: Lease | None, settle: float) -> None:
        self.over = threading.Event()
        self._database = database
        self._tenant = tenant
        self._lease = lease
        self._settle = settle

    def keep(self) -> None:
        """Watch until the run is over."""
        quiet, seen, looked_at = 0.0, self._tenant.signs_of_life, time.monotonic()
        while not self.over.wait(LOOKED):
            now = time.monotonic()
            quiet += min(now - looked_at, 2 * LOOKED)
            looked_at = now
            if seen != self._tenant.signs_of_life or waiting.is_under_way():
                quiet, seen = 0.0, self._tenant.signs_of_life
            elif quiet > SILENCE + self._settle + self._tenant.longest_told:
                self._end(quiet)
                return

    def _end(self, quiet: float) -> None:
        dump = [*self._tenant.standing(), *stacks()]
        self._tenant.stop(_hung(quiet))
        within(SAYING, lambda: self._say(_hung(quiet).what, *dump))
        if self.over.wait(UNWINDING):
            return
        within(SAYING, lambda: self._say("the run did not end by itself, so its process is ended", *stacks()))
        within(SAYING, self._let_go)
        os._exit(HungError.exit)

    def _say(self, *lines: str) -> None:
        for line in lines:
            self._tenant.on_hang(line)

    def _let_go(self) -> None:
        if self._lease is not None:
            with suppress(MusicctlError):
                leases.release(self._database.another(), self._lease.fence)


def within(seconds: float, work: Callable[[], None]) -> None:
    """Do what may never end, and wait for it no longer than so many seconds."""
    working = threading.Thread(target=work, name="watchdog", daemon=True)
    working.start()
    working.join(seconds)


def stacks() -> list[str]:
    """Say where each thread is: names of functions, files and lines, and no value of anything."""
    frames = sys._current_frames()
    threads = [each for each in threading.enumerate() if each.name != "watchdog" and each.ident in frames]
    return [f"{each.name} is in {_calls(frames[each.ident or 0])}" for each in threads]


def _calls(frame: FrameType | None) -> str:
    found: list[str] = []
    while frame is not None and len(found) < INNERMOST:
        code = frame.f_code
        found.append(f"{code.co_name} ({Path(code.co_filename).name}:{frame.f_lineno})")
        frame = frame.f_back
    return ", called by ".join(found)


def _hung(quiet: float) -> HungError:
    return HungError(
        f"nothing was sent and no reply came for {quiet:.0f} s: this run hangs, and ends itself",
        hint="run it again: it goes on from there; and report the lines above, which say what waits for what",
    )
