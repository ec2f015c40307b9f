"""Erases one listener: the rows of the app's tables, and whatever our schema knows of the person."""

from collections.abc import Callable
from dataclasses import dataclass, field

from musicctl.store import naming, view, written
from musicctl.store.database import Cursor, Database, one_row

# A change that is under way, or may be, is looked up by its user; without one nobody could.
OPEN = """
    SELECT change.run FROM musicctl.changes AS change JOIN musicctl.runs USING (run)
    WHERE change.user_id = %(user_id)s
      AND (change.state = 'sent' OR (change.state = 'intended' AND runs.finished_at IS NULL))
    ORDER BY change.run LIMIT 1"""
FORGET = """
    UPDATE musicctl.changes SET user_id = NULL, target = NULL, detail = NULL,
        before = CASE WHEN field = 'roles' THEN before END,
        after = CASE WHEN field = 'roles' THEN after END
    WHERE user_id = %(user_id)s
        OR (verdict IN ('move', 'set') AND after ->> 'user_id' = %(user_id)s)"""
FORGET_PLANS = """
    UPDATE musicctl.plans SET changes = (
        SELECT coalesce(jsonb_agg(change ORDER BY place), '[]')
        FROM jsonb_array_elements(changes) WITH ORDINALITY AS listed (change, place)
        WHERE change ->> 1 IS DISTINCT FROM %(user_id)s)
    WHERE changes @> jsonb_build_array(jsonb_build_array(%(user_id)s::text))"""


@dataclass(frozen=True, slots=True)
class Traces:
    """What there is of one user: rows of the app's tables by name, and of our schema.

    `roles` are those of the mirror, None without a row there; `open_run` is a run that is changing the user,
    or was cut off while it did.
    """

    rows: dict[str, int] = field(default_factory=dict)
    mirror: int = 0
    pins: int = 0
    changes: int = 0
    roles: tuple[str, ...] | None = None
    open_run: str | None = None

    @property
    def any(self) -> bool:
        """Tell whether there is anything at all."""
        return bool(sum(self.rows.values()) or self.mirror or self.pins or self.changes)


def find(database: Database, user_id: str) -> Traces:
    """Return what there is of the user now."""
    return database.run(lambda cursor: _find(cursor, user_id), doing="look for the listener", read_only=True)


def erase(
    database: Database, user_id: str, *, journal: Callable[[Cursor, Traces], str]
) -> tuple[Traces, str | None]:
    """Erase the user in one transaction, with the run that `journal` writes and returns.

    Returns what there was, and the run; nothing is written, and there is no run, while another run is open.
    """

    def work(cursor: Cursor) -> tuple[Traces, str | None]:
        found = _find(cursor, user_id)
        if found.open_run is not None:
            return found, None
        for table in _tables(cursor).values():
            statement = f"DELETE FROM {table} WHERE user_id::text = %s AND {naming.LEAVING}"
            naming.write(cursor, statement, (user_id,))
            left = _count(cursor, table, "user_id::text", user_id)
            written.require(left == 0, table, "erase the listener")
        for ours in ("tenant_users", "pins", "missing"):
            cursor.execute(f"DELETE FROM musicctl.{ours} WHERE user_id = %s", (user_id,))
        cursor.execute(FORGET, {"user_id": user_id})
        cursor.execute(FORGET_PLANS, {"user_id": user_id})
        return found, journal(cursor, found)

    return database.run(work, doing="erase the listener")


def _find(cursor: Cursor, user_id: str) -> Traces:
    values = {"user_id": user_id}
    rows = {}
    for name, table in _tables(cursor).items():
        rows[name] = _count(cursor, table, "user_id::text", user_id)
    cursor.execute("SELECT roles FROM musicctl.tenant_users WHERE user_id = %(user_id)s", values)
    mirrored = cursor.fetchone()
    cursor.execute(OPEN, values)
    opened = cursor.fetchone()
    return Traces(
        rows=rows,
        mirror=int(mirrored is not None),
        pins=_count(cursor, "musicctl.pins", "user_id", user_id),
        changes=_count(cursor, "musicctl.changes", "user_id", user_id),
        roles=tuple(mirrored[0] or ()) if mirrored else None,
        open_run=opened[0] if opened else None,
    )


def _tables(cursor: Cursor) -> dict[str, str]:
    """Return the app's tables that say whose a row is, as SQL for a statement with parameters."""
    found = view.shapes(cursor)
    kept = {name: found[name] for name in view.REFERENCE if name in found}
    return {name: shape.table for name, shape in kept.items() if "user_id" in shape.columns}


def _count(cursor: Cursor, table: str, column: str, user_id: str) -> int:
    cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", (user_id,))
    return int(one_row(cursor)[0])
