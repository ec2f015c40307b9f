"""The lease: at most one writer of a kind, by the database's clock, with a token that only ever grows.

Not an advisory lock: those leak through PgBouncer's transaction mode and do nothing on CockroachDB.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from musicctl.store import holds
from musicctl.store.database import Cursor, Database

SECONDS = 60
"""How long a lease lasts after it was taken or renewed."""

TAKE = f"""
    INSERT INTO musicctl.lease AS held
        (name, token, holder, host, boot_id, pid, since, expires_at)
    VALUES (%(name)s, 1, %(holder)s, %(host)s, %(boot_id)s, %(pid)s, clock_timestamp(),
            clock_timestamp() + interval '{SECONDS} seconds')
    ON CONFLICT (name) DO UPDATE SET
        token = held.token + 1, holder = excluded.holder, host = excluded.host,
        boot_id = excluded.boot_id, pid = excluded.pid, since = excluded.since,
        expires_at = excluded.expires_at, released = false
    WHERE held.released OR held.expires_at <= clock_timestamp() OR held.token = %(gone)s
    RETURNING token"""


@dataclass(frozen=True, slots=True)
class Process:
    """Who takes a lease: account@host, the host, its boot and process namespace, and the process id."""

    holder: str
    host: str
    boot_id: str
    pid: int


@dataclass(frozen=True, slots=True)
class Holding:
    """A lease as it stands; `ended_for` is in seconds, and below 0 while it lasts."""

    token: int
    process: Process
    since: datetime
    released: bool
    ended_for: float


class Standing(Enum):
    """What a renewal finds."""

    OURS = "ours"
    LOST = "lost"
    ON_HOLD = "on hold"


@dataclass(frozen=True, slots=True)
class Fence:
    """Our lease, as a condition that every write of the journal carries."""

    name: str
    token: int

    def ours(self, cursor: Cursor) -> str:
        """Return SQL that is true while nobody else has taken the lease."""
        return self._condition(cursor, "true")

    def holds(self, cursor: Cursor) -> str:
        """Return SQL that is true while the lease is ours and has not expired, and nobody holds it back."""
        return self._condition(
            cursor,
            "NOT released AND expires_at > clock_timestamp() AND NOT EXISTS ("
            "SELECT 1 FROM musicctl.holds AS hold WHERE hold.name = lease.name"
            " AND (hold.until IS NULL OR hold.until > clock_timestamp()))",
        )

    def _condition(self, cursor: Cursor, more: str) -> str:
        text = cursor.mogrify(
            f"EXISTS (SELECT 1 FROM musicctl.lease WHERE name = %s AND token = %s AND {more})",
            (self.name, self.token),
        ).decode()
        return text.replace("%", "%%")


def look(database: Database, name: str) -> Holding | None:
    """Return the lease as it stands, or None when nobody ever took it."""

    def work(cursor: Cursor) -> Holding | None:
        cursor.execute(
            "SELECT token, holder, host, boot_id, pid, since, released,"
            " extract(epoch FROM clock_timestamp() - expires_at) FROM musicctl.lease WHERE name = %s",
            (name,),
        )
        row = cursor.fetchone()
        if row is None:
            return None
        return Holding(row[0], Process(*row[1:5]), row[5], row[6], float(row[7]))

    return database.run(work, doing="read the lease", read_only=True)


def take(database: Database, name: str, process: Process, *, gone: int | None = None) -> Fence | None:
    """Take the lease when it is free, expired, or has the token `gone`, whose holder is known to be dead.

    Returns None when somebody else has it.
    """

    def work(cursor: Cursor) -> Fence | None:
        values = {name: getattr(process, name) for name in process.__slots__}
        cursor.execute(TAKE, {**values, "name": name, "gone": gone})
        row = cursor.fetchone()
        return None if row is None else Fence(name, row[0])

    return database.run(work, doing="take the lease")


def renew(database: Database, fence: Fence) -> Standing:
    """Prolong our lease, unless it was lost, or somebody holds back the writers of its kind."""

    def work(cursor: Cursor) -> Standing:
        if holds.active(cursor, fence.name):
            return Standing.ON_HOLD
        cursor.execute(
            f"UPDATE musicctl.lease SET expires_at = clock_timestamp() + interval '{SECONDS} seconds'"
            " WHERE name = %s AND token = %s AND NOT released",
            (fence.name, fence.token),
        )
        return Standing.OURS if cursor.rowcount else Standing.LOST

    return database.run(work, doing="renew the lease")


def release(database: Database, fence: Fence) -> bool:
    """Give our lease back; False: it was not ours any more, and stays as it is."""

    def work(cursor: Cursor) -> bool:
        cursor.execute(
            "UPDATE musicctl.lease SET released = true, expires_at = least(expires_at, clock_timestamp())"
            " WHERE name = %s AND token = %s",
            (fence.name, fence.token),
        )
        return bool(cursor.rowcount)

    return database.run(work, doing="release the lease")
