"""Looks things up in the journal: runs, one run by a word for it, and what cut-off runs left open."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from musicctl.errors import NotFoundError
from musicctl.operations import dates
from musicctl.operations.runs import recovery
from musicctl.operations.runs.lease import held
from musicctl.store import history
from musicctl.store.database import Database
from musicctl.store.history import Run, Wanted
from musicctl.store.streaming import Rows
from musicctl.tenant.client import Tenant

COLUMNS = history.COLUMNS
CHANGE_COLUMNS = history.CHANGE_COLUMNS
LEASES = ("roles", "names", "actions")
"""What the writers of the tenant take, apart from those that take none."""

NEWEST = 3
"""How many runs are named to somebody who asked for one that is not there."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which runs a person wants to see; dates are ISO 8601, and None is for any."""

    user_id: str | None = None
    command: str | None = None
    since: str | None = None
    before: str | None = None
    limit: int | None = None
    no_ops: bool = False


def list_runs(database: Database, chosen: Filter, use: Callable[[Rows], T]) -> T:
    """Return what `use` makes of the runs, rows of COLUMNS, newest first; raises UsageError."""
    wanted = Wanted(
        user_id=chosen.user_id,
        command=chosen.command,
        since=None if chosen.since is None else dates.moment(chosen.since),
        before=None if chosen.before is None else dates.moment(chosen.before),
        limit=chosen.limit,
        no_ops=chosen.no_ops,
    )
    return history.each(database, wanted, use)


def find(database: Database, text: str) -> Run:
    """Return the run that `text` names: its id, the unique beginning of one, or `last`.

    Raises NotFoundError, with the candidates if there are several.
    """
    found = history.matching(database, text.strip()) if text.strip() else ()
    if len(found) > 1:
        several = "several" if len(found) < history.CANDIDATES else "more than ten"
        raise NotFoundError(
            f"{several} runs begin with {text}",
            hint=f"name one of them, such as {found[0]}",
            details={"candidates": list(found)},
        )
    run = history.find(database, found[0]) if found else None
    if run is None:
        raise _no_run(database, text)
    return run


def _no_run(database: Database, text: str) -> NotFoundError:
    newest = history.each(database, Wanted(limit=NEWEST), lambda rows: [str(row[0]) for row in rows])
    if not newest:
        return NotFoundError("the journal has no runs yet", hint="musicctl roles sync makes one")
    return NotFoundError(
        f"the journal has no run {text}",
        hint=f"the newest are {', '.join(newest)}; musicctl history list shows more",
        details={"newest": newest},
    )


def document(run: Run) -> dict[str, object]:
    """Return a run with COLUMNS as its first keys."""
    shown = {column: getattr(run, column) for column in COLUMNS}
    return shown | {"role": run.role, "undoes": run.undoes}


def changes(database: Database, run: Run, use: Callable[[Rows], T]) -> T:
    """Return what `use` makes of the changes of a run, rows of CHANGE_COLUMNS, while they are read."""
    return history.changes(database, run.run, use)


def recover(
    database: Database,
    tenant: Tenant,
    *,
    actor: str,
    settle: float,
    threads: int,
    say: Callable[[str], None],
    wait: float = 0.0,
) -> dict[str, object]:
    """Find out what became of changes that were sent and never confirmed, and record it.

    Returns how many runs were ended, and how many changes were found to be what. Raises BusyError while a
    run is under way, for longer than `wait` seconds.
    """
    found = []
    for name in LEASES:
        with held(database, name, actor, wait=wait, only_looking=True, say=say) as lease:
            found.append(recovery.recover(database, tenant, lease, settle=settle, threads=threads, say=say))
    found.append(recovery.recover(database, tenant, None, settle=settle, threads=threads, say=say))
    names = ("runs", "applied", "failed", "unknown", "gone", "left")
    return {name: sum(getattr(each, name) for each in found) for name in names}
