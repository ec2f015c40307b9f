"""The mirror of the tenant: every user's id, email, display name and roles, as last seen or written by us."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg2 import sql

from musicctl.errors import ConfigError, MusicctlError
from musicctl.store import instep
from musicctl.store.copying import copy_in
from musicctl.store.database import Cursor, Database, one_row

INCOMING = sql.Identifier("musicctl", "tenant_users_incoming")
COLUMNS = ("user_id", "email", "display_name", "roles", "unreadable")
Row = tuple[str, str | None, str | None, tuple[str, ...] | None, str | None]
"""A user in the order of COLUMNS; without roles, the last value says why they cannot be read."""

LOCK_TIMEOUT = "30s"
"""How long the swap waits for readers of the mirror before it gives up and leaves it as it was."""


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
    """Replace the mirror by `users`, rows of COLUMNS, in one transaction, and return how many there are.

    `as_of` is a moment before the export was asked for: our own writes since then are applied on top.
    Anything wrong leaves the last good state: a failure while `users` is read, none at all, or the same id
    with different values. A row that comes twice with the same values counts once.
    """
    return database.run(lambda cursor: _refill(cursor, users, as_of), doing="refill the mirror", repeat_on=())


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


def _refill(cursor: Cursor, users: Iterable[Row], as_of: datetime) -> int:
    # Held until the end of the transaction: a second refill waits here, readers of the mirror do not.
    cursor.execute("TRUNCATE musicctl.tenant_users_incoming")
    copy_in(cursor, INCOMING, COLUMNS, users)
    count, repeated = _checked(cursor)
    cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    cursor.execute("TRUNCATE musicctl.tenant_users")
    # Sorted, since a key that grows is added to an index in half the time that a random one takes.
    names = ", ".join(COLUMNS)
    cursor.execute(
        f"INSERT INTO musicctl.tenant_users ({names}) SELECT {'DISTINCT' if repeated else ''} {names}"
        " FROM musicctl.tenant_users_incoming ORDER BY user_id"
    )
    cursor.execute("TRUNCATE musicctl.tenant_users_incoming")
    # What we wrote since the export was asked for may, or may not, be in it.
    instep.follow(cursor, "ended_at >= %(as_of)s", {"as_of": as_of})
    cursor.execute("UPDATE musicctl.mirror SET as_of = %s, users = %s", (as_of, count))
    return count


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
