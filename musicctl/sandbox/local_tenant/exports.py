"""The files of export jobs: which users and fields are in them, gzipped, as JSON lines or as CSV."""

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from musicctl.sandbox.local_tenant import payloads, profiles, refusals
from musicctl.sandbox.local_tenant.payloads import EXPORT
from musicctl.sandbox.local_tenant.records import StoredUser
from musicctl.sandbox.local_tenant.refusals import Refusal
from musicctl.sandbox.local_tenant.storage import EXPORTED, Storage

GZIP = 31
"""zlib's window bits for a gzip header and the largest window."""

DEFAULT = ("user_id", "email", "email_verified", "name", "nickname", "picture", "created_at", "updated_at")
"""What an export without `fields` has; the documentation only says that metadata is not in it."""

MOST_COLUMNS = 30
"""Fields of a CSV file: https://auth0.com/docs/manage-users/user-migration/bulk-user-exports"""

LONGEST_NAME = 100
WHOLE = frozenset({"app_metadata", "user_metadata"})
"""What a CSV file may only have parts of."""

DATES = frozenset({"created_at", "updated_at", "last_login", "last_password_reset"})
"""Auth0's own dates, which need no protection from being taken for a formula."""

STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")

Step: TypeAlias = str | int


class _Field(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    export_as: str | None = None


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """What an export job was asked for."""

    format: str = "json"
    limit: int | None = None
    fields: list[_Field] = []
    connection_id: str | None = None


class _Column(NamedTuple):
    """A field: its name, the name it is shown under, and the way to it in a profile."""

    name: str
    shown: str
    steps: tuple[Step, ...]


def asked(payload: Mapping[str, object]) -> Asked:
    """Return what a request asks for; refuses what cannot be exported as Auth0 does."""
    payloads.check(payload, EXPORT)
    try:
        found = msgspec.convert(payload, Asked)
    except msgspec.ValidationError as error:
        raise _invalid("fields", str(error).replace("`", "")) from None
    if found.limit is not None and found.limit < 1:
        raise _invalid("limit", f"Value {found.limit} is less than minimum 1")
    if found.format not in ("json", "csv"):
        raise _invalid("format", f"No enum match for: {found.format}")
    _check_names(found.fields)
    if found.format == "csv":
        _check_columns(found.fields)
    return found


def file(storage: Storage, wanted: Asked) -> Iterator[bytes]:
    """Yield the gzipped file in parts, none of them empty, while it is made of the users as they are now."""
    packer = zlib.compressobj(level=1, wbits=GZIP)
    for text in _text(storage, wanted):
        if chunk := packer.compress(text.encode()):
            yield chunk
    yield packer.flush()


def _text(storage: Storage, wanted: Asked) -> Iterator[str]:
    columns = [_column(field) for field in wanted.fields] or [_column(_Field(name)) for name in DEFAULT]
    if wanted.format == "csv":
        yield ",".join(_header(column.shown) for column in columns) + "\n"
    left = wanted.limit
    for page in _pages(storage, wanted, columns):
        lines = page if left is None else page[:left]
        yield "".join(f"{line}\n" for line in lines)
        if left is not None:
            left -= len(lines)
            if not left:
                return


def _pages(storage: Storage, wanted: Asked, columns: Sequence[_Column]) -> Iterator[list[str]]:
    plain = wanted.format == "json" and wanted.connection_id is None
    if plain and all(column.name in EXPORTED for column in columns):
        yield from storage.all_lines([(column.name, column.shown) for column in columns])
        return
    line = _row if wanted.format == "csv" else _object
    for users in storage.all_users():
        yield [line(profiles.profile(user), columns) for user in users if _is_in(user, wanted)]


def _is_in(user: StoredUser, wanted: Asked) -> bool:
    """Tell whether the user is of the connection asked for: the tenant has one, of its own database."""
    return wanted.connection_id is None or profiles.is_database(user.user_id)


def _object(profile: Mapping[str, object], columns: Sequence[_Column]) -> str:
    """Return a JSON object of the fields that the user has; what a user lacks is absent.

    That a field inside of a field is shown under its whole name is a guess: it is not documented.
    """
    found = ((column.shown, _value(profile, column.steps)) for column in columns)
    return msgspec.json.encode({shown: value for shown, value in found if value is not None}).decode()


def _row(profile: Mapping[str, object], columns: Sequence[_Column]) -> str:
    return ",".join(_cell(_value(profile, column.steps), column.name) for column in columns)


def _cell(value: object, name: str) -> str:
    """Return a value as CSV: text in double quotes after a single one, so that no program runs it."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float) or name in DATES:
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return "\"'" + text.replace('"', '""') + '"'


def _header(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if re.search(r'[",\r\n]', name) else name


def _column(field: _Field) -> _Column:
    steps = (int(index) if index else key for index, key in STEP.findall(field.name))
    return _Column(field.name, field.export_as or field.name, tuple(steps))


def _value(profile: object, steps: Sequence[Step]) -> object:
    found = profile if steps else None
    for step in steps:
        if isinstance(step, int):
            found = found[step] if isinstance(found, list) and step < len(found) else None
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found


def _check_names(fields: Sequence[_Field]) -> None:
    for place, field in enumerate(fields):
        for key, text in (("name", field.name), ("export_as", field.export_as or "")):
            if len(text) > LONGEST_NAME:
                reason = f"String is too long ({len(text)} chars), maximum {LONGEST_NAME}"
                raise refusals.invalid(reason, f"fields[{place}].{key}", EXPORT["fields"].description)


def _check_columns(fields: Sequence[_Field]) -> None:
    if len(fields) > MOST_COLUMNS:
        raise _invalid("fields", f"Array is too long ({len(fields)}), maximum {MOST_COLUMNS}")
    for field in fields:
        if field.name in WHOLE:
            raise _invalid("fields", f"{field.name} cannot be exported as a whole to CSV")


def _invalid(name: str, reason: str) -> Refusal:
    return refusals.invalid(reason, name, EXPORT[name].description)
