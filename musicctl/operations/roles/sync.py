"""Carries a plan out as one journalled run: intents first, then the changes, then the report."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, replace

from musicctl.errors import Exit
from musicctl.operations.roles.writing import RoleWriting
from musicctl.operations.runs import lately
from musicctl.operations.runs.apply import Done, Means, Writing, perform
from musicctl.operations.runs.context import Pace
from musicctl.operations.runs.fresh_plays import Facts, FreshPlays
from musicctl.operations.runs.lease import Lease
from musicctl.operations.runs.open_run import journalled
from musicctl.operations.runs.watchdog import watched
from musicctl.policy.plan import Change, Plan
from musicctl.policy.report import NEEDS_ATTENTION, Outcome, Problem, Report
from musicctl.policy.rule import Pin, Verdict
from musicctl.store import baseline, journal, pins, plays
from musicctl.store.database import Database
from musicctl.store.journal import SENT_STATE, UNSENT, NewRun
from musicctl.tenant.client import Tenant
from musicctl.tenant.http import Traffic

LONG = 50
"""Changes from which a person wants to know how long it will take."""


def apply(
    database: Database,
    tenant: Tenant,
    plan: Plan,
    *,
    new: NewRun,
    lease: Lease,
    plays_query: str | None,
    pace: Pace,
) -> Report:
    """Perform `plan` under `lease` and report. Nothing is sent before run and intents are committed.

    `new` says who runs what; the plan's own part of the journal's row is added here.
    """
    seen = {} if plan.seen is None else asdict(plan.seen)
    new = replace(new, role=plan.rule.role, plan=plan.fingerprint, threshold=plan.rule.threshold, **seen)
    fresh = None if plan.by_hand else _fresh(database, plan, plays_query)
    writing = RoleWriting(plan.rule, fresh)
    return run(database, tenant, plan.changes, writing, new=new, lease=lease, judged=fresh, pace=pace)


def estimate(database: Database, changes: int, per_second: float | None) -> str:
    """Say what a run of so many changes costs: two requests each, and the time at the pace that is known.

    `per_second` is how many requests the profile allows; else the last long run tells.
    """
    said = f"{changes:,} change{'s' if changes > 1 else ''}, {2 * changes:,} requests"
    pace = per_second / 2 if per_second else baseline.pace(database)
    if not pace or changes < LONG:
        return said
    seconds = changes / pace
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{said}, about {seconds / size:.0f} {unit}"
    return f"{said}, about {max(seconds, 1):.0f} s"


def run(
    database: Database,
    tenant: Tenant,
    changes: Sequence[Change],
    writing: Writing[Change],
    *,
    new: NewRun,
    lease: Lease,
    pace: Pace,
    judged: FreshPlays | None = None,
) -> Report:
    """Journal a run over `changes`, perform it, and report; however it ends, the journal says so.

    `judged` tells by which pins they were judged, where pins have a say.
    """
    changes = lately.in_turn(database, changes, new, pace.say)
    run_id = journal.begin(database, new, _intents(changes), lease.fence)
    tally = _Tally(len(changes))
    became: Callable[[], Mapping[int, str]] = dict
    try:
        with (
            watched(database, tenant, lease, pace.settle),
            journalled(database, run_id, lease.fence, lambda: tally.exit) as written,
        ):
            became = written.became
            means = Means(
                tenant=tenant,
                journal=written,
                lease=lease,
                settle=pace.settle,
                threads=pace.threads,
                freshness=pace.freshness,
                pins=judged,
            )
            _perform(changes, writing, means, tally, pace)
    except BaseException:
        pace.say(f"run {run_id} was stopped: {_so_far(changes, became())}")
        raise
    return tally.report(run_id, new.plan or "", tenant.traffic, time.monotonic() - pace.began)


def _perform(
    changes: Sequence[Change], writing: Writing[Change], means: Means, tally: "_Tally", pace: Pace
) -> None:
    with closing(perform(changes, writing, means)) as results:
        for done in results:
            tally.add(done)
            pace.progress(done)


def _intents(changes: Sequence[Change]) -> Iterator[journal.Intent]:
    for seq, change in enumerate(changes):
        yield (seq, change.user_id, "roles", None, change.verdict.value, change.plays)


def _fresh(database: Database, plan: Plan, plays_query: str | None) -> FreshPlays:
    role = plan.rule.role

    def read(user_ids: Sequence[str]) -> Mapping[str, Facts]:
        known = plays.of_users(database, plays_query, user_ids)
        pinned = pins.of_users(database, role, user_ids)
        return {
            user_id: (known.get(user_id), Pin(pinned[user_id]) if user_id in pinned else None)
            for user_id in user_ids
        }

    return FreshPlays([change.user_id for change in plan.changes], read, role)


def _so_far(changes: Sequence[Change], became: Mapping[int, str]) -> str:
    """Say how far a run came that was stopped, in the numbers that the journal has."""
    became = {seq: state for seq, state in became.items() if state != UNSENT}
    applied = Counter(changes[seq].verdict for seq, state in became.items() if state == Outcome.APPLIED.value)
    states = Counter(became.values())
    others = [outcome.value for outcome in Outcome if outcome is not Outcome.APPLIED]
    said = [f"granted {applied[Verdict.GRANT]:,}", f"revoked {applied[Verdict.REVOKE]:,}"]
    said += [f"{states[state]:,} {state}" for state in others if states[state]]
    said += [f"{states[SENT_STATE]:,} sent and not yet known"] if states[SENT_STATE] else []
    return ", ".join([*said, f"{len(changes) - len(became):,} left"])


class _Tally:
    """Counts what became of the changes of a run."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._outcomes: Counter[Outcome] = Counter()
        self._applied: Counter[Verdict] = Counter()
        self._problems: list[Problem] = []

    def add(self, done: Done[Change]) -> None:
        """Count one change."""
        self._outcomes[done.outcome] += 1
        if done.outcome is Outcome.APPLIED:
            self._applied[done.change.verdict] += 1
        if done.outcome in NEEDS_ATTENTION:
            self._problems.append(Problem(done.change.user_id, done.outcome, done.detail))

    @property
    def exit(self) -> Exit:
        """How a run with these outcomes ends."""
        return self.report("", "", Traffic(), 0.0).exit

    def report(self, run_id: str, plan: str, traffic: Traffic, seconds: float) -> Report:
        """Return the counts with what they cost."""
        outcomes = self._outcomes
        return Report(
            run=run_id,
            plan=plan,
            granted=self._applied[Verdict.GRANT],
            revoked=self._applied[Verdict.REVOKE],
            already=outcomes[Outcome.ALREADY],
            overtaken=outcomes[Outcome.OVERTAKEN],
            gone=outcomes[Outcome.GONE],
            failed=outcomes[Outcome.FAILED],
            conflict=outcomes[Outcome.CONFLICT],
            unknown=outcomes[Outcome.UNKNOWN],
            unsent=self._total - outcomes.total(),
            requests=traffic.requests,
            polls=traffic.polls,
            retries=traffic.retries,
            throttled=round(traffic.throttled, 3),
            seconds=round(seconds, 3),
            problems=tuple(sorted(self._problems, key=lambda problem: problem.user_id)),
        )
