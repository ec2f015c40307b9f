"""How a PATCH changes metadata: the merge rules, in which app_metadata and user_metadata differ a little."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from musicctl.sandbox.local_tenant import refusals

Kind: TypeAlias = Literal["app_metadata", "user_metadata"]

DESCRIPTIONS: Mapping[str, str] = {
    "app_metadata": "User metadata to which this user has read-only access",
    "user_metadata": "User metadata to which this user has read/write access",
}
RESERVED = frozenset(
    {
        "__tenant",
        "_id",
        "blocked",
        "clientID",
        "created_at",
        "email_verified",
        "email",
        "globalClientID",
        "global_client_id",
        "identities",
        "lastIP",
        "lastLogin",
        "loginsCount",
        "metadata",
        "multifactor_last_modified",
        "multifactor",
        "updated_at",
        "user_id",
    }
)
"""Keys that app_metadata must not have: https://auth0.com/docs/manage-users/user-accounts/metadata"""


def merged(kind: Kind, before: object, patch: Mapping[str, object]) -> dict[str, object] | None:
    """Return the metadata that `patch` leaves of `before`; None means that the key is gone from the profile.

    The first level is merged and null removes a key; arrays and objects below are replaced as they are, and
    keep their own nulls. An empty patch removes everything: `user_metadata` stays as `{}`, `app_metadata`
    goes. That removing the last key does the same is likely, and not documented.
    """
    kept = before if isinstance(before, dict) and patch else {}
    after = {name: value for name, value in {**kept, **patch}.items() if value is not None}
    return None if kind == "app_metadata" and not after else after


def check(kind: Kind, patch: Mapping[str, object]) -> None:
    """Refuse keys that metadata must not have. The wording of the refusal is not documented."""
    for name in patch:
        if "." in name or "$" in name:
            raise refusals.invalid(
                f"Property names must not contain . or $: {name}", kind, DESCRIPTIONS[kind]
            )
        if kind == "app_metadata" and name in RESERVED:
            reason = f"Additional properties not allowed: {name}"
            raise refusals.invalid(reason, kind, DESCRIPTIONS[kind])
