"""Erases a listener from the app's database; what the tenant keeps is said, and left to be done there."""

from dataclasses import dataclass

from musicctl.errors import NotFoundError, RefusedError
from musicctl.operations.who import Who
from musicctl.store import erasing, journal
from musicctl.store.database import Cursor, Database
from musicctl.store.erasing import Traces

JOURNALLED = "rows"
"""The field of a change that says how many rows of a table were erased."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What there is, or was, of a listener; `run` is None until it is erased."""

    user_id: str
    traces: Traces
    run: str | None = None

    def document(self) -> dict[str, object]:
        """Return the counts by table, with `roles` as the mirror has them (None: it has no such user)."""
        found = self.traces
        roles = None if found.roles is None else list(found.roles)
        return {
            "user_id": self.user_id,
            "run": self.run,
            **found.rows,
            "mirror": found.mirror,
            "pins": found.pins,
            "changes": found.changes,
            "roles": roles,
        }

    def remaining(self) -> str:
        """Say what is left of the listener in the tenant."""
        roles = self.traces.roles
        where = "Auth0 still has the account, and the next refresh of the mirror brings its profile back"
        if roles is None:
            return "the mirror has no such user: musicctl roles list tells whether Auth0 has one"
        if not roles:
            return f"{where}; by the mirror it holds no role"
        return f"{where}; by the mirror it still holds {', '.join(roles)}"


def preview(database: Database, user_id: str) -> Erasure:
    """Return what would be erased; raises NotFoundError when that is nothing, RefusedError during a run."""
    return Erasure(user_id, _checked(user_id, erasing.find(database, user_id)))


def erase(database: Database, user_id: str, *, who: Who) -> Erasure:
    """Erase the listener, as a run of the journal that does not say who it was."""

    def record(cursor: Cursor, found: Traces) -> str:
        counts = found.rows | {"tenant_users": found.mirror, "pins": found.pins}
        nobody: str = None  # type: ignore[assignment]  # whom this is about is not to be known
        changes = [
            ((seq, nobody, JOURNALLED, table, "erase", None), number, 0)
            for seq, (table, number) in enumerate(counts.items())
        ]
        return journal.record(cursor, who.run("users erase"), changes)

    found, run = erasing.erase(database, user_id, journal=record)
    return Erasure(user_id, _checked(user_id, found), run)


def words(found: Erasure) -> str:
    """Say what there is of a listener, table by table."""
    traces = found.traces
    counts = traces.rows | {"pins": traces.pins}
    named = [f"{_counted(number, 'row')} of {table}" for table, number in counts.items() if number]
    named += ["the mirror's row"] if traces.mirror else []
    named += [_counted(traces.changes, "journalled change")] if traces.changes else []
    return ", ".join(named)


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _checked(user_id: str, found: Traces) -> Traces:
    if found.open_run is not None:
        raise RefusedError(
            f"the run {found.open_run} is changing {user_id}, or was cut off while it did",
            hint="musicctl history recover, and then again",
        )
    if not found.any:
        raise NotFoundError(
            f"there is nothing of {user_id} in this database",
            hint="musicctl users list --email TEXT looks for somebody",
        )
    return found
