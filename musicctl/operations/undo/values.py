"""Takes back what a run wrote to the app's own tables, plays and genres, in one transaction."""

import time
from collections.abc import Sequence
from dataclasses import replace

from musicctl.operations.runs.context import Context
from musicctl.operations.undo.restoring import by
from musicctl.policy.report import Outcome, Problem, Report
from musicctl.policy.undo import Preview, Restoration, Undone
from musicctl.store import app_values
from musicctl.store.app_values import Value
from musicctl.store.history import Run


def preview(context: Context, run: Run) -> Preview:
    """Return what an undo of the run would do now; writes nothing."""
    found = app_values.values(context.database, run.run)
    return Preview(
        undoes=run.run,
        by=by(run),
        field=run.field,
        seen="database",
        changes=tuple(
            Restoration(_name(value), "set", value.now, value.before) for value in found if not value.skipped
        ),
        skipped=_skipped(found),
        reversals=None,
    )


def perform(context: Context, run: Run) -> Undone:
    """Take the run back, as a run of its own."""
    new = replace(context.who.run("undo"), undoes=run.run)
    undo, found = app_values.restore(context.database, run.run, new)
    seconds = round(time.monotonic() - context.began, 3)
    return Undone(
        undoes=run.run,
        report=Report(run=undo, plan="", seconds=seconds),
        restored=sum(not value.skipped for value in found),
        skipped=_skipped(found),
    )


def _skipped(found: Sequence[Value]) -> tuple[Problem, ...]:
    return tuple(Problem(_name(value), Outcome.CONFLICT, value.skipped) for value in found if value.skipped)


def _name(value: Value) -> str:
    """Name whom a value is about: a playlist may be nobody's."""
    return value.user_id or value.target or ""
