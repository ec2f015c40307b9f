"""Holds: while one is in force, no writer of its kind writes to the tenant."""

from dataclasses import dataclass
from datetime import datetime

from musicctl.store.database import Cursor, Database, one_row

IN_FORCE = "(until IS NULL OR until > clock_timestamp())"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Who holds back the writers of a kind, why, since when, and until when (None: until it is released)."""

    reason: str
    actor: str
    since: datetime
    until: datetime | None


def active(source: Database | Cursor, name: str) -> Hold | None:
    """Return the hold in force on the lease `name`, or None; one that has ended counts as none."""
    if isinstance(source, Database):
        return source.run(lambda cursor: active(cursor, name), doing="read the holds", read_only=True)
    source.execute(
        f"SELECT reason, actor, since, until FROM musicctl.holds WHERE name = %s AND {IN_FORCE}", (name,)
    )
    row = source.fetchone()
    return Hold(reason=row[0], actor=row[1], since=row[2], until=row[3]) if row else None


def put(
    database: Database, name: str, *, reason: str, actor: str, until: datetime | None
) -> tuple[Hold, Hold | None]:
    """Hold back the writers of a kind; return the new hold, and the one in force that it replaces."""

    def work(cursor: Cursor) -> tuple[Hold, Hold | None]:
        before = active(cursor, name)
        cursor.execute(
            "INSERT INTO musicctl.holds (name, reason, actor, until) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (name) DO UPDATE SET reason = excluded.reason, actor = excluded.actor,"
            " since = clock_timestamp(), until = excluded.until RETURNING since",
            (name, reason, actor, until),
        )
        return Hold(reason=reason, actor=actor, since=one_row(cursor)[0], until=until), before

    return database.run(work, doing="write the hold")


def release(database: Database, name: str) -> Hold | None:
    """Let the writers of a kind go on; return the hold that was in force, or None."""

    def work(cursor: Cursor) -> Hold | None:
        before = active(cursor, name)
        cursor.execute("DELETE FROM musicctl.holds WHERE name = %s", (name,))
        return before

    return database.run(work, doing="release the hold")
