"""Pins: what staff decided for single users, above the plays, until a pin ends or is taken away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from musicctl.store.database import Cursor, Database, one_row

COLUMNS = ("user_id", "role", "state", "until", "reason", "actor")
IN_FORCE = "(until IS NULL OR until > now())"
"""SQL that is true of a pin that has not ended, by the database's clock."""

LAPSED = """
    SELECT count(*) FROM musicctl.pins
    WHERE role = %(role)s AND until <= now() AND until > coalesce((
        SELECT max(started_at) FROM musicctl.runs
        WHERE role = %(role)s AND command = 'roles sync' AND outcome IN ('ok', 'partial')), '-infinity')"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One pin: `state` is granted or revoked, and without `until` it holds for good."""

    user_id: str
    role: str
    state: str
    until: datetime | None
    reason: str
    actor: str


def put(database: Database, pin: Pin) -> Pin | None:
    """Record a pin and return the one that it replaces, or None when none was in force."""

    def work(cursor: Cursor) -> Pin | None:
        before = _find(cursor, pin.role, pin.user_id, IN_FORCE)
        cursor.execute(
            f"INSERT INTO musicctl.pins ({', '.join(COLUMNS)}) VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (role, user_id) DO UPDATE SET state = excluded.state, until = excluded.until,"
            " reason = excluded.reason, actor = excluded.actor, made_at = clock_timestamp()",
            [getattr(pin, column) for column in COLUMNS],
        )
        return before

    return database.run(work, doing="write the pin")


def remove(database: Database, role: str, user_id: str) -> Pin | None:
    """Take a pin away, one that has ended too, and return it, or None when there was none."""

    def work(cursor: Cursor) -> Pin | None:
        before = _find(cursor, role, user_id, "true")
        cursor.execute("DELETE FROM musicctl.pins WHERE role = %s AND user_id = %s", (role, user_id))
        return before

    return database.run(work, doing="remove the pin")


def of_user(database: Database, role: str, user_id: str) -> Pin | None:
    """Return the pin in force for one user, or None; a database without our schema has no pins."""

    def work(cursor: Cursor) -> Pin | None:
        cursor.execute("SELECT to_regclass('musicctl.pins') IS NOT NULL")
        return _find(cursor, role, user_id, IN_FORCE) if one_row(cursor)[0] else None

    return database.run(work, doing="read the pin", read_only=True)


def of_users(database: Database, role: str, user_ids: Sequence[str]) -> dict[str, str]:
    """Return the states of the pins in force now for these users; who has none is left out."""

    def work(cursor: Cursor) -> dict[str, str]:
        cursor.execute(
            f"SELECT user_id, state FROM musicctl.pins WHERE role = %s AND user_id = ANY(%s) AND {IN_FORCE}",
            (role, list(user_ids)),
        )
        return dict(cursor.fetchall())

    return database.run(work, doing="read the pins", read_only=True)


def of_role(database: Database, role: str, *, ended: bool = False) -> list[tuple[object, ...]]:
    """Return the pins of a role as rows of COLUMNS, by user; with `ended` also those that have lapsed."""

    def work(cursor: Cursor) -> list[tuple[object, ...]]:
        cursor.execute(
            f"SELECT {', '.join(COLUMNS)} FROM musicctl.pins WHERE role = %s AND (%s OR {IN_FORCE})"
            " ORDER BY user_id",
            (role, ended),
        )
        return cursor.fetchall()

    return database.run(work, doing="read the pins", read_only=True)


def lapsed(database: Database, role: str) -> int:
    """Count the pins of a role that have ended since its last completed sync, or ever when there was none."""

    def work(cursor: Cursor) -> int:
        cursor.execute(
            LAPSED,
            {"role": role},
        )
        count: int = one_row(cursor)[0]
        return count

    return database.run(work, doing="read the pins", read_only=True)


def _find(cursor: Cursor, role: str, user_id: str, condition: str) -> Pin | None:
    cursor.execute(
        f"SELECT {', '.join(COLUMNS)} FROM musicctl.pins WHERE role = %s AND user_id = %s AND {condition}",
        (role, user_id),
    )
    row = cursor.fetchone()
    return Pin(**dict(zip(COLUMNS, row, strict=True))) if row else None
