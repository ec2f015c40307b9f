"""Gives a name to everyone in the mirror who has none, where that is still so when it is written."""

from dataclasses import dataclass

from musicctl.operations import mirror as mirrors
from musicctl.operations.names import bulk
from musicctl.operations.names.writing import NameChange, NameFilling
from musicctl.operations.runs.context import Context
from musicctl.policy.bulk_names import BLANK, FILLED, NamesPreview, NamesReport, Renaming
from musicctl.policy.report import Outcome, Report
from musicctl.store import mirrored

COMMAND = "profile fill-names"


@dataclass(frozen=True, slots=True)
class Unnamed:
    """How many users of the mirror have no name, and what a run would do about them, or about the first."""

    count: int
    preview: NamesPreview


def plan(context: Context, *, limit: int | None) -> Unnamed:
    """Return who has no name by a mirror that is young enough; nothing is written but the mirror."""
    question = context.question
    mirrors.fresh(
        context.database,
        context.tenant(),
        max_age=question.max_age,
        refresh=question.refresh,
        actor=question.actor,
        say=context.say,
    )
    count, found = mirrored.find(context.database, blank=BLANK, limit=limit)
    changes = tuple(Renaming(user_id, before, FILLED) for user_id, before in found)
    return Unnamed(count, NamesPreview(seen="mirror", changes=changes))


def perform(context: Context, preview: NamesPreview, *, wait: float) -> NamesReport:
    """Give the name to whom the preview is about, as one run of the journal; nothing to do is no run."""
    changes = [NameChange(each.user_id, each.after) for each in preview.changes]
    if not changes:
        return NamesReport(report=Report(run=None, plan=""), applied=0)
    report, done = bulk.carry_out(context, COMMAND, changes, NameFilling(), wait=wait)
    applied = sum(each.outcome is Outcome.APPLIED for each in done.values())
    return NamesReport(report=report, applied=applied)
