"""How an `app_metadata.roles` value is read and changed: our one role comes or goes, the rest stays."""

from collections.abc import Mapping
from typing import TypeAlias

Roles: TypeAlias = tuple[str, ...]


def read_roles(app_metadata: object) -> Roles | None:
    """Return the roles held in a user's `app_metadata`, or None when they cannot be read.

    Absent, null and an empty list are no roles; a single string, seen in the wild, is one role; anything
    else that is not a list of strings is unreadable and must not be touched. So is a role with a NUL: neither
    the mirror nor the journal could hold it, and what is not kept cannot be restored.
    """
    if app_metadata is None:
        return ()
    if not isinstance(app_metadata, Mapping):
        return None
    value = app_metadata.get("roles")
    if value is None:
        return ()
    found = [value] if isinstance(value, str) else value
    if isinstance(found, list) and all(isinstance(role, str) and "\0" not in role for role in found):
        return tuple(found)
    return None


def unreadable(app_metadata: object) -> str | None:
    """Say why the roles in `app_metadata` cannot be read, or None when they can."""
    if read_roles(app_metadata) is not None:
        return None
    if not isinstance(app_metadata, Mapping):
        return f"app_metadata is {_kind(app_metadata)}"
    value = app_metadata["roles"]
    if isinstance(value, str | list):
        odd = [entry for entry in value if not isinstance(entry, str)]
        return f"roles contain {_kind(odd[0]) if odd else 'a NUL character'}"
    return f"roles are {_kind(value)}"


def _kind(value: object) -> str:
    """Name a JSON value's type as JSON does."""
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array"}
    return names.get(type(value), "an object")


def with_role(roles: Roles, role: str) -> Roles:
    """Return `roles` with `role` held: added at the end when it is not there yet."""
    return roles if role in roles else (*roles, role)


def without_role(roles: Roles, role: str) -> Roles:
    """Return `roles` without any occurrence of `role`, every other entry in its place and order."""
    return tuple(held for held in roles if held != role)
