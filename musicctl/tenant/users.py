"""One user of the tenant, in our own type: what we read, and nothing that one odd profile could spoil."""

from dataclasses import dataclass

import msgspec

from musicctl.errors import UnavailableError


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

    user_id: str
    email: object = None
    app_metadata: object = None
    user_metadata: object = None


_one = msgspec.json.Decoder(_Profile)
_many = msgspec.json.Decoder(list[_Profile])


def decode(line: bytes) -> TenantUser:
    """Return the user in a JSON object; raises UnavailableError when there is none with an id."""
    try:
        return _user(_one.decode(line))
    except msgspec.DecodeError:
        raise UnavailableError(f"a profile cannot be read: {line[:80]!r}", hint="try again") from None


def decode_list(body: bytes) -> list[TenantUser]:
    """Return the users in a JSON array of them."""
    try:
        return [_user(profile) for profile in _many.decode(body)]
    except msgspec.DecodeError:
        raise UnavailableError(
            f"a list of profiles cannot be read: {body[:80]!r}", hint="try again"
        ) from None


def _user(profile: _Profile) -> TenantUser:
    email = profile.email if isinstance(profile.email, str) else None
    return TenantUser(profile.user_id, email, profile.app_metadata, profile.user_metadata)
