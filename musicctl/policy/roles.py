"""How an `app_metadata.roles` value is read and changed: our one role comes or goes, the rest stays."""

from collections.abc import Mapping
from typing import TypeAlias

Roles: TypeAlias = tuple[str, ...]


def read_roles(app_metadata: object) -> Roles | None:
    """Return the roles held in a user's `app_metadata`, or None when they cannot be read.

    Absent, null and an empty list are no roles; a single string, seen in the wild, is one role; anything
    else that is not a list of strings is unreadable and must not be touched.
    """
    if app_metadata is None:
        return ()
    if not isinstance(app_metadata, Mapping):
        return None
    value = app_metadata.get("roles")
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(role, str) for role in value):
        return tuple(value)
    return None


def with_role(roles: Roles, role: str) -> Roles:
    """Return `roles` with `role` held: added at the end when it is not there yet."""
    return roles if role in roles else (*roles, role)


def without_role(roles: Roles, role: str) -> Roles:
    """Return `roles` without any occurrence of `role`, every other entry in its place and order."""
    return tuple(held for held in roles if held != role)
