"""Holds a lease while a run writes: takes it, renews it in the background, and knows when it is lost."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from musicctl.errors import BusyError, MusicctlError, RefusedError
from musicctl.store import holds
from musicctl.store import lease as leases
from musicctl.store.database import Database
from musicctl.store.lease import SECONDS, Fence, Holding, Process, Standing
from musicctl.tenant.border import StoppedError
from musicctl.tenant.clock import clock

RENEWED = 15.0
"""Seconds between two renewals."""

LOOKED = 1.0
"""Seconds between two looks at whether staff hold us back: a run that waits for something must see it too."""

RETRIED = 1.0
"""Seconds after which a renewal that failed, or a lease that is taken, is tried again."""


class LeaseLostError(BusyError):
    """Another run took our lease, or we could not renew it in time."""


class OnHoldError(RefusedError):
    """Staff hold back the writers of this kind."""


class Lease:
    """A lease that is ours; `check` says whether it still is."""

    def __init__(
        self,
        fence: Fence,
        renewed_at: float,
        *,
        only_looking: bool = False,
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        """Take a fence that was renewed at a moment of our clock; who only looks is not held back.

        `stop` is called when staff hold us back, to end what the run waits for.
        """
        self.fence = fence
        self._stop = stop
        self._only_looking = only_looking
        self._ends = renewed_at + SECONDS
        self._failure: MusicctlError | None = None
        self._unrenewed = ""

    def check(self) -> None:
        """Return while the lease holds; raises LeaseLostError or OnHoldError, for good, when it does not."""
        if self._failure is None and clock() >= self._ends:
            self._failure = _lost(self.fence.name, self._unrenewed)
        if self._failure is not None:
            raise self._failure

    def hold_back(self) -> None:
        """Take in that staff hold back the writers of this kind: from now on `check` raises OnHoldError."""
        if self._only_looking:
            return
        self._failure = OnHoldError(
            f"the writers of {self.fence.name} were held back while this run was under way",
            hint="musicctl roles release ends it",
        )
        self._stop()

    def keep(self, database: Database, stopped: threading.Event) -> None:
        """Renew the lease until `stopped`, or until it is lost; one renewal that fails is tried again."""
        pause, since = RENEWED, clock()
        while self._failure is None and not stopped.wait(min(LOOKED, pause)):
            if clock() - since < pause:
                self._look(database)
            else:
                pause, since = RENEWED if self._renew(database) else RETRIED, clock()

    def _look(self, database: Database) -> None:
        with suppress(MusicctlError):  # the next renewal tells
            if holds.active(database, self.fence.name) is not None:
                self.hold_back()

    def _renew(self, database: Database) -> bool:
        asked_at = clock()
        try:
            standing = leases.renew(database, self.fence)
        except MusicctlError as error:
            self._unrenewed = f"it could not be renewed: {error.what}"
            return False
        if standing is Standing.ON_HOLD and not self._only_looking:
            self.hold_back()
        elif standing is Standing.LOST:
            self._failure = _lost(self.fence.name, "another took it")
        elif asked_at >= self._ends:
            self._failure = _lost(self.fence.name, self._unrenewed)
        elif standing is Standing.OURS:
            self._ends, self._unrenewed = asked_at + SECONDS, ""
        return True


@contextmanager
def held(
    database: Database,
    name: str,
    actor: str,
    *,
    wait: float = 0.0,
    only_looking: bool = False,
    stop: Callable[[], None] = lambda: None,
    say: Callable[[str], None],
) -> Iterator[Lease]:
    """Hold the lease `name` for the block, and give it back after it.

    Raises BusyError, naming the holder, when somebody else still has it after `wait` seconds,
    LeaseLostError when it was not ours any more at the end, and
    OnHoldError when staff hold it back, unless the block is `only_looking` at the tenant; when they do so
    during the block, `stop` is called to end what it waits for.
    """
    if not only_looking:
        require_no_hold(database, name)
    fence, asked_at = _taken(database, name, actor, wait, say)
    lease = Lease(fence, asked_at, only_looking=only_looking, stop=stop)
    stopped = threading.Event()
    # A connection of its own: a long transaction of the run must not keep the renewal waiting.
    renewals = database.another()
    keeper = threading.Thread(target=lease.keep, args=(renewals, stopped), daemon=True)
    keeper.start()
    try:
        if not only_looking:
            require_no_hold(database, name)  # it may have taken a while
        yield lease
    except StoppedError:
        lease.check()  # why it was stopped
        raise
    finally:
        stopped.set()
        keeper.join(RETRIED)
        renewals.close()
        ours = True
        with suppress(MusicctlError):  # it expires by itself
            ours = leases.release(database, lease.fence)
    if not ours:
        # Who found nothing to write never asked for it: another may have recorded meanwhile how we ended.
        raise _lost(name, "another took it")


def under_way(database: Database, name: str, actor: str) -> str:
    """Say who holds a lease now, or return an empty text; a holder whose process has ended holds nothing."""
    holding = holder(database, name, actor)
    return "" if holding is None else described(holding)


def holder(database: Database, name: str, actor: str) -> Holding | None:
    """Return how a lease is held now, or None; a holder whose process has ended holds nothing."""
    holding = leases.look(database, name)
    if holding is None or holding.released or holding.ended_for >= 0:
        return None
    return None if is_gone(holding.process, this_process(actor)) else holding


def _taken(
    database: Database, name: str, actor: str, wait: float, say: Callable[[str], None]
) -> tuple[Fence, float]:
    deadline, told = clock() + wait, False
    while True:
        asked_at = clock()
        fence, holding = _attempt(database, name, actor)
        if fence is not None:
            return fence, asked_at
        if clock() >= deadline:
            raise _busy(name, holding)
        if holding is not None and not told:
            say(f"waiting for {described(holding)}")
            told = True
        time.sleep(RETRIED)


def _attempt(database: Database, name: str, actor: str) -> tuple[Fence | None, Holding | None]:
    me, holding = this_process(actor), leases.look(database, name)
    gone = holding.token if holding is not None and is_gone(holding.process, me) else None
    return leases.take(database, name, me, gone=gone), holding


def require_no_hold(database: Database, name: str) -> None:
    """Raise OnHoldError when staff hold back the writers of this kind."""
    hold = holds.active(database, name)
    if hold is not None:
        until = "" if hold.until is None else f" until {_moment(hold.until)}"
        raise OnHoldError(
            f"{hold.actor} holds back every write of {name}{until}: {hold.reason}",
            hint="musicctl roles release ends the hold",
        )


def this_process(actor: str) -> Process:
    """Return who we are, in the name of `actor`."""
    return Process(actor, socket.gethostname(), _boot_id(), os.getpid())


def _boot_id() -> str:
    """Name this boot of this machine and our namespace of process ids: only within it a pid says anything."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def is_gone(holder: Process, me: Process) -> bool:
    """Tell whether the holder's process has certainly ended."""
    if holder.host != me.host or holder.boot_id != me.boot_id or not me.boot_id:
        return False
    try:
        # The second field, the program's name in parentheses, may hold anything.
        state = Path(f"/proc/{holder.pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] in ("Z", "X")


def _busy(name: str, holding: Holding | None) -> BusyError:
    if holding is None:
        return BusyError(f"another run took the lease {name} a moment ago", hint="try again")
    return BusyError(
        f"the lease {name} is taken: {described(holding)}",
        hint="try again when it has ended, or wait for it with --wait 10m",
        details={"holder": holding.process.holder, "host": holding.process.host, "pid": holding.process.pid},
    )


def described(holding: Holding) -> str:
    """Say who holds a lease, where and since when."""
    process = holding.process
    since = _moment(holding.since)
    return f"{process.holder}, process {process.pid} on {process.host}, has it since {since}"


def _moment(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def _lost(name: str, why: str) -> LeaseLostError:
    why = why or "this process was stopped, or too busy, to renew it in time"
    return LeaseLostError(
        f"this run lost the lease {name}: {why}; nothing more was sent",
        hint="run it again: the next run records what became of the last changes, and goes on",
    )
