"""A user's profile as Auth0 shows it: what follows from id and email address, and what was set."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

from musicctl.sandbox.local_tenant.records import StoredUser

DATABASE = "Username-Password-Authentication"
"""The tenant's one database connection; every other provider has a connection of its own name."""

AVATARS = "https%3A%2F%2Fcdn.auth0.com%2Favatars%2F"


def profile(user: StoredUser) -> dict[str, object]:
    """Return the profile in the order of its keys, which is Auth0's; what is not set is absent, not null.

    Root attributes win over what follows from the columns, so that a profile may be as odd as it likes.
    """
    found: dict[str, object] = {
        **_derived(user.user_id, user.email),
        "created_at": moment(user.created_at),
        "updated_at": moment(user.updated_at),
        **_decoded(user.root),
        "user_id": user.user_id,
    }
    if user.email is not None:
        found["email"] = user.email
    shown = {name: value for name, value in found.items() if value is not None}
    for name, text in (("app_metadata", user.app_metadata), ("user_metadata", user.user_metadata)):
        if text is not None:
            shown[name] = metadata(text)
    return dict(sorted(shown.items()))


def metadata(text: str | None) -> object:
    """Return stored metadata as a value, None when there is none."""
    return None if text is None else msgspec.json.decode(text)


def with_root(user: StoredUser, changes: Mapping[str, object]) -> StoredUser:
    """Return the user with root attributes set, or removed where the value is None.

    What followed from the old email address stays as it was.
    """
    changed = {**_derived(user.user_id, user.email), **_decoded(user.root), **changes}
    asked = changed.pop("email", user.email)
    email = None if asked is None else str(asked)
    derived = _derived(user.user_id, email)
    root = {name: value for name, value in changed.items() if derived.get(name) != value}
    return user._replace(email=email, root=msgspec.json.encode(root).decode() if root else None)


def is_database(user_id: str) -> bool:
    """Tell whether the user's identity is in the tenant's own database connection."""
    return user_id.startswith("auth0|")


def moment(milliseconds: int) -> str:
    """Return a time as Auth0 writes it: ISO 8601 in UTC, with milliseconds and Z."""
    text = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _decoded(text: str | None) -> dict[str, object]:
    root = {} if text is None else msgspec.json.decode(text)
    return root if isinstance(root, dict) else {}


def _derived(user_id: str, email: str | None) -> dict[str, object]:
    provider, _, own = user_id.partition("|")
    database = is_database(user_id)
    connection = DATABASE if database else provider
    identity = {"user_id": own, "connection": connection, "provider": provider, "isSocial": not database}
    if email is None:
        return {"identities": [identity]}
    return {
        "identities": [identity],
        "email_verified": not database,
        "name": email,
        "nickname": email.partition("@")[0],
        "picture": _picture(email),
    }


def _picture(email: str) -> str:
    """Return the picture that a user without one gets: Gravatar's, else the letters of the address."""
    digest = hashlib.md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()
    letters = quote(email[:2].lower(), safe="")
    return f"https://s.gravatar.com/avatar/{digest}?s=480&r=pg&d={AVATARS}{letters}.png"
