"""What the bodies of requests about Actions may hold, and what an Action's draft becomes by one."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from musicctl.sandbox.local_tenant import payloads, refusals, triggers
from musicctl.sandbox.local_tenant.payloads import Property
from musicctl.sandbox.local_tenant.refusals import Refusal
from musicctl.sandbox.local_tenant.stored_actions import ActionSecret, Content
from musicctl.sandbox.local_tenant.triggers import Trigger

LONGEST_CODE = 100_000
"""Bytes of source that an Action may have: https://auth0.com/docs/customize/actions/limitations"""

CHANGE = {
    "name": Property("string", "The name of an action."),
    "supported_triggers": Property("array", "The list of triggers that this action supports."),
    "code": Property("string", "The source code of the action."),
    "dependencies": Property("array", "The list of third party npm modules that this action depends on."),
    "runtime": Property("string", "The Node runtime."),
    "secrets": Property("array", "The list of secrets that are included in an action."),
}
CREATE = {**CHANGE, "deploy": Property("boolean", "True if the action should be deployed after creation.")}

EMPTY = "module.exports = () => {}"
"""The source of an Action that is made without one."""


class _Trigger(msgspec.Struct):
    id: str
    version: str | None = None


class _Dependency(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    name: str
    version: str
    registry_url: str = ""


class _Secret(msgspec.Struct):
    name: str
    value: str | None = None


Item = TypeVar("Item")


def check_creation(payload: Mapping[str, object]) -> None:
    """Refuse a new Action without a name or a trigger, or with what no Action has."""
    payloads.check(payload, CREATE)
    for name in ("name", "supported_triggers"):
        if name not in payload:
            raise refusals.invalid(f"Missing required property: {name}", "", "")


def draft(payload: Mapping[str, object], before: Content | None, now: int) -> Content:
    """Return what the payload makes of an Action's content, None for a new one; `now` in nanoseconds."""
    trigger = _trigger(payload, before)
    new = Content(EMPTY, trigger.default_runtime, trigger.id, trigger.version)
    return Content(
        code=_code(payload, before or new),
        runtime=_runtime(payload, before or new, trigger),
        trigger=trigger.id,
        trigger_version=trigger.version,
        dependencies=_dependencies(payload, before or new),
        secrets=_secrets(payload, before or new, now),
    )


def without_secrets(payload: Mapping[str, object]) -> dict[str, object]:
    """Return the payload as a log may have it."""
    if "secrets" not in payload:
        return dict(payload)
    return {
        **payload,
        "secrets": [{"name": secret.name, "value": "***"} for secret in _asked_secrets(payload)],
    }


def _trigger(payload: Mapping[str, object], before: Content | None) -> Trigger:
    """Return the one trigger that the payload names, or else that of before."""
    asked = _items(payload, "supported_triggers", _Trigger)
    if before and asked is None:
        asked = [_Trigger(before.trigger, before.trigger_version)]
    if not asked:
        raise _invalid("supported_triggers", "Array is too short (0), minimum 1")
    if len(asked) > 1:
        raise _invalid("supported_triggers", f"Array is too long ({len(asked)}), maximum 1")
    found = triggers.find(asked[0].id, asked[0].version)
    if found is None:
        raise _invalid(
            "supported_triggers", f"No enum match for: {asked[0].id} {asked[0].version or ''}".rstrip()
        )
    return found


def _code(payload: Mapping[str, object], before: Content) -> str:
    code = str(payload.get("code", before.code))
    size = len(code.encode(errors="replace"))
    if size > LONGEST_CODE:
        raise _invalid("code", f"String is too long ({size} chars), maximum {LONGEST_CODE}")
    return code


def _runtime(payload: Mapping[str, object], before: Content, trigger: Trigger) -> str:
    if "runtime" not in payload:
        return before.runtime
    if payload["runtime"] not in (*trigger.runtimes, trigger.default_runtime):
        raise _invalid("runtime", f"No enum match for: {payload['runtime']}")
    return str(payload["runtime"])


def _dependencies(payload: Mapping[str, object], before: Content) -> list[dict[str, str]]:
    asked = _items(payload, "dependencies", _Dependency)
    if asked is None:
        return before.dependencies
    return [msgspec.to_builtins(dependency) for dependency in asked]


def _secrets(payload: Mapping[str, object], before: Content, now: int) -> list[ActionSecret]:
    """Return the secrets of the payload alone; one that comes without a value keeps that of before.

    Those that were there keep their places, as recorded.
    """
    if "secrets" not in payload:
        return before.secrets
    asked = {secret.name: secret.value for secret in _asked_secrets(payload)}
    kept = [secret for secret in before.secrets if secret.name in asked]
    names = [secret.name for secret in kept] + [name for name in asked if name not in {s.name for s in kept}]
    old = {secret.name: secret for secret in kept}
    return [_secret(name, asked[name], old.get(name), now) for name in names]


def _secret(name: str, value: str | None, before: ActionSecret | None, now: int) -> ActionSecret:
    if value is not None:
        return ActionSecret(name, value, now)
    return before or ActionSecret(name, "", now)


def _asked_secrets(payload: Mapping[str, object]) -> list[_Secret]:
    return _items(payload, "secrets", _Secret) or []


def _items(payload: Mapping[str, object], name: str, kind: type[Item]) -> list[Item] | None:
    """Return a list of the payload in our types, None when it is not there."""
    if name not in payload:
        return None
    try:
        return msgspec.convert(payload[name], list[kind])  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        raise _invalid(name, str(error).replace("`", "")) from None


def _invalid(name: str, reason: str) -> Refusal:
    return refusals.invalid(reason, name, CREATE[name].description)
