"""How one user's display name is written and taken back, as a journalled run."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from musicctl.operations.runs import lately
from musicctl.operations.runs.apply import Done, Means, Step, Writing, perform
from musicctl.operations.runs.context import Pace
from musicctl.operations.runs.fields import name_of
from musicctl.operations.runs.lease import Lease
from musicctl.operations.runs.open_run import journalled
from musicctl.operations.runs.watchdog import watched
from musicctl.policy.bulk_names import is_blank
from musicctl.policy.report import NEEDS_ATTENTION, Outcome, Problem, Report
from musicctl.store import journal
from musicctl.store.database import Database
from musicctl.store.journal import SENT_STATE, UNSENT, NewRun
from musicctl.tenant.client import Tenant
from musicctl.tenant.users import TenantUser

FIELD = "display_name"


@dataclass(frozen=True, slots=True)
class NameChange:
    """The name that a user is to have, None for none; `left` is what a run that is taken back left there."""

    user_id: str
    name: object
    left: object = None

    @property
    def group(self) -> int:
        """No name has to wait for another."""
        return 0


class NameWriting:
    """Gives users the names that they are to have, whatever they were called before."""

    def overtaken(self, _change: NameChange) -> str:
        """Nothing overtakes what a person asked for."""
        return ""

    def now(self, user: TenantUser) -> object:
        """Return the name; raises UnreadableError."""
        return name_of(user)

    def step(self, change: NameChange, now: object) -> Step:
        """Write the name, unless that is how it is."""
        return Step(now, Outcome.ALREADY) if now == change.name else Step(change.name)

    def untouched(self, before: object, now: object) -> bool:
        """Tell whether the name is the one from before: any other is somebody's who came after it."""
        return now == before

    def write(self, tenant: Tenant, user_id: str, value: object, correlation_id: str) -> None:
        """Send the name."""
        send(tenant, user_id, value, correlation_id)


class NameFilling(NameWriting):
    """Gives a name to those who have none; whoever has one keeps it."""

    def step(self, change: NameChange, now: object) -> Step:
        """Write the name where there is nothing but space, if that."""
        if is_blank(now):
            return Step(change.name)
        if isinstance(now, str):
            return Step(now, Outcome.ALREADY, "there is a name by now")
        return Step(outcome=Outcome.CONFLICT, detail="displayName is no text")


class NameRestoring(NameWriting):
    """Gives users the names back that they had before a run, where the run's are still there."""

    def step(self, change: NameChange, now: object) -> Step:
        """Restore the name, or skip one that was changed since."""
        if now == change.left:
            return Step(change.name)
        return Step(now, Outcome.CONFLICT, "the name was changed since the run")


def send(tenant: Tenant, user_id: str, value: object, correlation_id: str) -> None:
    """Write the display name and nothing else; None removes it."""
    assert value is None or isinstance(value, str)
    tenant.set_display_name(user_id, value, correlation_id=correlation_id)


def run(
    database: Database,
    tenant: Tenant,
    changes: Sequence[NameChange],
    writing: Writing[NameChange],
    *,
    new: NewRun,
    lease: Lease | None,
    pace: Pace,
) -> Report:
    """Journal a run over `changes`, perform it, and report; however it ends, the journal says so."""
    changes = lately.in_turn(database, changes, new, pace.say)
    fence = None if lease is None else lease.fence
    intents = ((seq, each.user_id, FIELD, None, "set", None) for seq, each in enumerate(changes))
    run_id = journal.begin(database, new, intents, fence)
    found: list[Done[NameChange]] = []
    became: Callable[[], Mapping[int, str]] = dict

    def report() -> Report:
        return _report(run_id, len(changes), found, tenant, pace.began)

    try:
        with (
            watched(database, tenant, lease, pace.settle),
            journalled(database, run_id, fence, lambda: report().exit) as written,
        ):
            became = written.became
            means = Means(
                tenant=tenant,
                journal=written,
                lease=lease,
                settle=pace.settle,
                threads=pace.threads,
                freshness=pace.freshness,
            )
            _perform(changes, writing, means, found, pace)
    except BaseException:
        known = sum(state not in (SENT_STATE, UNSENT) for state in became().values())
        so_far = f"after {known:,} of {len(changes):,} names"
        pace.say(f"run {run_id} was stopped {so_far}; musicctl history show {run_id} tells which")
        raise
    return report()


def _perform(
    changes: Sequence[NameChange],
    writing: Writing[NameChange],
    means: Means,
    found: list[Done[NameChange]],
    pace: Pace,
) -> None:
    """Perform the changes, and take up what became of each."""
    with closing(perform(changes, writing, means)) as results:
        for done in results:
            found.append(done)
            pace.progress(done)


def _report(
    run_id: str, total: int, found: Sequence[Done[NameChange]], tenant: Tenant, began: float
) -> Report:
    outcomes = Counter(done.outcome for done in found)
    problems = [
        Problem(done.change.user_id, done.outcome, done.detail)
        for done in found
        if done.outcome in NEEDS_ATTENTION
    ]
    return Report(
        run=run_id,
        plan="",
        already=outcomes[Outcome.ALREADY],
        gone=outcomes[Outcome.GONE],
        failed=outcomes[Outcome.FAILED],
        conflict=outcomes[Outcome.CONFLICT],
        unknown=outcomes[Outcome.UNKNOWN],
        unsent=total - len(found),
        requests=tenant.traffic.requests,
        polls=tenant.traffic.polls,
        retries=tenant.traffic.retries,
        throttled=round(tenant.traffic.throttled, 3),
        seconds=round(time.monotonic() - began, 3),
        problems=tuple(sorted(problems, key=lambda problem: problem.user_id)),
    )
