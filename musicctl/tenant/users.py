"""One user of the tenant, in our own type: what we read, and nothing that one odd profile could spoil."""

import msgspec

from musicctl.tenant import lenient_json
from musicctl.tenant.border import LostReplyError


class TenantUser(msgspec.Struct, frozen=True):
    """A user as the tenant has it; both metadata are as they came, since anything may stand in them.

    Decoded from a profile as it is: whatever else is there is skipped without being decoded.
    """

    user_id: str
    email: str | None = None
    app_metadata: object = None
    user_metadata: object = None
    email_verified: object = None

    @property
    def display_name(self) -> str | None:
        """The name that the listener chose, or None when there is none or it is not text."""
        if not isinstance(self.user_metadata, dict):
            return None
        name = self.user_metadata.get("displayName")
        return name if isinstance(name, str) else None


_one = lenient_json.reader(TenantUser)
_many = lenient_json.reader(list[TenantUser])


def decode(line: bytes) -> TenantUser | None:
    """Return the user in a JSON object, or None when the object names no id.

    Raises LostReplyError when the bytes are no whole JSON object, as when a reply was cut short.
    """
    try:
        return _named(_one(line))
    except lenient_json.UNREADABLE:
        found = lenient_json.decode(line)
    if not isinstance(found, dict):
        raise LostReplyError(f"a profile cannot be read: {line[:80]!r}", hint="try again")
    return _picked(found)


def decode_list(body: bytes) -> list[TenantUser]:
    """Return the users in a JSON array of them, without those that name no id; raises LostReplyError."""
    try:
        users = [_named(each) for each in _many(body)]
    except lenient_json.UNREADABLE:
        found = lenient_json.decode(body)
        if not isinstance(found, list):
            raise LostReplyError(
                f"a list of profiles cannot be read: {body[:80]!r}", hint="try again"
            ) from None
        users = [_picked(each) for each in found if isinstance(each, dict)]
    return [user for user in users if user is not None]


def _named(user: TenantUser) -> TenantUser | None:
    return user if user.user_id else None


def _picked(found: dict[str, object]) -> TenantUser | None:
    """Return the user in an odd profile: an email that is no text is none, an id that is no text no user."""
    user_id, email = found.get("user_id"), found.get("email")
    if not isinstance(user_id, str):
        return None
    text = email if isinstance(email, str) else None
    metadata = found.get("app_metadata"), found.get("user_metadata")
    return _named(TenantUser(user_id, text, *metadata, found.get("email_verified")))
