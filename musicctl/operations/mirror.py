"""Keeps the mirror of the tenant young enough to plan on."""

from collections.abc import Callable, Generator, Iterable
from contextlib import closing

from musicctl.operations.runs.lease import held
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
    before = mirror.claim(database, tenant.base_url)
    if not refresh and _young(before, max_age):
        return before
    with held(database, "mirror", actor, wait=LONGEST, say=say):
        state = mirror.claim(database, tenant.base_url)
        if state.as_of not in (None, before.as_of):  # somebody else refreshed it while we waited
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
    odd = _Odd()
    as_of = mirror.now(database)
    say(f"asking {tenant} for an export of every user")
    users = tenant.export(odd.add)
    say("the export is complete: reading it")
    # Closed at once when the refill fails, with the connection and the progress that hang on it.
    with closing(_rows(users)) as rows:
        count = mirror.refill(database, rows, as_of=as_of)
    say(f"the mirror has {count:,} users")
    if odd.count:
        say(f"{odd.count:,} lines of the export were left out, such as: {odd.first}")


class _Odd:
    """Counts what an export has that is no user, and keeps the first."""

    def __init__(self) -> None:
        self.count, self.first = 0, ""

    def add(self, line: str) -> None:
        """Count one."""
        self.first = self.first or line
        self.count += 1


def _rows(users: Iterable[TenantUser]) -> Generator[Row, None, None]:
    for user in users:
        yield row(user)


def row(user: TenantUser) -> Row:
    """Turn one user into a row of the mirror; NUL, which Postgres cannot hold, becomes U+FFFD in names."""
    roles = read_roles(user.app_metadata)
    why = unreadable(user.app_metadata) if roles is None else None
    return (user.user_id, _storable(user.email), _storable(user.display_name), roles, why)


def _storable(text: str | None) -> str | None:
    return text.replace("\0", "\ufffd") if text and "\0" in text else text
