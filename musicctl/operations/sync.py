"""Applies a plan: performs its changes, keeps the mirror in step, and reports what became of each."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from musicctl.operations.apply import Done, Means, perform
from musicctl.operations.freshplays import FreshPlays
from musicctl.policy.plan import Plan
from musicctl.policy.report import NEEDS_ATTENTION, Outcome, Problem, Report
from musicctl.policy.rule import Verdict
from musicctl.store import mirror, plays
from musicctl.store.database import Database
from musicctl.tenant.client import Tenant

IN_STEP = 200
"""Outcomes after which the mirror is brought into step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a run goes about its writes.

    `threads` is how many at once, `settle` the seconds to wait before a write whose reply was lost is looked
    at; `progress` is told of each change that has been dealt with.
    """

    threads: int
    settle: float
    progress: Callable[[Done], None]


def apply(
    database: Database, tenant: Tenant, plan: Plan, *, plays_query: str | None, pace: Pace, began: float
) -> Report:
    """Perform `plan` and report; `began` is the monotonic time from which the report's seconds count."""
    user_ids = [change.user_id for change in plan.changes]
    fresh = FreshPlays(user_ids, lambda batch: plays.of_users(database, plays_query, batch))
    means = Means(tenant=tenant, rule=plan.rule, plays=fresh, settle=pace.settle, threads=pace.threads)
    outcomes: Counter[Outcome | Verdict] = Counter()
    problems: list[Problem] = []
    recent: list[Done] = []
    try:
        for done in perform(plan.changes, means):
            outcomes.update(_counted(done))
            recent.append(done)
            if done.outcome in NEEDS_ATTENTION:
                problems.append(Problem(done.change.user_id, done.outcome, done.detail))
            if len(recent) >= IN_STEP:
                _keep_in_step(database, recent)
                recent = []
            pace.progress(done)
    finally:
        _keep_in_step(database, recent)
    return _report(plan, outcomes, problems, tenant, time.monotonic() - began)


def _counted(done: Done) -> tuple[Outcome | Verdict, ...]:
    applied = done.outcome is Outcome.APPLIED
    return (done.outcome, done.change.verdict) if applied else (done.outcome,)


def _keep_in_step(database: Database, recent: Sequence[Done]) -> None:
    """Record in the mirror what was written and what was found otherwise."""

    def named(outcome: Outcome) -> list[Done]:
        return [done for done in recent if done.outcome is outcome]

    seen = [(done.change.user_id, done.roles) for done in recent if done.roles is not None]
    mirror.set_roles(database, seen)
    mirror.set_unreadable(database, [(done.change.user_id, done.detail) for done in named(Outcome.CONFLICT)])
    mirror.remove(database, [done.change.user_id for done in named(Outcome.GONE)])


def _report(
    plan: Plan,
    outcomes: Counter[Outcome | Verdict],
    problems: Sequence[Problem],
    tenant: Tenant,
    seconds: float,
) -> Report:
    return Report(
        run=None,
        plan=plan.fingerprint,
        granted=outcomes[Verdict.GRANT],
        revoked=outcomes[Verdict.REVOKE],
        already=outcomes[Outcome.ALREADY],
        overtaken=outcomes[Outcome.OVERTAKEN],
        gone=outcomes[Outcome.GONE],
        failed=outcomes[Outcome.FAILED],
        conflict=outcomes[Outcome.CONFLICT],
        unknown=outcomes[Outcome.UNKNOWN],
        requests=tenant.traffic.requests,
        retries=tenant.traffic.retries,
        throttled=tenant.traffic.throttled,
        seconds=round(seconds, 3),
        problems=tuple(problems),
    )
