"""What our schema knows of one user: the mirror's row, and the last change of a role."""

from dataclasses import dataclass
from datetime import datetime

from musicctl.store.database import Cursor, Database

LAST_CHANGE = """
    SELECT runs.run, runs.command, runs.actor, change.verdict, change.state,
           coalesce(change.ended_at, change.sent_at)
    FROM musicctl.changes AS change JOIN musicctl.runs AS runs USING (run)
    WHERE change.user_id = %s AND change.field = 'roles' AND runs.role = %s
      AND change.state IN ('sent', 'applied', 'unknown')
    ORDER BY coalesce(change.ended_at, change.sent_at) DESC LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """The roles of one user in the mirror; without them, `unreadable` says why."""

    roles: tuple[str, ...] | None
    unreadable: str | None


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last write of a role that was sent: by which run, whose, and what became of it when."""

    run: str
    command: str
    actor: str
    verdict: str
    state: str
    at: datetime


def mirrored(database: Database, user_id: str) -> Mirrored | None:
    """Return the mirror's row of a user, or None when it has none."""

    def work(cursor: Cursor) -> Mirrored | None:
        cursor.execute("SELECT roles, unreadable FROM musicctl.tenant_users WHERE user_id = %s", (user_id,))
        row = cursor.fetchone()
        return Mirrored(None if row[0] is None else tuple(row[0]), row[1]) if row else None

    return database.run(work, doing="read the mirror", read_only=True)


def last_change(database: Database, role: str, user_id: str) -> LastChange | None:
    """Return the last change of this user's role that left us, or None when the journal has none."""

    def work(cursor: Cursor) -> LastChange | None:
        cursor.execute(LAST_CHANGE, (user_id, role))
        row = cursor.fetchone()
        return LastChange(*row) if row else None

    return database.run(work, doing="read the journal", read_only=True)
