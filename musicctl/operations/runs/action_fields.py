"""How the journal has Actions: by name, as a fingerprint of the draft and of what runs; bindings as names."""

from musicctl.policy import actions as policy
from musicctl.policy.actions import TRIGGER, Content, Found
from musicctl.tenant.action_records import FAILED, Action, Binding, Version
from musicctl.tenant.client import Tenant

DRAFT, RUNNING, BINDINGS = "action_draft", "action_running", "action_bindings"


def draft(found: Found | None) -> str | None:
    """Return the value of a draft; one that failed to build has to be written again."""
    if found is None:
        return None
    return f"{found.draft.fingerprint} failed" if found.failed else found.draft.fingerprint


def running(found: Found | None) -> str | None:
    """Return the value of what runs."""
    return None if found is None or found.running is None else found.running.fingerprint


def now(tenant: Tenant, field: str, target: str | None) -> object:
    """Return what a field of the journal is in the tenant now, in the shape that JSON gives it there."""
    if field == BINDINGS:
        return list(names(tuple(tenant.actions.bindings(TRIGGER))))
    action = tenant.actions.find(target or "")
    found = None if action is None else read(action)
    return draft(found) if field == DRAFT else running(found)


def read(action: Action) -> Found:
    """Return an Action as plans see it."""
    deployed = action.deployed_version
    return Found(
        action_id=action.id,
        draft=_content(action, action),
        failed=action.status == FAILED,
        running=None if deployed is None else _content(deployed, action),
    )


def names(bindings: tuple[Binding, ...]) -> tuple[str, ...]:
    """Return the names of what is bound."""
    return tuple(binding.action.name or "" for binding in bindings)


def _content(shown: Action | Version, owner: Action) -> Content:
    """Return what an Action or a version is made of; a version may leave its trigger to its Action."""
    triggers = shown.supported_triggers or owner.supported_triggers or []
    trigger = (triggers[0].id, triggers[0].version or "") if triggers else ("", "")
    dependencies = frozenset((each.name, each.version or "") for each in shown.dependencies or [])
    return Content(policy.plain(shown.code or ""), shown.runtime or "", trigger, dependencies)
