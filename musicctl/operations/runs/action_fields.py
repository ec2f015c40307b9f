"""How the journal has Actions: by name, as a fingerprint of the draft and of what runs; bindings as names."""

from musicctl.operations.actions.plan import names, read
from musicctl.policy.actions import TRIGGER, Found
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
