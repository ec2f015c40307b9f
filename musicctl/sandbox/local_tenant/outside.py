"""Another administrator, who edits the roles of a user at the moment that hurts most."""

from typing import NamedTuple

import msgspec

from musicctl.sandbox.local_tenant import indexing, profiles
from musicctl.sandbox.local_tenant.faults import AT_READ
from musicctl.sandbox.local_tenant.storage import Storage, milliseconds

NAME = "outside"
"""Whose writes these are in the log of effects, where others have their correlation id."""


class Edit(NamedTuple):
    """A role to add to a user's roles or to take from them."""

    role: str
    adds: bool

    def applied(self, roles: list[object]) -> list[object]:
        """Return what becomes of a user's roles."""
        if self.adds:
            return roles if self.role in roles else [*roles, self.role]
        return [role for role in roles if role != self.role]


def edit(value: str) -> Edit:
    """Read an edit, as a fault has it for its value: ROLE, +ROLE or -ROLE."""
    text = value.removesuffix(AT_READ)
    return Edit(text[1:], text[0] == "+") if text[0] in "+-" else Edit(text, adds=True)


def edit_roles(storage: Storage, user_id: str, value: str) -> None:
    """Edit the roles of a user as another administrator would, and log it; does nothing when none change.

    A user whose metadata is odd is left alone.
    """
    with storage.writing():
        user = storage.get_user(user_id)
        metadata = profiles.metadata(user.app_metadata or "{}") if user else None
        if user is None or not isinstance(metadata, dict):
            return
        before = metadata.get("roles", [])
        if not isinstance(before, list) or edit(value).applied(before) == before:
            return
        roles = edit(value).applied(before)
        after = msgspec.json.encode({**metadata, "roles": roles}).decode()
        indexing.remember(storage, user_id)
        now = max(milliseconds(), user.updated_at + 1)
        storage.put_user(user._replace(app_metadata=after, updated_at=now))
        _log(storage, user_id, roles)


def _log(storage: Storage, user_id: str, roles: list[object]) -> None:
    storage.log_effect(
        method="PATCH",
        path=f"/api/v2/users/{user_id}",
        user_id=user_id,
        body=msgspec.json.encode({"app_metadata": {"roles": roles}}).decode(),
        correlation_id=NAME,
    )
