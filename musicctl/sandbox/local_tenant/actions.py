"""Actions: made, changed, built after a while, deployed as versions, and removed once nothing runs them."""

import time
from collections.abc import Mapping
from uuid import uuid4

import msgspec
from aiohttp import web

from musicctl.sandbox.local_tenant import (
    action_payloads,
    action_shapes,
    payloads,
    queries,
    refusals,
    stored_actions,
)
from musicctl.sandbox.local_tenant.action_shapes import Shape
from musicctl.sandbox.local_tenant.calls import Call, Route, reply
from musicctl.sandbox.local_tenant.storage import Storage
from musicctl.sandbox.local_tenant.stored_actions import Content, StoredAction, StoredVersion

MOST_ACTIONS = 100
"""Actions that a tenant may have: https://auth0.com/docs/customize/actions/limitations"""

PAGED = frozenset({"page", "per_page"})
LISTED = PAGED | {"triggerId", "actionName", "deployed", "installed"}
PAGE = 20
LARGEST_PAGE = 100


async def read_all(call: Call) -> web.StreamResponse:
    """GET /actions/actions: those with a name, for a trigger, deployed or not, a page at a time."""
    queries.check_names(call.query, LISTED)
    storage, now = call.services.storage, time.time_ns()
    return reply(paged(call, "actions", [_shown(storage, found, now) for found in _wanted(call, now)]))


async def create(call: Call) -> web.StreamResponse:
    """POST /actions/actions: a new Action, pending; with `deploy` it is deployed when it is built."""
    payload = await call.json_object()
    action_payloads.check_creation(payload)
    storage, now = call.services.storage, time.time_ns()
    content = action_payloads.draft(payload, None, now)
    with storage.writing():
        if len(stored_actions.actions(storage)) >= MOST_ACTIONS:
            raise refusals.too_many_entities()
        _check_name(storage, payload["name"])
        new = StoredAction(
            str(uuid4()), str(payload["name"]), now, now, content, now, now + _build_time(call)
        )
        stored_actions.add_action(storage, new)
        if payload.get("deploy"):
            stored_actions.add_version(storage, _version(new, 1, new.built_at))
        record(call, action_payloads.without_secrets(payload))
    return reply(action_shapes.action(new, [], new.drafted_at), 201)


async def read(call: Call) -> web.StreamResponse:
    """GET /actions/actions/{id}."""
    storage, now = call.services.storage, time.time_ns()
    return reply(_shown(storage, _action(call), now))


async def change(call: Call) -> web.StreamResponse:
    """PATCH /actions/actions/{id}: a new draft, pending; what is deployed stays as it is."""
    payload = await call.json_object()
    payloads.check(payload, action_payloads.CHANGE)
    storage, now = call.services.storage, time.time_ns()
    with storage.writing():
        before = _action(call)
        after = _changed(call, before, payload, now)
        stored_actions.forget_versions_to_come(storage, before.id, now)
        stored_actions.change_action(storage, after)
        record(call, action_payloads.without_secrets(payload))
    return reply(_shown(storage, after, after.drafted_at))


async def remove(call: Call) -> web.StreamResponse:
    """DELETE /actions/actions/{id}: also its versions; its bindings only with `force`."""
    queries.check_names(call.query, frozenset({"force"}))
    storage, force = call.services.storage, queries.boolean(call.query, "force", False)
    with storage.writing():
        found = _action(call)
        if stored_actions.is_bound(storage, found.id) and not force:
            raise refusals.action_is_bound()
        stored_actions.remove_action(storage, found.id)
        record(call, {})
    return web.Response(status=204)


async def deploy(call: Call) -> web.StreamResponse:
    """POST /actions/actions/{id}/deploy: the draft, when it is built, becomes the version that runs."""
    storage, now = call.services.storage, time.time_ns()
    with storage.writing():
        found = _action(call)
        if action_shapes.status(found, now) != "built":
            raise refusals.action_is_not_built()
        number = len(stored_actions.versions(storage, found.id, now)) + 1
        new = _version(found, number, now)
        stored_actions.add_version(storage, new)
        record(call, {})
    # Auth0's document says 202; every recorded reply is a 200.
    return reply(action_shapes.deployment(new, found))


async def read_versions(call: Call) -> web.StreamResponse:
    """GET /actions/actions/{id}/versions: the latest first."""
    queries.check_names(call.query, PAGED)
    return reply(paged(call, "versions", [shown for _, shown in _versions(call)]))


async def read_version(call: Call) -> web.StreamResponse:
    """GET /actions/actions/{id}/versions/{id}."""
    for number, shown in _versions(call):
        if number == call.arguments[1]:
            return reply(shown)
    raise refusals.no_such_action_version()


def paged(call: Call, name: str, shown: list[Shape]) -> Shape:
    """Return the page of a list that the query asks for."""
    number = queries.integer(call.query, "page", 0)
    size = queries.integer(call.query, "per_page", PAGE, LARGEST_PAGE)
    part = shown[number * size : (number + 1) * size]
    return action_shapes.page(name, part, len(shown), number, size)


def record(call: Call, payload: Mapping[str, object]) -> None:
    """Log a write that is no user's; belongs into its transaction."""
    call.services.storage.log_effect(
        method=call.request.method,
        path=call.request.raw_path.partition("?")[0],
        user_id=None,
        body=msgspec.json.encode(payload).decode(),
        correlation_id=call.correlation_id,
    )


def _wanted(call: Call, now: int) -> list[StoredAction]:
    """Return the Actions that the query asks for; none of the tenant's comes from a marketplace."""
    query, storage = call.query, call.services.storage
    found = [] if queries.boolean(query, "installed", False) else stored_actions.actions(storage)
    if "actionName" in query:
        found = [action for action in found if action.name == query["actionName"]]
    if "triggerId" in query:
        found = [action for action in found if action.content.trigger == query["triggerId"]]
    if "deployed" in query:
        runs = queries.boolean(query, "deployed", True)
        found = [action for action in found if bool(stored_actions.versions(storage, action.id, now)) == runs]
    return found


def _action(call: Call) -> StoredAction:
    found = stored_actions.action(call.services.storage, call.arguments[0])
    if found is None:
        raise refusals.no_such_action()
    return found


def _shown(storage: Storage, found: StoredAction, now: int) -> Shape:
    return action_shapes.action(found, stored_actions.versions(storage, found.id, now), now)


def _versions(call: Call) -> list[tuple[str, Shape]]:
    owner = _action(call)
    found = stored_actions.versions(call.services.storage, owner.id, time.time_ns())
    return [(version.id, action_shapes.version(version, found[0], owner)) for version in found]


def _version(of: StoredAction, number: int, now: int) -> StoredVersion:
    return StoredVersion(str(uuid4()), of.id, number, of.content, of.drafted_at, now)


def _changed(call: Call, before: StoredAction, payload: Mapping[str, object], now: int) -> StoredAction:
    storage, name = call.services.storage, payload.get("name", before.name)
    if name != before.name:
        _check_name(storage, name)
    content = action_payloads.draft(payload, before.content, now)
    _check_trigger(storage, before, content)
    built_at = now + _build_time(call)
    return before._replace(name=str(name), updated_at=now, content=content, drafted_at=now, built_at=built_at)


def _check_trigger(storage: Storage, before: StoredAction, after: Content) -> None:
    if after.trigger != before.content.trigger and stored_actions.is_bound(storage, before.id):
        raise refusals.wrong_trigger()


def _check_name(storage: Storage, name: object) -> None:
    if any(found.name == name for found in stored_actions.actions(storage)):
        raise refusals.action_exists()


def _build_time(call: Call) -> int:
    return int(call.services.storage.settings().build_time * 1_000_000_000)


ROUTES = (
    Route("GET", "/api/v2/actions/actions", read_all, ("read:actions",)),
    Route("POST", "/api/v2/actions/actions", create, ("create:actions",)),
    Route("GET", "/api/v2/actions/actions/*", read, ("read:actions",)),
    Route("PATCH", "/api/v2/actions/actions/*", change, ("update:actions",)),
    Route("DELETE", "/api/v2/actions/actions/*", remove, ("delete:actions",)),
    Route("POST", "/api/v2/actions/actions/*/deploy", deploy, ("create:actions",)),
    Route("GET", "/api/v2/actions/actions/*/versions", read_versions, ("read:actions",)),
    Route("GET", "/api/v2/actions/actions/*/versions/*", read_version, ("read:actions",)),
)
