"""Brings the tenant's post-login Actions about as a journalled run, or takes ours away again."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from musicctl.errors import Exit, MusicctlError, UnavailableError
from musicctl.operations.actions import plan as actions_plan
from musicctl.operations.actions.writes import BindingsWrite, DeleteWrite, DeployWrite, DraftWrite, Write
from musicctl.operations.runs import recovery
from musicctl.operations.runs.freshness import Freshness, Read, TooOldError
from musicctl.operations.runs.lease import Lease, LeaseLostError, held
from musicctl.operations.runs.open_run import journalled
from musicctl.operations.runs.watchdog import watched
from musicctl.operations.who import Who
from musicctl.policy.actions import ActionsPlan, Content, Deployed, Step
from musicctl.policy.report import Outcome
from musicctl.store import journal, mirror
from musicctl.store.database import Database
from musicctl.store.journal import Ended, Journal
from musicctl.tenant.border import NotAppliedError, UncertainError
from musicctl.tenant.client import Tenant

LEASE = "actions"
ATTEMPTS = 5
"""How often one write is looked at and sent at most, each time after a sign that it was not done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a deployment is done with; `settle`, `freshness` and `wait` are in seconds.

    `freshness` is how old a read may be when the write that follows from it leaves, `wait` how long another
    run is waited for.
    """

    database: Database
    tenant: Tenant
    who: Who
    settle: float
    freshness: float
    wait: float
    say: Callable[[str], None]


def deploy(means: Means, contents: dict[str, Content]) -> Deployed:
    """Create, update, deploy and bind what differs from `contents`, and nothing where nothing does.

    Raises BusyError when somebody else deploys, RefusedError when an Action of our name is somebody else's,
    and what a write failed with: what was done until then stays, and the next run goes on from there.
    """
    return _run(means, lambda: actions_plan.plan(means.tenant, contents), contents)


def remove(means: Means) -> Deployed:
    """Unbind and delete our Actions, and leave every other as it is; raises as `deploy` does."""
    return _run(means, lambda: actions_plan.removal(means.tenant), None)


def _run(means: Means, plan: Callable[[], ActionsPlan], contents: dict[str, Content] | None) -> Deployed:
    began, tenant = time.monotonic(), means.tenant
    mirror.claim(means.database, tenant.base_url)
    with held(means.database, LEASE, means.who.actor, wait=means.wait, say=means.say) as lease:
        recovery.recover(means.database, tenant, lease, settle=means.settle, threads=1, say=means.say)
        made = plan()
        writes = _writes(means, made, contents)
        done = _perform(means, lease, writes, removing=contents is None) if writes else Deployed(run=None)
    traffic = tenant.traffic
    return replace(
        done,
        bound=made.bound_after,
        requests=traffic.requests,
        polls=traffic.polls,
        retries=traffic.retries,
        throttled=traffic.throttled,
        seconds=round(time.monotonic() - began, 3),
    )


def _writes(means: Means, plan: ActionsPlan, contents: dict[str, Content] | None) -> list[Write]:
    """Return the writes in the order that is safe: what runs is bound last, and unbound before it goes."""
    actions, steps = means.tenant.actions, {change.name: change.steps for change in plan.changes}
    if contents is None:
        unbind = [BindingsWrite(actions, removing=True)] if plan.bound_after != plan.bound_before else []
        return [*unbind, *(DeleteWrite(actions, name) for name in steps)]
    drafts = [name for name, found in steps.items() if {Step.CREATE, Step.UPDATE} & set(found)]
    deployed = [name for name, found in steps.items() if Step.DEPLOY in found]
    bind = [BindingsWrite(actions, removing=False)] if plan.bound_after != plan.bound_before else []
    return [
        *(DraftWrite(actions, name, contents[name], steps[name][0]) for name in drafts),
        *(DeployWrite(actions, name, contents[name], means.say) for name in deployed),
        *bind,
    ]


def _perform(means: Means, lease: Lease, writes: Sequence[Write], *, removing: bool) -> Deployed:
    new = means.who.run("actions deploy --remove" if removing else "actions deploy")
    intents = (
        (seq, None, write.field, write.target, write.step.value, None) for seq, write in enumerate(writes)
    )
    run = journal.begin(means.database, new, intents, lease.fence)
    steps = []
    with (
        watched(means.database, means.tenant, lease, means.settle),
        journalled(means.database, run, lease.fence, lambda: Exit.OK) as written,
    ):
        for seq, write in enumerate(writes):
            outcome = _Bringing(seq, write, means, lease, written).outcome()
            steps.append((write.target, write.step, outcome.value))
    return Deployed(run=run, steps=tuple(steps))


class _Bringing:
    """One write on its way: looked at, journalled and sent, until it is seen to have been done."""

    def __init__(self, seq: int, write: Write, means: Means, lease: Lease, written: Journal) -> None:
        self._seq = seq
        self._write = write
        self._means = means
        self._lease = lease
        self._journal = written
        self._freshness = Freshness(means.freshness, 1)
        self._read = Read(0.0, 0.0)
        self._open = False  # whether something was sent of which nobody knows yet what became

    def outcome(self) -> Outcome:
        """Bring it about; raises what it failed with, once that is in the journal."""
        try:
            return self._attempts()
        except LeaseLostError:
            raise
        except MusicctlError as error:
            self._ended(Outcome.UNKNOWN if self._open else Outcome.FAILED, error.what)
            if self._seq:
                self._means.say("what was done until then stays, and the next run goes on from there")
            raise

    def _attempts(self) -> Outcome:
        lost: MusicctlError | None = None
        sent = False
        for left in reversed(range(ATTEMPTS + 1)):
            self._lease.check()
            before, after = self._write.look()
            self._read = Read(self._means.tenant.actions.asked_at, self._means.tenant.replied_at())
            self._open = False
            if before == after:
                return self._ended(Outcome.APPLIED if sent else Outcome.ALREADY, after=after)
            if lost is not None and not left:
                self._give_up(lost)
            self._intend(before, after)
            try:
                self._send()
            except NotAppliedError as error:
                lost = error
            except UncertainError as error:
                lost, sent = error, True
                self._means.tenant.pause(self._means.settle, error.what)
            else:
                break
        return self._ended(Outcome.APPLIED, status=200)

    def _give_up(self, lost: MusicctlError) -> NoReturn:
        if isinstance(lost, TooOldError):
            self._freshness.too_late(lost.what)
        raise lost

    def _send(self) -> None:
        try:
            with self._means.tenant.actions.leaving(self._require_leave):
                self._write.send(self._journal.correlation_id(self._seq))
        except UnavailableError as error:
            self._open = not isinstance(error, NotAppliedError)
            raise

    def _require_leave(self) -> None:
        """Let the write leave, as the last thing before its bytes do; raises what keeps it back."""
        self._lease.check()
        self._freshness.require(self._read)

    def _intend(self, before: object, after: object) -> None:
        if not self._journal.send(self._seq, before, after):
            self._lease.check()
            raise LeaseLostError("this run may not write any more: the lease is no longer its own")
        self._lease.check()

    def _ended(
        self, outcome: Outcome, detail: str = "", *, status: int | None = None, after: object = None
    ) -> Outcome:
        self._journal.ended(
            Ended(seq=self._seq, state=outcome.value, after=after, status=status, detail=detail)
        )
        return outcome
