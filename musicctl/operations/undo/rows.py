"""Takes back what a run did to rows of the app's own tables, in one transaction."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace

from musicctl.operations.runs.context import Context
from musicctl.operations.undo.restoring import by
from musicctl.policy.report import Outcome, Problem, Report
from musicctl.policy.undo import Preview, Restoration, Undone
from musicctl.store import row_undo
from musicctl.store.history import Run
from musicctl.store.row_undo import RowValue


def preview(context: Context, run: Run) -> Preview:
    """Return what an undo of the run would do now; writes nothing."""
    found = row_undo.rows(context.database, run.run)
    return Preview(
        undoes=run.run,
        by=by(run),
        field=run.field,
        seen="database",
        changes=tuple(_restoration(value) for value in found if not value.skipped),
        skipped=_skipped(found),
        reversals=None,
    )


def perform(context: Context, run: Run) -> Undone:
    """Take the run back, as a run of its own."""
    new = replace(context.who.run("undo"), undoes=run.run)
    undo, found = row_undo.restore(context.database, run.run, new)
    return Undone(
        undoes=run.run,
        report=Report(run=undo, plan="", seconds=round(time.monotonic() - context.began, 3)),
        restored=sum(not value.skipped for value in found),
        skipped=_skipped(found),
    )


def _restoration(value: RowValue) -> Restoration:
    change = value.change
    verdict = row_undo.INVERSE[change.verdict]
    return Restoration(_name(value), verdict, _row(change.after), _row(change.before))


def _row(text: str | None) -> object:
    return None if text is None else json.loads(text)


def _skipped(found: Sequence[RowValue]) -> tuple[Problem, ...]:
    return tuple(Problem(_name(value), Outcome.CONFLICT, value.skipped) for value in found if value.skipped)


def _name(value: RowValue) -> str:
    """Name whom a row is about, or else the row: it may be nobody's."""
    return value.change.user_id or value.change.target or ""
