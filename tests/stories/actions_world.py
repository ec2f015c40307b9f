"""A tenant with Actions of others and ours, as the stories about them prepare it and look into it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from musicctl.policy.actions import NAMES
from musicctl.sandbox.local_tenant import faults, stored_actions
from musicctl.sandbox.local_tenant.settings import TenantSettings
from musicctl.sandbox.local_tenant.stored_actions import Content, StoredAction, StoredBinding, StoredVersion
from tests.faults.processes import settings
from tests.program import Sandbox

OTHERS = ("first", "second \x1b[31m\u202e", "third")
THEIRS = [(name, f"shown {name}") for name in OTHERS]
OURS = [(name, name) for name in NAMES]


@contextmanager
def quick(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Make the sandbox the profile `env`; builds and waits for lost writes take no time."""
    monkeypatch.delenv("MUSICCTL_PROFILE")
    chosen = {"settle": "0.01s", "claim_namespace": "https://music.example.com"}
    for name, value in settings(sandbox, **chosen).items():
        monkeypatch.setenv(name, value)
    sandbox.tenant.change_settings(TenantSettings(build_time=0))
    yield sandbox
    faults.clear(sandbox.tenant)


def stored(sandbox: Sandbox, name: str, code: str = "// theirs", *, running: bool = True) -> str:
    """Put an Action of somebody else's into the tenant, and return its id."""
    content = Content(code, "node22", "post-login", "v3")
    stored_actions.add_action(sandbox.tenant, StoredAction(name, name, 1, 1, content, 1, 1))
    if running:
        stored_actions.add_version(sandbox.tenant, StoredVersion(f"v {name}", name, 1, content, 1, 1))
    return name


def bind(sandbox: Sandbox, *names: str) -> None:
    """Have the tenant run Actions as somebody else would, with names of their own and new ids."""
    ids = {action.name: action.id for action in stored_actions.actions(sandbox.tenant)}
    seen = len(sandbox.requests())
    bound = [
        StoredBinding(f"{seen}-{at}", "post-login", ids[name], f"shown {name}", 1)
        for at, name in enumerate(names)
    ]
    with sandbox.tenant.writing():
        stored_actions.replace_bindings(sandbox.tenant, "post-login", bound)


def furnish(sandbox: Sandbox) -> None:
    """Put three Actions of somebody else's into the tenant, bound under other names."""
    bind(sandbox, *(stored(sandbox, name) for name in OTHERS))


def bound(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Return what a login runs: the name of each Action, and how it is shown."""
    names = {action.id: action.name for action in stored_actions.actions(sandbox.tenant)}
    found = stored_actions.bindings(sandbox.tenant, "post-login")
    return [(names[each.action_id], each.display_name) for each in found]


def writes(sandbox: Sandbox) -> list[str]:
    """Return the writes that took effect, with the ids of Actions left out."""
    return [f"{each.method} {each.path.split('/')[4]}" for each in sandbox.writes()]
