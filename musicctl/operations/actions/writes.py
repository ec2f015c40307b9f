"""The writes of a deployment, each of which knows how to look, what it wants, and how to send itself."""

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from musicctl.errors import DeniedError, MusicctlError, NotFoundError, RefusedError, UnavailableError
from musicctl.operations.actions.plan import not_ours
from musicctl.operations.runs import action_fields
from musicctl.operations.runs.action_fields import names, read
from musicctl.policy import actions as policy
from musicctl.policy.actions import TRIGGER, Content, Found, Step
from musicctl.tenant.action_records import BUILT, FAILED, Action, Binding, Draft, Trigger
from musicctl.tenant.actions import Actions
from musicctl.tenant.border import NotAppliedError

PATIENCE = 120.0
"""Seconds that a build may take: as long as Auth0's own deployment tool waits."""


class BuildFailedError(MusicctlError):
    """Auth0 could not build an Action."""


class Write(Protocol):
    """One write; `field` and `target` name the value in the journal, and `step` says what it is to people."""

    field: str
    target: str
    step: Step

    def look(self) -> tuple[object, object]:
        """Return the value as it is now and as it should be."""

    def send(self, correlation_id: str) -> None:
        """Send it, on what `look` saw."""


class DraftWrite:
    """Creates an Action, or replaces its draft."""

    field = action_fields.DRAFT

    def __init__(self, actions: Actions, name: str, content: Content, step: Step) -> None:
        self.target = name
        self.step = step
        self._actions = actions
        self._content = content
        self._seen: Found | None = None

    def look(self) -> tuple[object, object]:
        """Read the Action; raises RefusedError when it is somebody else's."""
        self._seen = _ours(self._actions, self.target)
        return action_fields.draft(self._seen), self._content.fingerprint

    def send(self, correlation_id: str) -> None:
        """Send the code and what it needs."""
        content = self._content
        draft = Draft(
            name=self.target,
            code=f"{content.code}\n",
            runtime=content.runtime,
            trigger=Trigger(*content.trigger),
        )
        if self._seen is None:
            self._actions.create(draft, correlation_id=correlation_id)
        else:
            self._actions.update(self._seen.action_id, draft, correlation_id=correlation_id)


class DeployWrite:
    """Deploys an Action once it is built, and waits until that is what runs."""

    field = action_fields.RUNNING
    step = Step.DEPLOY

    def __init__(self, actions: Actions, name: str, content: Content, say: Callable[[str], None]) -> None:
        self.target = name
        self._actions = actions
        self._content = content
        self._say = say
        self._action_id = ""

    def look(self) -> tuple[object, object]:
        """Wait for the build; raises BuildFailedError with what the tenant says of it.

        Raises RefusedError when what was built is not ours: a deployment takes the draft as it is then.
        """
        action = self._awaited(lambda found: found.status == BUILT or self._runs(found))
        if not self._runs(action):
            self._check_draft(action)
        self._action_id = action.id
        return action_fields.running(read(action)), self._content.fingerprint

    def send(self, correlation_id: str) -> None:
        """Deploy the draft; a version that does not run yet cannot be bound."""
        self._actions.deploy(self._action_id, self.target, correlation_id=correlation_id)
        self._awaited(self._runs)

    def _awaited(self, ready: Callable[[Action], bool]) -> Action:
        return self._actions.ended_build(self.target, ready, within=PATIENCE, say=self._say)

    def _runs(self, action: Action) -> bool:
        return read(action).running == self._content

    def _check_draft(self, action: Action) -> None:
        if action.status == FAILED:
            raise self._failed(action)
        if read(action).draft != self._content:
            raise RefusedError(
                f"somebody else changed {self.target} just now, and it was not deployed",
                hint="musicctl actions plan shows what they changed, and the next deploy overwrites it",
            )

    def _failed(self, action: Action) -> BuildFailedError:
        errors = [error for error in self._actions.build_errors(action) if error]
        said = "; ".join(errors) or "without saying why"
        return BuildFailedError(
            f"Auth0 could not build {self.target}: {said}",
            hint="run the command again, which builds it anew; the tenant's dashboard shows the build",
            details={"errors": errors},
        )


class BindingsWrite:
    """Binds our Actions behind all others, or unbinds them; the others stay as they are, in their order."""

    field = action_fields.BINDINGS
    target = TRIGGER

    def __init__(self, actions: Actions, *, removing: bool) -> None:
        self._actions = actions
        self.step = Step.UNBIND if removing else Step.BIND
        self._removing = removing
        self._seen: tuple[Binding, ...] = ()

    def look(self) -> tuple[object, object]:
        """Read the list, and say what it should be."""
        self._seen = tuple(self._actions.bindings(TRIGGER))
        bound = names(self._seen)
        return list(bound), list(self._after(bound))

    def send(self, correlation_id: str) -> None:
        """Send the whole list; raises NotAppliedError when somebody else replaced it meanwhile."""
        bound = names(self._seen)
        after = self._after(bound)
        kept = [each for each, name in zip(self._seen, bound, strict=True) if name in after]
        try:
            self._actions.replace_bindings(TRIGGER, kept, after[len(kept) :], correlation_id=correlation_id)
        except (DeniedError, NotAppliedError, UnavailableError):
            raise
        except MusicctlError as refused:
            if tuple(self._actions.bindings(TRIGGER)) == self._seen:
                raise
            raise NotAppliedError(refused.what, hint="somebody else changed the list; try again") from None

    def _after(self, bound: tuple[str, ...]) -> tuple[str, ...]:
        return policy.bound_without(bound) if self._removing else policy.bound_with(bound)


class DeleteWrite:
    """Deletes an Action of ours."""

    field = action_fields.DRAFT
    step = Step.DELETE

    def __init__(self, actions: Actions, name: str) -> None:
        self.target = name
        self._actions = actions
        self._seen: Found | None = None

    def look(self) -> tuple[object, object]:
        """Read the Action; raises RefusedError when it is somebody else's."""
        self._seen = _ours(self._actions, self.target)
        return action_fields.draft(self._seen), None

    def send(self, correlation_id: str) -> None:
        """Delete it, unless it is gone by now."""
        assert self._seen is not None
        with suppress(NotFoundError):
            self._actions.delete(self._seen.action_id, self.target, correlation_id=correlation_id)


def _ours(actions: Actions, name: str) -> Found | None:
    action = actions.find(name)
    found = None if action is None else read(action)
    if found is not None and not found.ours:
        raise not_ours(name)
    return found
