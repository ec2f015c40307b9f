"""The fields of a user that runs write, as the tenant has them."""

import json

from musicctl.policy.roles import Roles, read_roles, unreadable
from musicctl.tenant.users import TenantUser


class UnreadableError(Exception):
    """The value in the tenant is nothing that we may touch; the text says why."""


def roles_of(user: TenantUser) -> Roles:
    """Return a user's roles; raises UnreadableError."""
    roles = read_roles(user.app_metadata)
    if roles is None:
        raise UnreadableError(unreadable(user.app_metadata) or "")
    return roles


def name_of(user: TenantUser) -> object:
    """Return the display name as the tenant has it, None for none; raises UnreadableError."""
    if user.user_metadata is None:
        return None
    if not isinstance(user.user_metadata, dict):
        raise UnreadableError("user_metadata is no object")
    name: object = user.user_metadata.get("displayName")
    if not isinstance(name, str | None) and not _can_be_kept(name):
        raise UnreadableError("displayName is no text, and nothing that the journal could hold")
    return name


def _can_be_kept(value: object) -> bool:
    """Tell whether Postgres can hold a value as JSON: with no NUL, no lone surrogate, no infinity."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        return b"\\u0000" not in text.encode()
    except (ValueError, RecursionError):
        return False
