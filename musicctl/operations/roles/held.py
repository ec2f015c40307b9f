"""The roles that one user holds in the tenant now."""

from musicctl.errors import MusicctlError
from musicctl.operations.lookup import find
from musicctl.policy.roles import read_roles, unreadable
from musicctl.tenant.client import Tenant


def list_roles(tenant: Tenant, user_id: str) -> dict[str, object]:
    """Return `user_id` and `roles`, in the tenant's order; raises MusicctlError when they are unreadable."""
    user = find(tenant, user_id)
    roles = read_roles(user.app_metadata)
    if roles is None:
        raise MusicctlError(
            f"the roles of {user_id} cannot be read: {unreadable(user.app_metadata)}",
            hint="mend app_metadata.roles in the tenant: it should be a list of strings",
        )
    return {"user_id": user_id, "roles": list(roles)}
