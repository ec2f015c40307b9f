"""One user of the tenant, in our own type: what we read, and nothing that one odd profile could spoil."""

from dataclasses import dataclass

import msgspec

from musicctl.tenant import lenient
from musicctl.tenant.speaking import LostReplyError


@dataclass(frozen=True, slots=True)
class TenantUser:
    """A user as the tenant has it; both metadata are as they came, since anything may stand in them."""

    user_id: str
    email: str | None
    app_metadata: object
    user_metadata: object

    @property
    def display_name(self) -> str | None:
        """The name that the listener chose, or None when there is none or it is not text."""
        if not isinstance(self.user_metadata, dict):
            return None
        name = self.user_metadata.get("displayName")
        return name if isinstance(name, str) else None


class _Profile(msgspec.Struct):
    """The fields that we read of a profile; whatever else is there is skipped without being decoded."""

    user_id: object = None
    email: object = None
    app_metadata: object = None
    user_metadata: object = None


_one = msgspec.json.Decoder(_Profile)
_many = msgspec.json.Decoder(list[_Profile])


def decode(line: bytes) -> TenantUser | None:
    """Return the user in a JSON object, or None when the object names no id.

    Raises LostReplyError when the bytes are no whole JSON object, as when a reply was cut short.
    """
    try:
        return _user(_one.decode(line))
    except (msgspec.DecodeError, RecursionError):
        found = lenient.decode(line)
    if not isinstance(found, dict):
        raise LostReplyError(f"a profile cannot be read: {line[:80]!r}", hint="try again")
    return _user(_picked(found))


def decode_list(body: bytes) -> list[TenantUser]:
    """Return the users in a JSON array of them, without those that name no id; raises LostReplyError."""
    try:
        profiles = _many.decode(body)
    except (msgspec.DecodeError, RecursionError):
        found = lenient.decode(body)
        if not isinstance(found, list):
            raise LostReplyError(
                f"a list of profiles cannot be read: {body[:80]!r}", hint="try again"
            ) from None
        profiles = [_picked(each) for each in found if isinstance(each, dict)]
    return [user for user in map(_user, profiles) if user is not None]


def _picked(found: dict[str, object]) -> _Profile:
    return _Profile(*map(found.get, _Profile.__struct_fields__))


def _user(profile: _Profile) -> TenantUser | None:
    if not isinstance(profile.user_id, str) or not profile.user_id:
        return None
    email = profile.email if isinstance(profile.email, str) else None
    return TenantUser(profile.user_id, email, profile.app_metadata, profile.user_metadata)
