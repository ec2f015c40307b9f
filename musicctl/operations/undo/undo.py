"""Takes a run back: whatever is still as the run left it becomes what it was before; the rest is named."""

from datetime import datetime

from musicctl.errors import BusyError, RefusedError, UsageError
from musicctl.operations import dates
from musicctl.operations.runs import history
from musicctl.operations.runs.context import Context
from musicctl.operations.undo import names, roles, rows, values
from musicctl.policy.report import Report
from musicctl.policy.undo import Preview, Undone
from musicctl.store import row_undo
from musicctl.store.database import Database
from musicctl.store.history import Run
from musicctl.store.kinds import KINDS
from musicctl.store.merging import KEPT

ROLES, NAMES = frozenset({"roles"}), frozenset({"display_name"})
ROWS = ("add", "remove", "move", "import")
UNDOABLE = {
    "roles sync": ROLES,
    "promote": ROLES,
    "roles grant": ROLES,
    "roles revoke": ROLES,
    "profile set-name": NAMES,
    "profile set-names": NAMES,
    "profile fill-names": NAMES,
    "playlists set-plays": frozenset({"total_plays"}),
    "genres set": frozenset({"fav_genre"}),
    "playlists import": frozenset({"playlists"}),
    **{f"{table} {command}": frozenset({table}) for table in ("songs", "artists") for command in ROWS},
    "undo": frozenset({"roles", "display_name", "total_plays", "fav_genre", *KINDS}),
}
"""The commands whose runs can be taken back, and which fields each of them writes."""

IN_THE_TENANT = frozenset({"roles", "display_name"})


def find(database: Database, text: str) -> Run:
    """Return the run that `text` names; raises UsageError for one of a kind that cannot be undone."""
    run = history.find(database, text)
    if run.command not in UNDOABLE:
        raise UsageError(
            f"the run {run.run} of {run.command} cannot be undone",
            hint=f"musicctl history show {run.run} says what it did",
        )
    if run.lease is None:
        _require_ended(run)
    if run.mixed or (run.field is not None and run.field not in UNDOABLE[run.command]):
        raise RefusedError(
            f"the run {run.run} has changes in the journal that no run of {run.command} writes",
            hint=f"musicctl history show {run.run}; and see who may write to the schema musicctl",
        )
    if run.field in KINDS and row_undo.as_a_whole(database, run.run):
        raise UsageError(
            f"the run {run.run} imported more than {KEPT:,} rows, which are not kept one by one: it cannot be"
            " undone",
            hint=f"musicctl history show {run.run} says which file it was",
        )
    return run


def until(database: Database, run: Run, text: str | None) -> datetime | None:
    """Return the moment until which to pin; raises UsageError for one that is over, or that pins nothing."""
    if text is not None and run.field not in {"roles", None}:
        raise UsageError(
            f"--pin is about roles, and the run {run.run} of {run.command} changed none",
            hint="leave --pin out",
        )
    return dates.end(database, text)


def in_the_tenant(run: Run) -> bool:
    """Tell whether what the run wrote is in the tenant; otherwise it is in the app's own tables."""
    return run.field in IN_THE_TENANT


def preview(context: Context, run: Run) -> Preview:
    """Return what an undo would do now; writes nothing. Raises BusyError while the run is under way."""
    _require_ended(run)
    if run.field == "roles":
        return roles.preview(context, run)
    if run.field == "display_name":
        return names.preview(context, run)
    if run.field in KINDS:
        return rows.preview(context, run)
    return values.preview(context, run)


def perform(context: Context, run: Run, until: datetime | None) -> Undone:
    """Take the run back, as a run of its own, and say what was restored and what was not.

    Those whose role the next sync would change again are pinned until the moment `until`. Raises BusyError
    when somebody else writes, the run itself or another one.
    """
    if run.field == "roles":
        return roles.perform(context, run, until)
    if run.field == "display_name":
        return names.perform(context, run)
    if run.field is None:
        return Undone(undoes=run.run, report=Report(run=None, plan=""), restored=0)
    if run.field in KINDS:
        return rows.perform(context, run)
    return values.perform(context, run)


def _require_ended(run: Run) -> None:
    if run.outcome == "running":
        raise BusyError(
            f"the run {run.run} of {run.command} by {run.actor} is still under way",
            hint="undo it when it has ended",
        )
