"""Which Actions a trigger runs, and in which order: read, and replaced as one list."""

import time
from collections.abc import Mapping, Sequence
from uuid import uuid4

import msgspec
from aiohttp import web

from musicctl.sandbox.local_tenant import action_shapes, payloads, queries, refusals, stored_actions, triggers
from musicctl.sandbox.local_tenant.action_shapes import Shape
from musicctl.sandbox.local_tenant.actions import PAGED, paged, record
from musicctl.sandbox.local_tenant.calls import Call, Route, reply
from musicctl.sandbox.local_tenant.payloads import Property
from musicctl.sandbox.local_tenant.storage import Storage
from musicctl.sandbox.local_tenant.stored_actions import StoredAction, StoredBinding

MOST_BINDINGS = 20
"""Actions that one trigger may run: https://auth0.com/docs/customize/actions/limitations"""

BINDINGS = {"bindings": Property("array", "The actions that will be bound to this trigger.")}
PATH = "/api/v2/actions/triggers/*/bindings"


class _Ref(msgspec.Struct):
    type: str
    value: str


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    ref: _Ref
    display_name: str | None = None


async def read_all(call: Call) -> web.StreamResponse:
    """GET /actions/triggers/{id}/bindings: in the order in which they run."""
    queries.check_names(call.query, PAGED)
    trigger_id = _trigger_id(call)
    bound = stored_actions.bindings(call.services.storage, trigger_id)
    return reply(paged(call, "bindings", _shown(call.services.storage, bound)))


async def replace(call: Call) -> web.StreamResponse:
    """PATCH /actions/triggers/{id}/bindings: these and no others, each with a new id."""
    payload = await call.json_object()
    trigger_id, asked = _trigger_id(call), _asked(payload)
    storage, now = call.services.storage, time.time_ns()
    with storage.writing():
        new = [_bound(storage, trigger_id, one, now) for one in asked]
        stored_actions.replace_bindings(storage, trigger_id, new)
        record(call, payload)
    return reply({"bindings": _shown(storage, new)})


def _trigger_id(call: Call) -> str:
    trigger_id = call.arguments[0]
    if triggers.find(trigger_id) is None:
        raise refusals.no_such_trigger(trigger_id)
    return trigger_id


def _asked(payload: Mapping[str, object]) -> list[_Asked]:
    payloads.check(payload, BINDINGS)
    asked = payload.get("bindings")
    if not isinstance(asked, list):
        raise refusals.invalid("Missing required property: bindings", "", "")
    if len(asked) > MOST_BINDINGS:
        reason = f"Array is too long ({len(asked)}), maximum {MOST_BINDINGS}"
        raise refusals.invalid(reason, "bindings", BINDINGS["bindings"].description)
    return [_converted(entry, place) for place, entry in enumerate(asked)]


def _converted(entry: object, place: int) -> _Asked:
    try:
        return msgspec.convert(entry, _Asked)
    except msgspec.ValidationError:
        raise refusals.no_such_binding_shape(place) from None


def _bound(storage: Storage, trigger_id: str, asked: _Asked, now: int) -> StoredBinding:
    action = _meant(storage, trigger_id, asked.ref)
    if action.content.trigger != trigger_id:
        raise refusals.wrong_trigger()
    if not stored_actions.versions(storage, action.id, now):
        raise refusals.action_is_not_deployed()
    return StoredBinding(str(uuid4()), trigger_id, action.id, asked.display_name or action.name, now)


def _meant(storage: Storage, trigger_id: str, ref: _Ref) -> StoredAction:
    """Return the Action that a reference means, by its id, its name or one of the present bindings."""
    by_binding = {bound.id: bound.action_id for bound in stored_actions.bindings(storage, trigger_id)}
    for action in stored_actions.actions(storage):
        meant = {"action_id": action.id, "action_name": action.name}
        if ref.value == meant.get(ref.type):
            return action
        if ref.type == "binding_id" and by_binding.get(ref.value) == action.id:
            return action
    raise refusals.no_such_action()


def _shown(storage: Storage, bound: Sequence[StoredBinding]) -> list[Shape]:
    actions = {action.id: action for action in stored_actions.actions(storage)}
    now = time.time_ns()
    return [
        action_shapes.binding(
            one, actions[one.action_id], stored_actions.versions(storage, one.action_id, now)
        )
        for one in bound
    ]


ROUTES = (
    Route("GET", PATH, read_all, ("read:actions",)),
    Route("PATCH", PATH, replace, ("update:actions",)),
)
