"""Performs changes on the tenant: each is judged again, read just before, journalled, and sent once.

What is read, what should be written instead and how it is written is the Writing's to say; that nothing
reaches the tenant without a committed intent, nor without the lease, is seen to here.
"""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import inf
from typing import Generic, Protocol, TypeVar

from musicctl.errors import DeniedError, MusicctlError, NotFoundError, RefusedError, UnavailableError
from musicctl.operations.runs.denials import Denials
from musicctl.operations.runs.fields import UnreadableError
from musicctl.operations.runs.fresh_plays import FreshPlays
from musicctl.operations.runs.freshness import FRESH, TOO_OLD, Freshness, Read, TooOldError
from musicctl.operations.runs.gone import Gone
from musicctl.operations.runs.lease import Lease, LeaseLostError, OnHoldError
from musicctl.operations.runs.threads import in_threads
from musicctl.policy.report import Outcome
from musicctl.store.journal import UNSENT, Ended, Journal
from musicctl.store.withholding import Withheld
from musicctl.tenant.border import (
    BadReplyError,
    ForbiddenError,
    LostReplyError,
    NotAppliedError,
    StoppedError,
    ThrottledError,
    UncertainError,
)
from musicctl.tenant.client import Tenant
from musicctl.tenant.outage import OutageError
from musicctl.tenant.users import TenantUser

ATTEMPTS = 8
"""How often one change is read and sent at most, each time after a sign that it was not done."""

LOSING = 60.0
"""Seconds, beyond `settle`, from the first lost reply about a user on in which a write is sent again."""

LONGER = 4
"""By how much the wait for a lost write grows at most, as one reply after another is lost."""

GONE = "the tenant has no such user any more"
EDITED_SINCE = "somebody else has edited the user since: ours may be part of what is there"


class Wanted(Protocol):
    """What every change has."""

    @property
    def user_id(self) -> str:
        """Whom it is about."""

    @property
    def group(self) -> int:
        """All changes of one group are done with before the next starts."""


C = TypeVar("C", bound=Wanted)
C_contra = TypeVar("C_contra", bound=Wanted, contravariant=True)


@dataclass(frozen=True, slots=True)
class Step:
    """What to do about one user: write `value`, or nothing and `outcome` says why."""

    value: object = None
    outcome: Outcome | None = None
    detail: str = ""


class Writing(Protocol[C_contra]):
    """One field of a profile: how it is judged, read and written."""

    def overtaken(self, change: C_contra) -> str:
        """Say why the change is no longer wanted, or return an empty text."""

    def now(self, user: TenantUser) -> object:
        """Return the field's value; raises UnreadableError."""

    def step(self, change: C_contra, now: object) -> Step:
        """Say what to do about a user whose value is `now`."""

    def untouched(self, before: object, now: object) -> bool:
        """Tell whether a value that still wants the write can be as nobody has written it since `before`."""

    def write(self, tenant: Tenant, user_id: str, value: object, correlation_id: str) -> None:
        """Send the one write."""


@dataclass(frozen=True, slots=True)
class Done(Generic[C]):
    """What became of a change."""

    change: C
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What changes are performed with.

    `settle` is the wait in seconds before a lost write is looked at, `freshness` how old a read may be, in
    seconds, when the write that follows from it leaves.
    """

    tenant: Tenant
    journal: Journal
    lease: Lease | None
    settle: float
    threads: int
    freshness: float = FRESH
    pins: FreshPlays | None = None

    def check(self) -> None:
        """Raise when the lease is no longer ours; there are writers that need none."""
        if self.lease is not None:
            self.lease.check()


def perform(changes: Sequence[C], writing: Writing[C], means: Means) -> Generator[Done[C], None, None]:
    """Perform `changes`, group after group, and yield what became of each as it is known.

    Raises DeniedError as soon as the tenant refuses our credentials or scope, OutageError when it is down:
    every other change would meet the same; LeaseLostError or OnHoldError when we may not go on. When the
    caller stops early, no further request is sent.
    """
    numbered = list(enumerate(changes))
    watch = _Watch(Freshness(means.freshness, len(numbered)), Gone(len(numbered)), Denials(len(numbered)))
    for _, group in groupby(numbered, key=lambda each: each[1].group):
        yield from in_threads(
            list(group),
            lambda each: _Bringing(*each, writing, means, watch).outcome(),
            means.threads,
            interrupt=means.tenant.stop,
            check=means.tenant.check,
        )
    for ended in watch.gone.settled():
        means.journal.ended(ended)


@dataclass(frozen=True, slots=True)
class _Watch:
    """What all threads of a run look at together."""

    freshness: Freshness
    gone: Gone
    denials: Denials


class _FailedError(Exception):
    """The tenant did not let us read or write this one user."""

    def __init__(self, error: MusicctlError) -> None:
        super().__init__(error.what)
        self.detail = error.what


class _Bringing(Generic[C]):
    """One change on its way; trouble with the journal or the lease ends the run."""

    def __init__(self, seq: int, change: C, writing: Writing[C], means: Means, watch: _Watch) -> None:
        self._seq = seq
        self._change = change
        self._writing = writing
        self._means = means
        self._watch = watch
        self._read = Read(0.0, 0.0)
        self._too_old = 0
        self._reason = ""
        self._intended = False
        self._open = False  # whether something was sent of which nobody knows yet what became
        self._lost: list[object] = []  # the values that were sent and whose replies were lost
        self._losing_since = inf

    def outcome(self) -> Done[C]:
        """Bring the change about and return what became of it."""
        try:
            return self._attempts()
        except _FailedError as failed:
            return self._ended(Outcome.FAILED, failed.detail)
        except (OutageError, StoppedError) as error:
            if self._intended and not self._open:
                self._means.journal.ended(Ended(seq=self._seq, state=UNSENT, detail=error.what))
            self._means.check()  # it says why, where it was stopped for a hold or a lease that is lost
            raise

    def _attempts(self) -> Done[C]:
        for _ in range(ATTEMPTS):
            try:
                done = self._attempt()
            except NotAppliedError as error:
                done = self._kept_back(error)
            if done is not None:
                return done
        return self._ended(Outcome.FAILED, self._reason)

    def _kept_back(self, error: NotAppliedError) -> Done[C] | None:
        """Say what follows from a write that had no effect; None: back to the read."""
        if isinstance(error, StoppedError):
            raise error
        self._reason = error.what
        self._too_old = self._too_old + 1 if isinstance(error, TooOldError) else 0
        if self._too_old < TOO_OLD:
            return None
        done = self._ended(Outcome.FAILED, error.what)
        self._watch.freshness.too_late(error.what)
        return done

    def _attempt(self) -> Done[C] | None:
        """Read, judge, journal and write; None means that all of it is to be done again."""
        with self._means.tenant.reserved_write(self._require_leave):
            self._means.check()  # it may have taken a while until there was room
            if why := self._writing.overtaken(self._change):
                return self._ended(Outcome.OVERTAKEN, why)
            before, step = self._look()
            if step.outcome is not None:
                return self._nothing_to_do(before, step)
            if not self._intend(before, step.value):
                return None
            try:
                self._write(step.value)
            except NotFoundError:
                return self._ended(Outcome.GONE, GONE, status=404)
            except UncertainError as lost:
                return self._look_again(before, step.value, lost)
            self._watch.freshness.in_time()
            self._watch.denials.none()
        return self._ended(Outcome.APPLIED, status=200)

    def _require_leave(self) -> None:
        """Let the write leave, as the last thing before its bytes do; raises what keeps it back.

        Between the read and here may lie a new token, a new connection, and any time in which this process
        was stopped and another took over; between here and the socket lies only the call that sends.
        """
        self._means.check()
        self._watch.freshness.require(self._read)

    def _look(self) -> tuple[object, Step]:
        """Read the user, and return the value there and what to do about it."""
        try:
            user = self._means.tenant.user(self._change.user_id)
        except DeniedError as error:
            if self._is_about_one(error):
                raise _FailedError(error) from None
            raise
        except (StoppedError, OutageError):
            raise
        except (LostReplyError, BadReplyError) as error:
            raise _FailedError(error) from None
        except (ThrottledError, UnavailableError) as error:
            raise OutageError.of(error) from None  # patience has ended, or there is no such host: for all
        except MusicctlError as error:
            raise _FailedError(error) from None
        self._read = Read(self._means.tenant.asked_at(), self._means.tenant.replied_at())
        if user is None:
            return None, Step(outcome=Outcome.GONE, detail=GONE)
        self._watch.gone.there()
        try:
            now = self._writing.now(user)
        except UnreadableError as why:
            return None, Step(outcome=Outcome.CONFLICT, detail=str(why))
        return now, self._writing.step(self._change, now)

    def _intend(self, before: object, after: object) -> bool:
        """Journal the write; False: the user is pinned in another way by now, and to be judged again."""
        pins, user_id = self._means.pins, self._change.user_id
        judged = None if pins is None else pins.judged(user_id)
        if not self._means.journal.send(self._seq, before, after, judged):
            self._require_another_pin()
            if pins is not None:
                pins.look_again(user_id)
            self._reason = "it was pinned and unpinned while it was to be written"
            return False
        self._intended = True
        self._means.check()
        return True

    def _require_another_pin(self) -> None:
        """Raise OnHoldError or LeaseLostError where it is not a pin that keeps the write back."""
        why = self._means.journal.withheld()
        if why is Withheld.ON_HOLD and self._means.lease is not None:
            self._means.lease.hold_back()
        self._means.check()
        if why is not Withheld.PINNED:
            raise LeaseLostError("this run may not write any more: its lease is another's")

    def _write(self, value: object) -> None:
        name = self._means.journal.correlation_id(self._seq)
        try:
            self._writing.write(self._means.tenant, self._change.user_id, value, name)
        except DeniedError as error:
            if self._is_about_one(error):
                raise _FailedError(error) from None
            self._ended(Outcome.FAILED, error.what)
            raise
        except (NotAppliedError, NotFoundError, UncertainError, LeaseLostError, OnHoldError):
            raise
        except UnavailableError as error:
            raise OutageError.of(error) from None  # it never left: no certificate, no such host, no token
        except MusicctlError as error:
            raise _FailedError(error) from None

    def _is_about_one(self, error: DeniedError) -> bool:
        """Tell whether the next user may be let through although this one is refused."""
        return isinstance(error, ForbiddenError) and not self._watch.denials.met()

    def _look_again(self, before: object, written: object, lost: UncertainError) -> Done[C] | None:
        """Find out whether a write without a sound reply was applied; None: it was not, and is sent again."""
        self._reason, self._open = lost.what, True
        self._lost.append(written)
        self._losing_since = min(self._losing_since, time.monotonic())
        longer = min(2 ** (len(self._lost) - 1), LONGER)  # so that one user outlasts what tells of an outage
        self._means.tenant.pause(self._means.settle * longer, lost.what)
        try:
            now, step = self._look()
        except _FailedError:
            return self._ended(Outcome.UNKNOWN, lost.what)
        self._open = False
        if now in self._lost or step.outcome is not None or not self._writing.untouched(before, now):
            return self._nothing_to_do(now, step)
        again = time.monotonic() - self._losing_since < LOSING + self._means.settle
        return None if again else self._ended(Outcome.FAILED, lost.what)

    def _nothing_to_do(self, now: object, step: Step) -> Done[C]:
        """Say what became of a change that needs no write, none any more, or must have none.

        Where a reply was lost before, it needs none because ours was applied, or because somebody else did
        the same; the profile says which only while it is as we sent it. Who undoes the run, and the guards,
        count what is not known as applied.
        """
        if self._lost and step.outcome is not Outcome.GONE:
            if now in self._lost:
                return self._ended(Outcome.APPLIED)
            return self._ended(Outcome.UNKNOWN, f"{self._reason}; {EDITED_SINCE}")
        assert step.outcome is not None
        return self._ended(step.outcome, step.detail, before=now, after=step.value)

    def _ended(
        self,
        outcome: Outcome,
        detail: str = "",
        *,
        status: int | None = None,
        before: object = None,
        after: object = None,
    ) -> Done[C]:
        ended = Ended(
            seq=self._seq, state=outcome.value, before=before, after=after, status=status, detail=detail
        )
        if outcome is Outcome.GONE:
            self._keep(ended)
        else:
            self._means.journal.ended(ended)
        return Done(self._change, outcome, detail)

    def _keep(self, gone: Ended) -> None:
        """Keep until it can be believed that a user is gone; raises RefusedError where it cannot."""
        try:
            self._watch.gone.add(gone)
        except RefusedError:
            for each in self._watch.gone.disbelieved():
                self._means.journal.ended(each)
            raise
