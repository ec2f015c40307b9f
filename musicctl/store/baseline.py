"""What the guards compare a plan with: the last completed sync, and how much syncs took away lately."""

from dataclasses import dataclass

from musicctl.store.database import Cursor, Database, one_row

WITHIN = "24 hours"
COMPLETED = "command = 'roles sync' AND outcome IN ('ok', 'partial') AND source IS NOT NULL"


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


def recent_revokes(database: Database, role: str) -> int:
    """Count whom syncs took the role from in the last 24 hours, without those whom an undo gave it back."""

    def work(cursor: Cursor) -> int:
        cursor.execute(
            "SELECT count(*) FROM musicctl.changes AS change JOIN musicctl.runs AS run USING (run)"
            " WHERE run.command = 'roles sync' AND run.role = %s AND change.field = 'roles'"
            " AND change.verdict = 'revoke' AND change.state = 'applied'"
            f" AND change.ended_at > clock_timestamp() - interval '{WITHIN}' AND NOT EXISTS ("
            "  SELECT 1 FROM musicctl.runs AS undo JOIN musicctl.changes AS undone USING (run)"
            "  WHERE undo.undoes = run.run AND undone.user_id = change.user_id AND undone.state = 'applied')",
            (role,),
        )
        count: int = one_row(cursor)[0]
        return count

    return database.run(work, doing="count recent revokes", read_only=True)


def pace(database: Database) -> float | None:
    """Return how many changes a second the last run of fifty or more made, or None before there was one."""

    def work(cursor: Cursor) -> float | None:
        cursor.execute(
            "SELECT count(*) / nullif(extract(epoch FROM max(ended_at) - min(sent_at)), 0)"
            " FROM musicctl.changes WHERE sent_at IS NOT NULL AND run = ("
            "  SELECT run FROM musicctl.runs AS long"
            "  WHERE started_at > clock_timestamp() - interval '30 days'"
            "  AND (SELECT count(sent_at) FROM musicctl.changes WHERE run = long.run) >= 50"
            "  ORDER BY started_at DESC LIMIT 1)"
        )
        row = one_row(cursor)
        return None if row[0] is None else float(row[0])

    return database.run(work, doing="read how fast the last run was", read_only=True)
