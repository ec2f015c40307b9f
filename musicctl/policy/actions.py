"""The two post-login Actions: what a tenant should have, what it has, and the plan from one to the other."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from enum import Enum
from urllib.parse import urlsplit

ROLES_CLAIM = "musicctl-roles-claim"
DEFAULT_NAME = "musicctl-default-name"
NAMES = (ROLES_CLAIM, DEFAULT_NAME)
"""What our Actions are called, in the order in which they are bound."""

TRIGGER = "post-login"
VERSION = "v3"
RUNTIME = "node22"

MARK = "// Managed by musicctl: "
"""How the code of every Action of ours begins; without it, an Action of our name is somebody else's."""

MOST_BOUND = 20
"""Actions that one trigger runs: https://auth0.com/docs/customize/actions/limitations"""

AUTH0_DOMAINS = ("auth0.com", "webtask.io", "webtask.run")
"""Namespaces whose claims Auth0 drops without a word: docs, secure/tokens, create-custom-claims."""

JOBS = (
    ("musicctl roles sync", (r"\broles\b", r"\bupdateAppMetadata\b")),
    (ROLES_CLAIM, (r"\broles\b", r"\b(?:id|access)Token\b")),
    (DEFAULT_NAME, (r"\bdisplayName\b",)),
)
"""What took over from a Rule, by all that its script mentions; the first that fits."""


class Step(Enum):
    """One thing to be done about an Action."""

    CREATE = "create"
    UPDATE = "update"
    DEPLOY = "deploy"
    BIND = "bind"
    UNBIND = "unbind"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Content:
    """What an Action is made of: two that are equal run alike. `trigger` is its id and its version."""

    code: str
    runtime: str = RUNTIME
    trigger: tuple[str, str] = (TRIGGER, VERSION)
    dependencies: frozenset[tuple[str, str]] = frozenset()

    @property
    def fingerprint(self) -> str:
        """The runtime and the beginning of a sha256 of all of it: how the journal has an Action."""
        parts = [self.code, self.runtime, self.trigger, sorted(self.dependencies)]
        return f"{self.runtime} {hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]}"

    def differences(self, other: "Content") -> tuple[str, ...]:
        """Name the parts in which the two differ."""
        return tuple(name for name in self.__slots__ if getattr(self, name) != getattr(other, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An Action of the tenant: its draft, whether that failed to build, and what runs, None for nothing."""

    action_id: str
    draft: Content
    failed: bool = False
    running: Content | None = None

    @property
    def ours(self) -> bool:
        """Whether musicctl made it: its code says so, as a draft or as it runs."""
        return any(each.code.startswith(MARK) for each in (self.draft, self.running) if each is not None)


@dataclass(frozen=True, slots=True)
class ActionChange:
    """What is to be done about one Action, in which parts it differs, and its code before and after."""

    name: str
    steps: tuple[Step, ...]
    differences: tuple[str, ...] = ()
    before: str = ""
    after: str = ""

    @property
    def diff(self) -> str:
        """The code's unified diff, empty where the code stays; as foreign as the code is."""
        before, after = (text.split("\n") if text else [] for text in (self.before, self.after))
        lines = unified_diff(before, after, "in the tenant", self.name, lineterm="")
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class ActionsPlan:
    """The changes, and the names of what the trigger runs in this order, before and after them."""

    changes: tuple[ActionChange, ...]
    bound_before: tuple[str, ...]
    bound_after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OldRule:
    """A Rule that is still enabled, and what does its job now."""

    name: str
    successor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What a run did: its id (None: nothing was to be done), and each step with the Action it was about."""

    run: str | None
    steps: tuple[tuple[str, Step, str], ...] = ()
    bound: tuple[str, ...] = ()
    requests: int = 0
    polls: int = 0
    retries: int = 0
    throttled: float = 0.0
    seconds: float = 0.0


def plain(code: str) -> str:
    """Return code as it is compared: an editor's line ends and blank last lines make no difference."""
    return code.replace("\r\n", "\n").rstrip()


def foreign(found: Mapping[str, Found]) -> tuple[str, ...]:
    """Return our names that Actions of somebody else have."""
    return tuple(name for name in NAMES if name in found and not found[name].ours)


def plan(wanted: Mapping[str, Content], found: Mapping[str, Found], bound: Sequence[str]) -> ActionsPlan:
    """Return what makes the tenant's Actions those that are wanted, and binds them behind all others."""
    after = bound_with(bound)
    changes = (_change(name, content, found.get(name), name in bound) for name, content in wanted.items())
    return ActionsPlan(tuple(each for each in changes if each.steps), tuple(bound), after)


def removal(found: Mapping[str, Found], bound: Sequence[str]) -> ActionsPlan:
    """Return what takes our Actions away, and leaves every other where it is."""
    changes = (
        ActionChange(name, (Step.UNBIND, Step.DELETE) if name in bound else (Step.DELETE,))
        for name in NAMES
        if name in found
    )
    return ActionsPlan(tuple(changes), tuple(bound), bound_without(bound))


def bound_with(bound: Sequence[str]) -> tuple[str, ...]:
    """Return what the trigger is to run: ours that are missing come last."""
    return (*bound, *(name for name in NAMES if name not in bound))


def bound_without(bound: Sequence[str]) -> tuple[str, ...]:
    """Return what the trigger is to run without ours."""
    return tuple(name for name in bound if name not in NAMES)


def doing_our_job(rules: Iterable[tuple[str, str]]) -> tuple[OldRule, ...]:
    """Return which Rules, each a name and a script, seem to do what something else does now."""
    found = []
    for name, script in rules:
        fitting = (job for job, words in JOBS if all(re.search(word, script) for word in words))
        successor = next(fitting, None)
        if successor is not None:
            found.append(OldRule(name, successor))
    return tuple(found)


def namespace_problem(namespace: str) -> str:
    """Say why Auth0 would drop a claim of this namespace, or return an empty text."""
    if not namespace:
        return "is empty"
    try:
        host = urlsplit(namespace).hostname or ""
    except ValueError:
        return "is no URL"
    if any(f".{host}".endswith(f".{domain}") for domain in AUTH0_DOMAINS):
        return f"is at {host}, which is Auth0's own: Auth0 drops such a claim"
    return "begins with urn:auth0: Auth0 drops such a claim" if namespace.startswith("urn:auth0") else ""


def _change(name: str, wanted: Content, found: Found | None, bound: bool) -> ActionChange:
    bind = () if bound else (Step.BIND,)
    if found is None:
        return ActionChange(name, (Step.CREATE, Step.DEPLOY, *bind), after=wanted.code)
    runs = found.running == wanted
    deploy = () if runs else (Step.DEPLOY,)
    if found.draft != wanted or (found.failed and not runs):
        # Also where the right code runs: whoever deploys next in the dashboard would deploy that draft.
        differences = wanted.differences(found.draft)
        return ActionChange(name, (Step.UPDATE, *deploy, *bind), differences, found.draft.code, wanted.code)
    before = wanted if found.running is None else found.running
    return ActionChange(name, (*deploy, *bind), wanted.differences(before), before.code, wanted.code)
