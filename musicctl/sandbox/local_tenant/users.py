"""Users: read one, make one, change one, and look them up by email address."""

import secrets
from collections.abc import Mapping

import msgspec
from aiohttp import web

from musicctl.sandbox.local_tenant import (
    indexing,
    metadata,
    passwords,
    payloads,
    profiles,
    queries,
    refusals,
)
from musicctl.sandbox.local_tenant.calls import Call, Route, reply
from musicctl.sandbox.local_tenant.metadata import Kind
from musicctl.sandbox.local_tenant.records import StoredUser
from musicctl.sandbox.local_tenant.storage import milliseconds

METADATA: tuple[Kind, ...] = ("app_metadata", "user_metadata")
APART = (
    ("password", "email"),
    ("password", "email_verified"),
    ("username", "email"),
    ("username", "email_verified"),
    ("username", "password"),
)
"""What cannot be updated simultaneously."""


async def read(call: Call) -> web.StreamResponse:
    """GET /users/{id}: the profile, or the fields asked for."""
    queries.check_names(call.query, queries.FIELDS)
    queries.boolean(call.query, "include_fields", True)
    user = call.services.storage.get_user(call.arguments[0])
    if user is None:
        raise refusals.no_such_user()
    return reply(queries.selected(call.query, user))


async def by_email(call: Call) -> web.StreamResponse:
    """GET /users-by-email: every account with exactly this address, or an empty array."""
    queries.check_names(call.query, queries.FIELDS | {"email"})
    queries.boolean(call.query, "include_fields", True)
    if "email" not in call.query:
        raise refusals.invalid("Missing required property: email", "", "", "Query")
    found = call.services.storage.users_by_email(call.query["email"])
    return reply([queries.selected(call.query, user) for user in found])


async def change(call: Call) -> web.StreamResponse:
    """PATCH /users/{id}: metadata by the merge rules, root attributes as they come; shows the new profile."""
    payload = await call.json_object()
    _check_change(call, payload)
    storage = call.services.storage
    with storage.writing():
        user = storage.get_user(call.arguments[0])
        if user is None:
            raise refusals.no_such_user()
        if payload:
            _check_address(call, user, payload)
            user = _changed(user, payload)
            indexing.remember(storage, user.user_id)
            storage.put_user(user)
            passwords.keep(storage, user.user_id, payload.get("password"))
            record(call, user, payload)
    return reply(profiles.profile(user))


async def create(call: Call) -> web.StreamResponse:
    """POST /users: a new user of the database connection."""
    payload = await call.json_object()
    _check_creation(payload)
    own = payload.get("user_id") or secrets.token_hex(12)
    email = str(payload["email"]).lower()
    now = milliseconds()
    user = with_payload(StoredUser(f"auth0|{own}", email, now, now), {**payload, "email": email})
    storage = call.services.storage
    with storage.writing():
        namesakes = [found for found in storage.users_by_email(email) if profiles.is_database(found.user_id)]
        if namesakes or storage.get_user(user.user_id):
            raise refusals.user_exists()
        indexing.remember(storage, user.user_id)
        storage.put_user(user)
        passwords.keep(storage, user.user_id, payload.get("password"))
        record(call, user, payload)
    return reply(profiles.profile(user), 201)


async def delete(call: Call) -> web.StreamResponse:
    """DELETE /users/{id}: the user is gone, also when there was none."""
    storage = call.services.storage
    with storage.writing():
        user = storage.get_user(call.arguments[0])
        if user is not None:
            indexing.remember(storage, user.user_id)
            storage.delete_user(user.user_id)
            passwords.forget(storage, user.user_id)
            record(call, user, {})
    return web.Response(status=204)


def _changed(user: StoredUser, payload: Mapping[str, object]) -> StoredUser:
    if profiles.is_database(user.user_id):
        _refuse_removals(payload)
    elif "email" in payload:
        raise refusals.bad_request("Cannot update email for non-database user.")
    if payload.get("email"):
        payload = {**payload, "email": str(payload["email"]).lower()}
    # Two changes within a millisecond still show two times.
    return with_payload(user, payload)._replace(updated_at=max(milliseconds(), user.updated_at + 1))


def with_payload(user: StoredUser, payload: Mapping[str, object]) -> StoredUser:
    """Return the user with metadata merged and root attributes set; other properties are not looked at."""
    user = user._replace(
        app_metadata=_after("app_metadata", user.app_metadata, payload),
        user_metadata=_after("user_metadata", user.user_metadata, payload),
    )
    root = {name: value for name, value in payload.items() if name in payloads.ROOT}
    return profiles.with_root(user, root) if root else user


def _after(kind: Kind, before: str | None, payload: Mapping[str, object]) -> str | None:
    patch = payload.get(kind)
    if not isinstance(patch, dict):
        return before
    after = metadata.merged(kind, profiles.metadata(before), patch)
    return None if after is None else msgspec.json.encode(after).decode()


def record(call: Call, user: StoredUser, payload: Mapping[str, object]) -> None:
    """Log a write to a user; belongs into its transaction."""
    shown = {name: "***" if name == "password" else value for name, value in payload.items()}
    call.services.storage.log_effect(
        method=call.request.method,
        path=call.request.raw_path.partition("?")[0],
        user_id=user.user_id,
        body=msgspec.json.encode(shown).decode(),
        correlation_id=call.correlation_id,
    )


def _check_address(call: Call, user: StoredUser, payload: Mapping[str, object]) -> None:
    """Refuse an address that another account of the database has. The wording is not documented."""
    email = str(payload.get("email")).lower()
    others = {found.user_id for found in call.services.storage.users_by_email(email)} - {user.user_id}
    if "email" in payload and any(map(profiles.is_database, others)):
        raise refusals.refusal(400, "The specified new email already exists", "auth0_idp_error")


def _check_change(call: Call, payload: Mapping[str, object]) -> None:
    payloads.check(payload, payloads.PATCH)
    payloads.check_email(payload.get("email"))
    for one, other in APART:
        if one in payload and other in payload:
            raise refusals.bad_request(f"Cannot update {one} and {other} simultaneously.")
    check_metadata(payload)
    # That the narrow scope covers app_metadata alone follows from its name; nothing documents it.
    if payload.keys() - {"app_metadata"} and "update:users" not in call.scopes:
        raise refusals.insufficient_scope(["update:users"])


def _check_creation(payload: Mapping[str, object]) -> None:
    payloads.check(payload, payloads.CREATE)
    for name in ("connection", "email"):
        if payload.get(name) is None:
            raise refusals.invalid(f"Missing required property: {name}", "", "")
    payloads.check_email(payload["email"])
    check_metadata(payload)
    if payload["connection"] != profiles.DATABASE:
        raise refusals.refusal(400, "The connection does not exist.", "inexistent_connection")


def check_metadata(payload: Mapping[str, object]) -> None:
    """Refuse metadata with keys that it must not have."""
    for kind in METADATA:
        patch = payload.get(kind)
        if isinstance(patch, dict):
            metadata.check(kind, patch)


def _refuse_removals(payload: Mapping[str, object]) -> None:
    removed = sorted(name for name in payloads.ROOT if name in payload and payload[name] is None)
    if removed:
        raise refusals.bad_request(
            f"The following user attributes cannot be removed: {', '.join(removed)}. The connection"
            f" ({profiles.DATABASE}) must either be a custom database connection with import mode disabled,"
            " a social or enterprise connection."
        )


READ = ("read:users", "read:current_user", "read:user_idp_tokens")
DELETE = ("delete:users", "delete:current_user")
UPDATE = ("update:users", "update:users_app_metadata", "update:current_user_metadata")
ROUTES = (
    Route("GET", "/api/v2/users/*", read, READ),
    Route("PATCH", "/api/v2/users/*", change, UPDATE),
    Route("DELETE", "/api/v2/users/*", delete, DELETE),
    Route("POST", "/api/v2/users", create, ("create:users",)),
    Route("GET", "/api/v2/users-by-email", by_email, ("read:users",)),
)
