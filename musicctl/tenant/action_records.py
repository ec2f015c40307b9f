"""Actions, what a trigger runs, and the Rules of old, as the tenant shows them and as it takes them."""

import msgspec

BUILT, FAILED = "built", "failed"
"""How a build ends; until then it is pending, building, packaged or retrying."""


class Trigger(msgspec.Struct, frozen=True):
    """A trigger, and the version of it that an Action is written for."""

    id: str
    version: str | None = None


class Dependency(msgspec.Struct, frozen=True):
    """An npm package of an Action's."""

    name: str
    version: str | None = None


class Problem(msgspec.Struct, frozen=True):
    """What went wrong in a build."""

    id: str | None = None
    msg: str | None = None


class Version(msgspec.Struct, frozen=True):
    """A version of an Action: deployed, or one that could not be built."""

    code: str | None = None
    runtime: str | None = None
    dependencies: list[Dependency] | None = None
    supported_triggers: list[Trigger] | None = None
    status: str | None = None
    number: int | None = None
    errors: list[Problem] | None = None


class Action(msgspec.Struct, frozen=True):
    """An Action with its draft, how far the draft's build is, and the version that runs."""

    id: str
    name: str
    code: str | None = None
    runtime: str | None = None
    dependencies: list[Dependency] | None = None
    supported_triggers: list[Trigger] | None = None
    status: str | None = None
    deployed_version: Version | None = None
    errors: list[Problem] | None = None


class Bound(msgspec.Struct, frozen=True):
    """The Action of a binding."""

    id: str | None = None
    name: str | None = None


class Binding(msgspec.Struct, frozen=True):
    """One place in what a trigger runs."""

    id: str
    display_name: str | None = None
    action: Bound = Bound()


class Rule(msgspec.Struct, frozen=True):
    """A Rule of old."""

    name: str = ""
    script: str = ""
    enabled: bool = True


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What an Action is to be made of; it is for one trigger, and needs no npm package."""

    name: str
    code: str
    runtime: str
    trigger: Trigger
