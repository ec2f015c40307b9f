"""A listener's profile in the tenant: who it is and the display name, which the listener may change too."""

import time

from musicctl.errors import MusicctlError, NotFoundError
from musicctl.policy.names import display_name
from musicctl.store import mirror
from musicctl.store.database import Database
from musicctl.tenant.client import Tenant
from musicctl.tenant.speaking import UncertainError
from musicctl.tenant.users import TenantUser


def find(tenant: Tenant, user_id: str) -> TenantUser:
    """Return the user as the tenant has it now; raises NotFoundError."""
    user = tenant.user(user_id)
    if user is None:
        raise NotFoundError(
            f"{tenant} has no user {user_id}", hint="an email address works in place of an id"
        )
    return user


def show(tenant: Tenant, user_id: str) -> dict[str, object]:
    """Return `user_id`, `email` and `display_name`."""
    return _document(find(tenant, user_id))


def set_name(
    database: Database, tenant: Tenant, user_id: str, name: str, *, settle: float
) -> dict[str, object]:
    """Set the display name and nothing else of the profile; return it as `show` does.

    The database is needed for the mirror, which is kept in step. A write whose reply is lost is looked at
    again after `settle` seconds.
    """
    wanted = display_name(name)
    mirror.claim(database, tenant.base_url)
    user = find(tenant, user_id)
    if user.display_name != wanted:
        _write(tenant, user_id, wanted, settle)
    mirror.set_display_name(database, user_id, wanted)
    return _document(user) | {"display_name": wanted}


def _write(tenant: Tenant, user_id: str, wanted: str, settle: float) -> None:
    try:
        tenant.set_display_name(user_id, wanted)
    except UncertainError as lost:
        time.sleep(settle)
        if find(tenant, user_id).display_name != wanted:
            raise MusicctlError(
                f"the display name was not changed: {lost.what}", hint="run the command again"
            ) from None


def _document(user: TenantUser) -> dict[str, object]:
    return {"user_id": user.user_id, "email": user.email, "display_name": user.display_name}
