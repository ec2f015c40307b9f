"""Accounts that a command takes songs from or gives them to: the tenant must know each."""

from musicctl.errors import UsageError
from musicctl.operations.lookup import find
from musicctl.tenant.client import Tenant


def require_two(tenant: Tenant, one: str, other: str) -> None:
    """Raise UsageError when both are the same account, NotFoundError when the tenant lacks one of them."""
    if one == other:
        raise UsageError(f"both accounts are {one}", hint="name two accounts, FROM and TO")
    for user_id in (one, other):
        find(tenant, user_id)
