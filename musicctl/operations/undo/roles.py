"""Takes back what a run did to a role: whoever's role is as it left it gets the roles from before again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from sys import intern

from musicctl.errors import RefusedError
from musicctl.operations.roles import sync
from musicctl.operations.roles.writing import AFTERWARDS, RoleRestoring
from musicctl.operations.runs.context import Context
from musicctl.operations.runs.fresh_plays import FreshPlays
from musicctl.operations.runs.preview import in_batches
from musicctl.operations.undo.restoring import (
    NOT_OURS,
    Planned,
    by,
    not_restorable,
    previewed,
    restored_by,
    seen_in,
    writing_alone,
)
from musicctl.policy.plan import Change, Counts, Plan, in_order
from musicctl.policy.report import Outcome, Problem, Report
from musicctl.policy.roles import Roles, read_roles
from musicctl.policy.rule import Pin, Rule, Verdict
from musicctl.policy.undo import Preview, Undone
from musicctl.store import app_values, history, pins, plays
from musicctl.store.history import Left, Run

INVERTED = {Verdict.GRANT.value: Verdict.REVOKE, Verdict.REVOKE.value: Verdict.GRANT}


def preview(context: Context, run: Run) -> Preview:
    """Return what an undo of the run would do now; writes nothing."""
    writing = RoleRestoring(_rule(context, run))
    planned = _planned(context, run)
    found, problems = previewed(context, planned.changes, writing, lambda change: change.verdict.value)
    chosen = {each.user_id for each in found}
    restorable = [change for change in planned.changes if change.user_id in chosen]
    return Preview(
        undoes=run.run,
        by=by(run),
        field=run.field,
        seen=seen_in(planned.changes),
        changes=tuple(found),
        skipped=(*planned.skipped, *problems),
        reversals=len(_reversed(context, run, restorable)),
    )


def perform(context: Context, run: Run, until: datetime | None) -> Undone:
    """Take the run back, as a run of its own; `until` pins those whom the next sync would change again."""
    rule = _rule(context, run)
    with writing_alone(context, run) as lease:
        planned = _planned(context, run)
        if not planned.changes:
            nothing = Report(run=None, plan="")
            return Undone(undoes=run.run, report=nothing, restored=0, skipped=planned.skipped)
        assert lease is not None  # whatever writes roles holds one
        plan = Plan(rule=rule, changes=planned.changes, counts=Counts(), by_hand=True)
        new = replace(context.who.run("undo"), undoes=run.run, role=rule.role, plan=plan.fingerprint)
        pinned_now = _pins(context, run, planned.changes)
        with restored_by(context, planned.changes) as (pace, restored):
            report = sync.run(
                context.database,
                context.tenant(),
                planned.changes,
                RoleRestoring(rule, pinned_now),
                new=new,
                lease=lease,
                pace=pace,
                judged=pinned_now,
            )
        turned = _reversed(context, run, restored)
        pinned = 0 if until is None else _pin(context, run, turned, until)
    return Undone(
        undoes=run.run,
        report=report,
        restored=len(restored),
        skipped=planned.skipped,
        reversals=len(turned) - pinned,
        pinned=pinned,
    )


def _rule(context: Context, run: Run) -> Rule:
    """Return the profile's rule; raises RefusedError for a run about another role.

    Which role is ours is for the profile to say. The journal may name any, and whoever may write to it.
    """
    rule = context.question.rule
    if run.role != rule.role:
        raise RefusedError(
            f"the run {run.run} was about the role {run.role}, and this profile's is {rule.role}",
            hint="undo it with a profile that has that role, if it is one of yours",
        )
    return rule


def _planned(context: Context, run: Run) -> Planned[Change]:
    changes, skipped = [], []
    for left in history.left(context.database, run.run, "roles"):
        problem = not_restorable(left) or _odd(left)
        if problem is None:
            changes.append(_change(left))
        else:
            skipped.append(problem)
    pinned = _pinned(context, run, changes)
    skipped += [
        Problem(change.user_id, Outcome.CONFLICT, f"pinned as {pinned[change.user_id].value}")
        for change in changes
        if _forbidden(change, pinned)
    ]
    wanted = in_order(change for change in changes if not _forbidden(change, pinned))
    return Planned(wanted, tuple(skipped))


def _odd(left: Left) -> Problem | None:
    """Return why this is not a change that a run on roles makes, or None."""
    arrays = all(
        isinstance(each, list) and read_roles({"roles": each}) is not None
        for each in (left.before, left.after)
    )
    if arrays and left.verdict in INVERTED:
        return None
    return Problem(left.user_id or "", Outcome.CONFLICT, NOT_OURS)


def _change(left: Left) -> Change:
    assert left.user_id is not None
    return Change(INVERTED[left.verdict], left.user_id, None, _roles(left.after), _roles(left.before))


def _roles(value: object) -> Roles:
    """Return a journalled array; thousands of users share the names of few roles."""
    assert isinstance(value, list)
    return tuple(map(intern, value))


def _pinned(context: Context, run: Run, changes: Sequence[Change]) -> dict[str, Pin]:
    assert run.role is not None
    found: dict[str, str] = {}
    for batch in in_batches(changes):
        found |= pins.of_users(context.database, run.role, [change.user_id for change in batch])
    return {user_id: Pin(state) for user_id, state in found.items()}


def _pins(context: Context, run: Run, changes: Sequence[Change]) -> FreshPlays:
    """Return the pins of now, without plays: an undo does not ask for those."""
    role = str(run.role)

    def read(user_ids: Sequence[str]) -> dict[str, tuple[None, Pin | None]]:
        found = pins.of_users(context.database, role, user_ids)
        return {each: (None, Pin(found[each]) if each in found else None) for each in user_ids}

    return FreshPlays([change.user_id for change in changes], read, role)


def _forbidden(change: Change, pinned: dict[str, Pin]) -> bool:
    pin = pinned.get(change.user_id)
    return pin is not None and pin is not AFTERWARDS[change.verdict]


def _reversed(context: Context, run: Run, changes: Sequence[Change]) -> list[Change]:
    """Return those whom the next sync of this profile would change again."""
    question, found = context.question, []
    pinned = _pinned(context, run, changes)
    for batch in in_batches(changes):
        known = plays.of_users(context.database, question.plays_query, [each.user_id for each in batch])
        for each in batch:
            pin = pinned.get(each.user_id)
            if question.rule.decide(known.get(each.user_id), each.roles_after, pin).changes:
                found.append(each)
    return found


def _pin(context: Context, run: Run, changes: Sequence[Change], until: datetime) -> int:
    assert run.role is not None
    app_values.pin(
        context.database,
        [
            pins.Pin(
                user_id=change.user_id,
                role=run.role,
                state=AFTERWARDS[change.verdict].value,
                until=until,
                reason=f"undo of {run.run}",
                actor=context.who.actor,
            )
            for change in changes
        ],
    )
    return len(changes)
