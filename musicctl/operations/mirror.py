"""Keeps the mirror of the tenant young enough to plan on."""

from collections.abc import Callable, Iterable

from musicctl.policy.roles import read_roles, unreadable
from musicctl.store import mirror
from musicctl.store.database import Database
from musicctl.store.mirror import MirrorState, Row
from musicctl.tenant.client import Tenant
from musicctl.tenant.users import TenantUser


def fresh(
    database: Database, tenant: Tenant, *, max_age: float, refresh: bool, say: Callable[[str], None]
) -> MirrorState:
    """Return the mirror's state, refreshed from one export job when it is older than `max_age` seconds.

    A mirror that was never filled is always refreshed. What fails on the way leaves the last good state.
    """
    state = mirror.claim(database, tenant.base_url)
    age = state.age_seconds
    if age is not None and age <= max_age and not refresh:
        return state
    say(f"reading every user of {tenant} by an export job")
    as_of = mirror.now(database)
    users = mirror.refill(database, rows(tenant.export()), as_of=as_of)
    say(f"the tenant has {users:,} users")
    return mirror.claim(database, tenant.base_url)


def rows(users: Iterable[TenantUser]) -> Iterable[Row]:
    """Turn users of the tenant into rows of the mirror, one at a time."""
    return map(row, users)


def row(user: TenantUser) -> Row:
    """Turn one user into a row of the mirror; NUL, which Postgres cannot hold, becomes U+FFFD in names."""
    roles, why = read_roles(user.app_metadata), unreadable(user.app_metadata)
    if roles is not None and any("\0" in role for role in roles):
        roles, why = None, "roles contain a NUL character"
    return (user.user_id, _storable(user.email), _storable(user.display_name), roles, why)


def _storable(text: str | None) -> str | None:
    return None if text is None else text.replace("\0", "\ufffd")
