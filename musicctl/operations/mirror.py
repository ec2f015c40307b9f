"""Keeps the mirror of the tenant young enough to plan on."""

from collections.abc import Callable, Iterable

from musicctl.operations.lease import held
from musicctl.policy.roles import read_roles, unreadable
from musicctl.store import mirror
from musicctl.store.database import Database
from musicctl.store.mirror import MirrorState, Row
from musicctl.tenant.client import Tenant
from musicctl.tenant.users import TenantUser

LONGEST = 3600.0
"""Seconds to wait for another's refresh, which is how long one may take."""


def fresh(
    database: Database,
    tenant: Tenant,
    *,
    max_age: float,
    refresh: bool,
    actor: str,
    say: Callable[[str], None],
) -> MirrorState:
    """Return the mirror's state, refreshed from one export job when it is older than `max_age` seconds.

    A mirror that was never filled is always refreshed. Who asks while another refreshes waits for that one,
    and takes its result. What fails on the way leaves the last good state.
    """
    state = mirror.claim(database, tenant.base_url)
    if not refresh and _young(state, max_age):
        return state
    asked_at = state.now
    with held(database, "mirror", actor, wait=LONGEST, say=say):
        state = mirror.claim(database, tenant.base_url)
        done_meanwhile = state.as_of is not None and state.as_of >= asked_at
        if done_meanwhile or (not refresh and _young(state, max_age)):
            return state
        _refresh(database, tenant, say)
    return mirror.claim(database, tenant.base_url)


def status(database: Database, domain: str, role: str) -> dict[str, object]:
    """Return `as_of`, `users`, `holders` of the role and `age_seconds`; None where it was never filled."""
    state = mirror.claim(database, domain)
    return {
        "as_of": state.as_of,
        "users": mirror.count(database) if state.as_of else 0,
        "holders": mirror.count(database, role) if state.as_of else 0,
        "age_seconds": None if state.age_seconds is None else round(state.age_seconds, 1),
    }


def _young(state: MirrorState, max_age: float) -> bool:
    return state.age_seconds is not None and state.age_seconds <= max_age


def _refresh(database: Database, tenant: Tenant, say: Callable[[str], None]) -> None:
    """Read every user. The moment before the job is posted is the one from which our writes count anew."""
    say(f"reading every user of {tenant} by an export job")
    odd: list[str] = []
    users = mirror.refill(database, rows(tenant.export(odd.append)), as_of=mirror.now(database))
    say(f"the tenant has {users:,} users")
    if odd:
        say(f"{len(odd):,} lines of the export name no user and were left out, such as {odd[0]}")


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
