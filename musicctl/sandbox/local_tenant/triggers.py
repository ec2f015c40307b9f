"""The triggers that Actions are made for: GET /actions/triggers, and which runtimes each takes."""

from typing import NamedTuple

from aiohttp import web

from musicctl.sandbox.local_tenant import refusals
from musicctl.sandbox.local_tenant.calls import Call, Route, reply


class Trigger(NamedTuple):
    """One version of a trigger; an Action that names none gets the current one."""

    id: str
    version: str
    status: str
    runtimes: tuple[str, ...]
    default_runtime: str


CURRENT = "CURRENT"
NOW = (CURRENT, ("node18-actions", "node22"), "node22")
THEN = ("DEPRECATED", ("node22",), "node12")
TRIGGERS = (
    Trigger("post-login", "v3", *NOW),
    Trigger("post-login", "v1", *THEN),
    Trigger("post-login", "v2", "DEPRECATED", ("node18", "node22"), "node16"),
    Trigger("credentials-exchange", "v2", *NOW),
    Trigger("credentials-exchange", "v1", *THEN),
    Trigger("pre-user-registration", "v2", *NOW),
    Trigger("pre-user-registration", "v1", *THEN),
    Trigger("post-user-registration", "v1", *THEN),
    Trigger("post-user-registration", "v2", *NOW),
    Trigger("post-change-password", "v1", *THEN),
    Trigger("post-change-password", "v2", *NOW),
    Trigger("send-phone-message", "v2", *NOW),
    Trigger("send-phone-message", "v1", *THEN),
    Trigger("password-reset-post-challenge", "v1", *NOW),
    Trigger("custom-phone-provider", "v1", *NOW),
    Trigger("custom-email-provider", "v1", *NOW),
)
"""What a tenant of 2026 was recorded to list, in its order, less what an administrator cannot bind."""

OTHERS = frozenset(
    {
        "custom-token-exchange",
        "event-stream",
        "login-post-identifier",
        "mcp-tool",
        "password-hash-migration",
        "signup-post-identifier",
    }
)
"""Triggers of Auth0's that are not emulated."""


async def read_all(_call: Call) -> web.StreamResponse:
    """GET /actions/triggers: every version of every trigger."""
    return reply({"triggers": [_shown(trigger) for trigger in TRIGGERS]})


def find(trigger_id: str, version: str | None = None) -> Trigger | None:
    """Return a trigger in this version, or in its current one; None when there is no such trigger."""
    if trigger_id in OTHERS:
        raise refusals.not_emulated(f"the trigger {trigger_id}")
    wanted = (trigger for trigger in TRIGGERS if trigger.id == trigger_id)
    if version is None:
        return next((trigger for trigger in wanted if trigger.status == CURRENT), None)
    return next((trigger for trigger in wanted if trigger.version == version), None)


def _shown(trigger: Trigger) -> dict[str, object]:
    both = (trigger.id, trigger.version) == ("post-login", "v3")
    return {
        **trigger._asdict(),
        "binding_policy": "trigger-bound",
        "compatible_triggers": [{"id": "post-login", "version": "v2"}] if both else [],
    }


ROUTES = (Route("GET", "/api/v2/actions/triggers", read_all, ("read:actions",)),)
