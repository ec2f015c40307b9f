"""How Actions, versions and bindings are shown: keys, their order and what is absent, all as recorded."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from musicctl.sandbox.local_tenant.stored_actions import (
    Content,
    StoredAction,
    StoredBinding,
    StoredVersion,
)

Shape: TypeAlias = dict[str, object]


def moment(nanoseconds: int) -> str:
    """Return a time as Auth0 writes it for Actions: ISO 8601 in UTC, with nanoseconds and Z."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"


def status(action: StoredAction, now: int) -> str:
    """Return how far the build of an Action's draft is at `now`; at the change itself it is pending."""
    if now > action.drafted_at and now >= action.built_at:
        return "built"
    return "building" if 2 * now > action.drafted_at + action.built_at else "pending"


def action(found: StoredAction, versions: Sequence[StoredVersion], now: int) -> Shape:
    """Return an Action with its draft, and with the version that runs when there is one."""
    return {
        **_named(found),
        "created_at": moment(found.created_at),
        "updated_at": moment(found.drafted_at),
        "code": found.content.code,
        "dependencies": found.content.dependencies,
        "runtime": found.content.runtime,
        "status": status(found, now),
        "secrets": _secrets(found.content),
        **_running(versions),
        "all_changes_deployed": bool(versions) and versions[0].drafted_at == found.drafted_at,
    }


def version(found: StoredVersion, latest: StoredVersion, owner: StoredAction) -> Shape:
    """Return one version among the others of its Action."""
    return {**_version(found, deployed=found.id == latest.id), "action": _bare(owner)}


def deployment(new: StoredVersion, owner: StoredAction) -> Shape:
    """Return the reply to a deployment: the version, which does not run yet and has no `built_at`."""
    shown = {**_version(new, deployed=False), "action": _bare(owner)}
    del shown["built_at"]
    return shown


def binding(found: StoredBinding, owner: StoredAction, versions: Sequence[StoredVersion]) -> Shape:
    """Return a binding; the Action in it is without its draft, and says that not all is deployed."""
    bare = _bare(owner)
    undeployed = bare.pop("all_changes_deployed")
    return {
        "id": found.id,
        "trigger_id": found.trigger_id,
        "action": {**bare, **_running(versions), "all_changes_deployed": undeployed},
        "created_at": moment(found.created_at),
        "updated_at": moment(found.created_at),
        "display_name": found.display_name,
    }


def page(name: str, shown: Sequence[Shape], total: int, number: int, size: int) -> Shape:
    """Return a page of a list; a total or page number of 0 is absent, as is the total of an empty page."""
    counted = {"total": total if shown else 0, "page": number}
    return {name: shown, **{key: value for key, value in counted.items() if value}, "per_page": size}


def _named(found: StoredAction) -> Shape:
    return {"id": found.id, "name": found.name, "supported_triggers": _triggers(found.content)}


def _bare(found: StoredAction) -> Shape:
    return {
        **_named(found),
        "created_at": moment(found.created_at),
        "updated_at": moment(found.updated_at),
        "all_changes_deployed": False,
    }


def _running(versions: Sequence[StoredVersion]) -> Shape:
    if not versions:
        return {}
    latest = versions[0]
    current = {
        "id": latest.id,
        "code": latest.content.code,
        "runtime": latest.content.runtime,
        "status": "BUILT",
        "number": latest.number,
        "build_time": moment(latest.created_at),
        "created_at": moment(latest.created_at),
        "updated_at": moment(latest.created_at),
    }
    return {"current_version": current, "deployed_version": _version(latest, deployed=True)}


def _version(found: StoredVersion, *, deployed: bool) -> Shape:
    return {
        "code": found.content.code,
        "dependencies": found.content.dependencies,
        "id": found.id,
        "deployed": deployed,
        "number": found.number,
        "built_at": moment(found.created_at),
        "secrets": _secrets(found.content),
        "status": "built",
        "created_at": moment(found.created_at),
        "updated_at": moment(found.created_at),
        "runtime": found.content.runtime,
        "supported_triggers": _triggers(found.content),
    }


def _secrets(content: Content) -> list[Shape]:
    return [{"name": secret.name, "updated_at": moment(secret.updated_at)} for secret in content.secrets]


def _triggers(content: Content) -> list[Shape]:
    return [{"id": content.trigger, "version": content.trigger_version}]
