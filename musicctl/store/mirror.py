"""The mirror of the tenant: every user's id, email, display name and roles, as last seen or written by us."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg2 import sql

from musicctl.errors import BusyError, ConfigError, MusicctlError
from musicctl.store import mirror_updates
from musicctl.store.border import speaking
from musicctl.store.copying import CHUNK, copy_lines, lines
from musicctl.store.database import Cursor, Database, one_row

INCOMING = sql.Identifier("musicctl", "tenant_users_incoming")
COLUMNS = ("user_id", "email", "display_name", "roles", "unreadable")
Row = tuple[str, str | None, str | None, tuple[str, ...] | None, str | None]
"""A user in the order of COLUMNS; without roles, the last value says why they cannot be read."""


SINCE = "ended_at >= %(as_of)s"
IN_MEMORY = 1 << 20
"""Bytes of an export that are kept in memory until it is whole; a larger one goes to a file."""

BRIEF = ("lock_timeout = '10s'", "idle_in_transaction_session_timeout = '30s'")
"""How long a refill waits for who holds a row, and how long it may stand still and hold rows itself."""

CHANGE = f"""
    UPDATE musicctl.tenant_users AS old SET {", ".join(f"{name} = new.{name}" for name in COLUMNS[1:])}
    FROM musicctl.tenant_users_incoming AS new WHERE old.user_id = new.user_id
      AND ({", ".join(f"old.{name}" for name in COLUMNS[1:])})
        IS DISTINCT FROM ({", ".join(f"new.{name}" for name in COLUMNS[1:])})"""
# Sorted, since a key that grows is added to an index in half the time that a random one takes.
ADD = f"""
    INSERT INTO musicctl.tenant_users ({", ".join(COLUMNS)})
    SELECT {{distinct}} {", ".join(COLUMNS)} FROM musicctl.tenant_users_incoming AS new
    WHERE NOT EXISTS (SELECT 1 FROM musicctl.tenant_users AS old WHERE old.user_id = new.user_id)
    ORDER BY user_id ON CONFLICT (user_id) DO NOTHING"""
DROP = """
    DELETE FROM musicctl.tenant_users AS old
    WHERE NOT EXISTS (SELECT 1 FROM musicctl.tenant_users_incoming AS new WHERE new.user_id = old.user_id)"""


@dataclass(frozen=True, slots=True)
class MirrorState:
    """Which tenant is mirrored, how many users it had, and as of when; both times by the database's clock."""

    domain: str
    as_of: datetime | None
    users: int
    now: datetime

    @property
    def age_seconds(self) -> float | None:
        """Seconds since the mirror was true, or None when it was never filled."""
        return None if self.as_of is None else (self.now - self.as_of).total_seconds()


def claim(database: Database, domain: str) -> MirrorState:
    """Return the state of the mirror, recording `domain` as its tenant at first use.

    Raises ConfigError when it mirrors another tenant: two tenants in one schema would judge each other's
    users.
    """
    return database.run(lambda cursor: _claim(cursor, domain), doing="read the mirror's state")


def require(database: Database, domain: str) -> None:
    """Raise ConfigError when the schema, where there is one, mirrors another tenant; nothing is recorded."""

    def work(cursor: Cursor) -> None:
        cursor.execute("SELECT to_regclass('musicctl.mirror') IS NOT NULL")
        if not one_row(cursor)[0]:
            return
        cursor.execute("SELECT domain FROM musicctl.mirror WHERE domain <> %s", (domain,))
        for (recorded,) in cursor.fetchall():
            raise _other_tenant(recorded, domain)

    database.run(work, doing="read the mirror's state", read_only=True)


def refill(database: Database, users: Iterable[Row], *, as_of: datetime) -> int:
    """Make the mirror like `users`, rows of COLUMNS, in one transaction, and return how many there are.

    They are compared with what is there, and only what differs is written: nobody who reads the mirror waits.
    `as_of` is a moment before the export was asked for: our own writes since then are applied on top.
    Anything wrong leaves the last good state: a failure while `users` is read, none at all, the same id with
    different values, or a mirror that somebody else has filled with a later export meanwhile. A row that
    comes twice with the same values counts once.
    """
    doing = "refill the mirror"
    # To a file of ours first: a download takes its time, and no transaction is to be open meanwhile.
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as kept:
        with speaking(doing, str(database)):
            for piece in lines(users):  # writelines would keep all of it in memory
                kept.write(piece)
        count = database.run(lambda cursor: _refill(cursor, kept, as_of), doing=doing)
    # An outcome that was recorded while our row of that user was not yet to be seen found nothing to change.
    database.run(
        lambda cursor: mirror_updates.follow(cursor, SINCE, {"as_of": as_of}), doing="keep the mirror in step"
    )
    return count


def count(database: Database, role: str | None = None) -> int:
    """Return how many users the mirror has, or how many of them hold `role`."""

    def work(cursor: Cursor) -> int:
        condition = "" if role is None else " WHERE roles @> ARRAY[%s]"
        cursor.execute(f"SELECT count(*) FROM musicctl.tenant_users{condition}", (role,) if role else None)
        found: int = one_row(cursor)[0]
        return found

    return database.run(work, doing="count the mirror", read_only=True)


def put(database: Database, users: Sequence[Row]) -> None:
    """Add or replace single users, rows of COLUMNS, that were just read from the tenant."""
    statement = f"""
        INSERT INTO musicctl.tenant_users ({", ".join(COLUMNS)}) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, display_name = excluded.display_name,
            roles = excluded.roles, unreadable = excluded.unreadable"""
    _each(database, statement, [[_listed(value) for value in user] for user in users])


def set_roles(database: Database, roles: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Record roles that were written to, or just read from, the tenant: (user_id, roles)."""
    statement = "UPDATE musicctl.tenant_users SET roles = %s, unreadable = NULL WHERE user_id = %s"
    _each(database, statement, [(list(held), user_id) for user_id, held in roles])


def set_unreadable(database: Database, reasons: Sequence[tuple[str, str]]) -> None:
    """Record users whose roles were found to be unreadable: (user_id, why)."""
    statement = "UPDATE musicctl.tenant_users SET roles = NULL, unreadable = %s WHERE user_id = %s"
    _each(database, statement, [(why, user_id) for user_id, why in reasons])


def set_display_name(database: Database, user_id: str, name: str) -> None:
    """Record a display name that was written to the tenant."""
    _each(
        database, "UPDATE musicctl.tenant_users SET display_name = %s WHERE user_id = %s", [(name, user_id)]
    )


def remove(database: Database, user_ids: Sequence[str]) -> None:
    """Drop users that the tenant no longer has."""
    _each(database, "DELETE FROM musicctl.tenant_users WHERE user_id = %s", [(each,) for each in user_ids])


def forget(database: Database) -> None:
    """Mark the mirror as never filled, so that the next plan refreshes it."""
    _each(database, "UPDATE musicctl.mirror SET as_of = NULL", [()])


def adopt_domain(database: Database, domain: str) -> None:
    """Record that the mirrored tenant has moved to `domain` and is still the same tenant."""
    _each(database, "UPDATE musicctl.mirror SET domain = %s", [(domain,)])


def now(database: Database) -> datetime:
    """Return the database's clock, which every time in our schema comes from."""

    def work(cursor: Cursor) -> datetime:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = one_row(cursor)[0]
        return moment

    return database.run(work, doing="read the clock", read_only=True)


def _claim(cursor: Cursor, domain: str) -> MirrorState:
    read = "SELECT domain, as_of, users, clock_timestamp() FROM musicctl.mirror"
    cursor.execute(read)
    if cursor.rowcount == 0:
        cursor.execute(
            "INSERT INTO musicctl.mirror (id, domain) VALUES (1, %s) ON CONFLICT DO NOTHING", (domain,)
        )
        cursor.execute(read)
    state = MirrorState(*one_row(cursor))
    if state.domain != domain:
        raise _other_tenant(state.domain, domain)
    return state


def _other_tenant(recorded: str, domain: str) -> ConfigError:
    return ConfigError(
        f"this database's schema musicctl belongs to the tenant {recorded}, not to {domain}",
        hint="use one database per tenant, or the profile of that tenant",
    )


def _refill(cursor: Cursor, kept: "tempfile.SpooledTemporaryFile[bytes]", as_of: datetime) -> int:
    kept.seek(0)
    for setting in BRIEF:
        cursor.execute(f"SET LOCAL {setting}")
    # What another refill has staged is not committed, and so is not to be seen here.
    copy_lines(cursor, INCOMING, COLUMNS, iter(lambda: kept.read(CHUNK), b""))
    count, repeated = _checked(cursor)
    for statement in (CHANGE, ADD, DROP):
        cursor.execute(statement.format(distinct="DISTINCT" if repeated else ""))
    cursor.execute("DELETE FROM musicctl.tenant_users_incoming")
    # What we wrote since the export was asked for may, or may not, be in it.
    mirror_updates.follow(cursor, SINCE, {"as_of": as_of})
    _stamp(cursor, as_of, count)
    return count


def _stamp(cursor: Cursor, as_of: datetime, users: int) -> None:
    """Record as of when the mirror is true; raises BusyError when it is so as of later already."""
    cursor.execute(
        "UPDATE musicctl.mirror SET users = %(users)s, as_of = CASE WHEN as_of > %(as_of)s THEN as_of"
        " ELSE %(as_of)s END RETURNING as_of > %(as_of)s",
        {"as_of": as_of, "users": users},
    )
    if (True,) in cursor.fetchall():
        raise BusyError(
            "the mirror was filled from a later export meanwhile; this one was left out",
            hint="musicctl mirror status tells how old it is",
        )


def _checked(cursor: Cursor) -> tuple[int, bool]:
    """Return how many users came in, and whether any came twice; raises when they cannot be the tenant."""
    cursor.execute("SELECT count(*), count(DISTINCT user_id) FROM musicctl.tenant_users_incoming")
    rows, users = one_row(cursor)
    if users == 0:
        raise MusicctlError(
            "the tenant's export has no users at all; the mirror keeps its last good state",
            hint="check that auth0_domain names the right tenant",
        )
    if rows > users:
        _refuse_contradiction(cursor)
    return users, rows > users


def _refuse_contradiction(cursor: Cursor) -> None:
    cursor.execute(
        "SELECT user_id FROM (SELECT DISTINCT * FROM musicctl.tenant_users_incoming) AS users"
        " GROUP BY user_id HAVING count(*) > 1 ORDER BY user_id LIMIT 1"
    )
    if cursor.rowcount:
        raise MusicctlError(
            f"the tenant's export has the user {one_row(cursor)[0]} twice, with different values;"
            " the mirror keeps its last good state",
            hint="run it again; an export made while a profile changes can do this",
        )


def _each(database: Database, statement: str, rows: Sequence[Sequence[object]]) -> None:
    def work(cursor: Cursor) -> None:
        for row in rows:
            cursor.execute(statement, row)

    if rows:
        database.run(work, doing="keep the mirror in step")


def _listed(value: object) -> object:
    """psycopg2 sends a list as an array, and a tuple as a record."""
    return list(value) if isinstance(value, tuple) else value
