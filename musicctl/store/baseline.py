"""What the guards compare a plan with: the last completed sync, and how much syncs took away lately."""

from dataclasses import dataclass

from musicctl.store.database import Cursor, Database, one_row

WITHIN = "24 hours"
# A row that lacks what every sync of ours leaves, or that has no number where one is due, is not one.
COMPLETED = """command = 'roles sync' AND outcome IN ('ok', 'partial') AND source IS NOT NULL
    AND num_nulls(role, threshold, source_users, source_plays, tenant_users) = 0
    AND source_plays NOT IN ('NaN', 'Infinity', '-Infinity')"""

# One row a user, however often: what a sync took comes first, then what nobody was there to decide. What may
# have been done counts as done. An undo that was itself undone gave nothing back.
LOST = f"""
    SELECT DISTINCT ON (change.user_id) change.user_id,
        CASE run.command WHEN 'roles sync' THEN 'sync' WHEN 'promote' THEN 'promote' ELSE 'by_hand' END,
        NOT run.present,
        EXISTS (SELECT 1 FROM musicctl.tenant_users AS mirrored
                WHERE mirrored.user_id = change.user_id AND %(role)s = ANY(mirrored.roles))
    FROM musicctl.changes AS change JOIN musicctl.runs AS run ON run.run = change.run
    WHERE run.command IN ('roles sync', 'promote', 'roles revoke') AND run.role = %(role)s
      AND change.field = 'roles' AND change.verdict = 'revoke' AND change.user_id IS NOT NULL
      AND change.state IN ('applied', 'unknown', 'sent')
      AND coalesce(change.ended_at, change.sent_at) > clock_timestamp() - interval '{WITHIN}'
      AND NOT EXISTS (
        SELECT 1 FROM musicctl.runs AS undo JOIN musicctl.changes AS undone ON undone.run = undo.run
        WHERE undo.undoes = run.run AND undone.user_id = change.user_id AND undone.state = 'applied'
          AND NOT EXISTS (
            SELECT 1 FROM musicctl.runs AS redo JOIN musicctl.changes AS redone ON redone.run = redo.run
            WHERE redo.undoes = undo.run AND redone.user_id = change.user_id
              AND redone.state IN ('applied', 'unknown', 'sent')))
    ORDER BY change.user_id, (run.command = 'roles sync') DESC, run.present"""


@dataclass(frozen=True, slots=True)
class Lost:
    """One user who lost the role: by `sync`, `promote` or `by_hand`, and whether the mirror has it again.

    `alone` tells that nobody was present at the run.
    """

    user_id: str
    by: str
    alone: bool
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """What the last completed sync saw."""

    role: str
    threshold: int
    source: str
    source_users: int
    source_plays: int
    tenant_users: int


def last_run(database: Database, role: str) -> LastRun | None:
    """Return the last completed sync of this role, or of any role where this one has none, or None."""

    def work(cursor: Cursor) -> LastRun | None:
        cursor.execute(
            "SELECT role, threshold, source, source_users, source_plays, tenant_users FROM musicctl.runs"
            f" WHERE {COMPLETED} ORDER BY (role = %s) DESC, started_at DESC LIMIT 1",
            (role,),
        )
        row = cursor.fetchone()
        if row is None:
            return None
        return LastRun(
            role=row[0],
            threshold=row[1],
            source=row[2],
            source_users=row[3],
            source_plays=int(row[4]),
            tenant_users=row[5],
        )

    return database.run(work, doing="read the last run", read_only=True)


def lost(database: Database, role: str) -> list[Lost]:
    """Return whom the role was taken from in the last 24 hours, without those whom an undo gave it back."""

    def work(cursor: Cursor) -> list[Lost]:
        cursor.execute(LOST, {"role": role})
        return [Lost(*row) for row in cursor.fetchall()]

    return database.run(work, doing="count recent revokes", read_only=True)


def pace(database: Database) -> float | None:
    """Return how many changes a second the last run of fifty or more made, or None before there was one."""

    def work(cursor: Cursor) -> float | None:
        cursor.execute(
            "SELECT count(*) / nullif(extract(epoch FROM max(ended_at) - min(sent_at)), 0)"
            " FROM musicctl.changes"
            " WHERE isfinite(sent_at) AND coalesce(isfinite(ended_at), true) AND run = ("
            "  SELECT run FROM musicctl.runs AS long"
            "  WHERE started_at > clock_timestamp() - interval '30 days'"
            "  AND (SELECT count(sent_at) FROM musicctl.changes WHERE run = long.run) >= 50"
            "  ORDER BY started_at DESC LIMIT 1)"
        )
        row = one_row(cursor)
        return None if row[0] is None else float(row[0])

    return database.run(work, doing="read how fast the last run was", read_only=True)
