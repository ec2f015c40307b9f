"""What the bodies of user requests may hold: properties, their types, and Auth0's words for them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from musicctl.sandbox.local_tenant import metadata, refusals

EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a payload: its JSON type, and the words that Auth0's refusals add."""

    type: str
    description: str
    nullable: bool = False
    longest: int | None = None


ROOT = {
    "blocked": Property("boolean", "Whether this user was blocked by an administrator"),
    "email": Property("string", "Email address of this user", nullable=True),
    "email_verified": Property("boolean", "Whether this email address is verified"),
    "family_name": Property("string", "Family name/last name/surname of this user", True, 150),
    "given_name": Property("string", "Given name/first name/forename of this user", True, 150),
    "name": Property("string", "Name of this user", True, 300),
    "nickname": Property("string", "Preferred nickname or alias of this user", True, 300),
    "phone_number": Property("string", "The user's phone number", nullable=True),
    "phone_verified": Property("boolean", "Whether this phone number is verified"),
    "picture": Property("string", "URL to picture, photo, or avatar of this user", nullable=True),
    "username": Property("string", "The user's username", True, 128),
}
"""The attributes of a profile that a request may set; the properties below steer it and are not kept."""

METADATA = {name: Property("object", text) for name, text in metadata.DESCRIPTIONS.items()}
PATCH = {
    **ROOT,
    **METADATA,
    "client_id": Property("string", "Auth0 client ID. Only valid when updating email address"),
    "connection": Property("string", "Name of the connection to target for this user update"),
    "password": Property("string", "New password for this user", nullable=True),
    "verify_email": Property("boolean", "Whether this user will receive a verification email"),
    "verify_phone_number": Property("boolean", "Whether this user will receive a text"),
}
CREATE = {
    **ROOT,
    **METADATA,
    "connection": Property("string", "Name of the connection this user should be created in"),
    "password": Property("string", "Initial password for this user"),
    "user_id": Property("string", "The external user's id provided by the identity provider", False, 255),
    "verify_email": Property("boolean", "Whether the user will receive a verification email"),
}
EXPORT = {
    "connection_id": Property("string", "connection_id of the connection from which users will be exported"),
    "fields": Property("array", "List of fields to be included in the CSV"),
    "format": Property("string", "Format of the file"),
    "limit": Property("integer", "Limit the number of records"),
}


def check(payload: Mapping[str, object], allowed: Mapping[str, Property]) -> None:
    """Refuse a payload with another property than the allowed ones, or one of another type."""
    for name, value in payload.items():
        if name not in allowed:
            raise refusals.invalid(f"Additional properties not allowed: {name}", "", "")
        wanted = allowed[name]
        if not (value is None and wanted.nullable) and refusals.type_name(value) != wanted.type:
            raise refusals.wrong_type(wanted.type, value, name, wanted.description)
        if isinstance(value, str):
            _check_length(value, name, wanted)


def _check_length(value: str, name: str, wanted: Property) -> None:
    if not value:
        raise refusals.invalid("String is too short (0 chars), minimum 1", name, wanted.description)
    if wanted.longest is not None and len(value) > wanted.longest:
        reason = f"String is too long ({len(value)} chars), maximum {wanted.longest}"
        raise refusals.invalid(reason, name, wanted.description)


def check_email(email: object) -> None:
    """Refuse what is not like an email address; None will do."""
    if email is not None and not EMAIL.fullmatch(str(email)):
        reason = f"Object didn't pass validation for format email: {email}"
        raise refusals.invalid(reason, "email", ROOT["email"].description)
