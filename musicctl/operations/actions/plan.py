"""What the tenant's post-login Actions should be, are, and would become; nothing is written."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from musicctl.errors import ConfigError, RefusedError
from musicctl.operations.runs.action_fields import names, read
from musicctl.policy import actions as policy
from musicctl.policy.actions import ActionsPlan, Content, Found, OldRule
from musicctl.tenant.action_records import Binding
from musicctl.tenant.client import Tenant

FILES = {policy.ROLES_CLAIM: "roles_claim.cjs", policy.DEFAULT_NAME: "default_name.cjs"}
PLACE = '"claim_namespace"'
"""Where the namespace goes in the code, as a text of JavaScript's. A secret of the Action's would not do:

the tenant does not show it, so nobody could tell whether it is still the one of the settings.
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """What the tenant has: its Actions by name, and what post-login runs, in this order."""

    found: dict[str, Found]
    bindings: tuple[Binding, ...]

    @property
    def bound(self) -> tuple[str, ...]:
        """The names of what post-login runs."""
        return names(self.bindings)


def wanted(namespace: str | None) -> dict[str, Content]:
    """Return what our Actions are made of; raises ConfigError for a namespace that Auth0 does not take."""
    if namespace is None:
        raise ConfigError(
            "claim_namespace is not set: nobody knows which claim the roles are to be in",
            hint="set it in the profile, or as MUSICCTL_CLAIM_NAMESPACE in the environment, to an address of"
            " your own, such as https://music.example.com",
        )
    problem = policy.namespace_problem(namespace)
    if problem:
        raise ConfigError(
            f"claim_namespace {problem}",
            hint="take an address of your own, such as https://music.example.com",
        )
    return {name: Content(policy.plain(_code(name, namespace))) for name in policy.NAMES}


def plan(tenant: Tenant, contents: dict[str, Content]) -> ActionsPlan:
    """Return what would bring about `contents`; raises RefusedError where the tenant has no room for it."""
    picture = look(tenant)
    made = policy.plan(contents, picture.found, picture.bound)
    if len(made.bound_after) > policy.MOST_BOUND:
        raise RefusedError(
            f"post-login runs {len(made.bound_before)} Actions already, and Auth0 takes {policy.MOST_BOUND}",
            hint="unbind one that is not needed any more",
        )
    return made


def removal(tenant: Tenant) -> ActionsPlan:
    """Return what would take our Actions away; raises RefusedError as `look` does."""
    picture = look(tenant)
    return policy.removal(picture.found, picture.bound)


def look(tenant: Tenant) -> Picture:
    """Return what the tenant has; raises RefusedError when an Action of our name is somebody else's."""
    found = {action.name: read(action) for action in tenant.actions.all() if action.name in policy.NAMES}
    for name in policy.foreign(found):
        raise not_ours(name)
    return Picture(found, tuple(tenant.actions.bindings(policy.TRIGGER)))


def old_rules(tenant: Tenant) -> tuple[OldRule, ...] | None:
    """Return which Rules still do the job of something else, or None when the tenant does not show them.

    Raises DeniedError when it would, to an application with the scope for it.
    """
    rules = tenant.actions.rules()
    if rules is None:
        return None
    return policy.doing_our_job((rule.name, rule.script) for rule in rules if rule.enabled)


def not_ours(name: str) -> RefusedError:
    """Return the error for an Action of our name that does not say that it is ours."""
    return RefusedError(
        f"the tenant has an Action {name} that musicctl did not make, and nothing was written",
        hint="rename it in the tenant's dashboard, or delete it there if nobody needs it",
    )


def _code(name: str, namespace: str) -> str:
    """Return the code of an Action; the namespace is written as ASCII, whatever is in it."""
    return _template(name).replace(PLACE, json.dumps(namespace))


@cache
def _template(name: str) -> str:
    return (
        files("musicctl.operations.actions").joinpath("post_login", FILES[name]).read_text(encoding="utf-8")
    )
