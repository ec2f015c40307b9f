"""Takes back the display names that a run wrote, where they are still there."""

from dataclasses import replace

from musicctl.errors import UsageError
from musicctl.operations.names import writing
from musicctl.operations.names.writing import NameChange, NameRestoring
from musicctl.operations.runs.context import Context
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
from musicctl.policy import display_name
from musicctl.policy.bulk_names import is_blank
from musicctl.policy.report import Outcome, Problem, Report
from musicctl.policy.undo import Preview, Undone
from musicctl.store import history
from musicctl.store.history import Left, Run

REPLACED = "\ufffd"
"""What the journal has in place of characters that Postgres cannot hold."""


def preview(context: Context, run: Run) -> Preview:
    """Return what an undo of the run would do now; writes nothing."""
    planned = _planned(context, run)
    found, problems = previewed(context, planned.changes, NameRestoring(), lambda _change: "set")
    return Preview(
        undoes=run.run,
        by=by(run),
        field=run.field,
        seen=seen_in(planned.changes),
        changes=tuple(found),
        skipped=(*planned.skipped, *problems),
        reversals=None,
    )


def perform(context: Context, run: Run) -> Undone:
    """Take the run back, as a run of its own."""
    with writing_alone(context, run) as lease:
        planned = _planned(context, run)
        if not planned.changes:
            nothing = Report(run=None, plan="")
            return Undone(undoes=run.run, report=nothing, restored=0, skipped=planned.skipped)
        with restored_by(context, planned.changes) as (pace, restored):
            report = writing.run(
                context.database,
                context.tenant(),
                planned.changes,
                NameRestoring(),
                new=replace(context.who.run("undo"), undoes=run.run),
                lease=lease,
                pace=pace,
            )
    return Undone(undoes=run.run, report=report, restored=len(restored), skipped=planned.skipped)


def _planned(context: Context, run: Run) -> Planned[NameChange]:
    changes, skipped = [], []
    for left in history.left(context.database, run.run, "display_name"):
        problem = not_restorable(left) or _inexact(left)
        if problem is None:
            changes.append(NameChange(left.user_id or "", left.before, left.after))
        else:
            skipped.append(problem)
    return Planned(tuple(changes), tuple(skipped))


def _inexact(left: Left) -> Problem | None:
    """Return why the value from before cannot be written as it was, or None."""
    user_id = left.user_id or ""
    if left.before is not None and not isinstance(left.before, str):
        return Problem(user_id, Outcome.CONFLICT, "what was there before is no name")
    if left.before is not None and REPLACED in left.before:
        return Problem(user_id, Outcome.CONFLICT, "the journal could not keep the name from before exactly")
    if left.verdict != "set":
        return Problem(user_id, Outcome.CONFLICT, NOT_OURS)
    return _refused(user_id, left.before)


def _refused(user_id: str, before: str | None) -> Problem | None:
    """Return why nobody may be called as the journal says that this user was called before, or None."""
    try:
        if not is_blank(before):
            display_name.display_name(str(before))
    except UsageError as error:
        return Problem(user_id, Outcome.CONFLICT, f"the name from before is not restored: {error.what}")
    return None
