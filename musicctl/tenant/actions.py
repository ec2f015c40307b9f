"""Actions, what a trigger runs, and the Rules of old: lists are read whole, and a write is sent once."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import msgspec

from musicctl.errors import BusyError, DeniedError, MusicctlError, NotFoundError, UnavailableError
from musicctl.tenant.action_records import FAILED, Action, Binding, Draft, Rule, Version
from musicctl.tenant.border import SCOPES, LostReplyError, StoppedError
from musicctl.tenant.http import Http
from musicctl.tenant.lenient_json import UNREADABLE, reader
from musicctl.tenant.pacer import Kind
from musicctl.tenant.retries import Resend
from musicctl.tenant.sending import Sender, log_name

if TYPE_CHECKING:
    from auth0.management.client import Auth0

    from musicctl.tenant.leaving import Check

ALL_SCOPES = "read:actions, create:actions, update:actions and delete:actions"
PAGE = 50
MOST_PAGES = 20
"""Pages of a list that are read at most: a tenant has 100 Actions, and a trigger runs 20."""

FIRST_POLL, LAST_POLL = 0.2, 2.0
"""Seconds between two looks at a build, at first and in the end."""

T = TypeVar("T")


class _Page(msgspec.Struct):
    """A page of any of the lists; their JSON has null for an empty one here and there."""

    total: int | None = None
    actions: list[Action] | None = None
    bindings: list[Binding] | None = None
    versions: list[Version] | None = None


class Actions:
    """The Actions of one tenant. Reads are sent again; a write is sent once, and raises as Tenant's do."""

    def __init__(self, http: Http, sender: Sender) -> None:
        self._http = http
        self._sender = sender
        self._asked_at = 0.0

    @property
    def asked_at(self) -> float:
        """When the last read left, by `clock`: the first page of it, where it was a list."""
        return self._asked_at

    def leaving(self, check: "Check") -> AbstractContextManager[None]:
        """Call `check` last before the bytes of each write leave; what it raises keeps them back."""
        return self._sender.leaving(check)

    def all(self) -> list[Action]:
        """Return every Action of the tenant."""
        doing = "read the Actions"
        return self._whole(
            lambda number: self._read(
                doing, lambda sdk: sdk.actions.list(page=number, per_page=PAGE), _decoder(_Page, doing)
            ),
            lambda page: page.actions,
        )

    def find(self, name: str) -> Action | None:
        """Return the Action with exactly this name, or None."""
        return next((action for action in self.all() if action.name == name), None)

    def bindings(self, trigger: str) -> list[Binding]:
        """Return what a trigger runs, in this order."""
        doing = "read what the trigger runs"
        return self._whole(
            lambda number: self._read(
                doing,
                lambda sdk: sdk.actions.triggers.bindings.list(trigger, page=number, per_page=PAGE),
                _decoder(_Page, doing),
            ),
            lambda page: page.bindings,
        )

    def ended_build(
        self, name: str, ready: Callable[[Action], bool], *, within: float, say: Callable[[str], None]
    ) -> Action:
        """Return the Action as soon as it is `ready`, or its build has failed; `say` is told of a wait.

        Raises UnavailableError when neither is so `within` so many seconds, NotFoundError when it is gone.
        """
        found = self.find(name)
        doing, ends, pause = f"read the Action {name}", time.monotonic() + within, FIRST_POLL
        while found is not None and not ready(found) and found.status != FAILED:
            if time.monotonic() > ends:
                raise UnavailableError(
                    f"{name} is still {found.status} after {within:.0f} s",
                    hint="run the command again: it goes on where this one stopped",
                )
            if pause == FIRST_POLL:
                say(f"waiting for Auth0: {name} is {found.status}")
            self._http.pacing.pause(pause)
            pause = min(2 * pause, LAST_POLL)
            with self._http.polling():
                found = self._read(doing, partial(_get, found.id), _decoder(Action, doing))
        if found is None:
            raise _gone(name)
        return found

    def build_errors(self, action: Action) -> list[str]:
        """Return what is known of why an Action's draft could not be built."""
        doing = f"read the versions of {action.name}"
        page = self._read(
            doing,
            lambda sdk: sdk.actions.versions.list(action.id, page=0, per_page=PAGE),
            _decoder(_Page, doing),
        )
        newest = max(page.versions or [Version()], key=lambda version: version.number or 0)
        problems = action.errors or (newest.errors if newest.status == FAILED else None) or []
        return [problem.msg or problem.id or "" for problem in problems]

    def create(self, draft: Draft, *, correlation_id: str) -> None:
        """Make a new Action, which is not built yet; `correlation_id` is how the tenant's log names it."""
        self._write(
            f"create the Action {draft.name}",
            lambda sdk: sdk.actions.create(name=draft.name, **_parts(draft), **log_name(correlation_id)),
        )

    def update(self, action_id: str, draft: Draft, *, correlation_id: str) -> None:
        """Replace an Action's draft, which is built anew; what is deployed stays as it is."""
        self._write(
            f"update the Action {draft.name}",
            lambda sdk: sdk.actions.update(action_id, **_parts(draft), **log_name(correlation_id)),
        )

    def deploy(self, action_id: str, name: str, *, correlation_id: str) -> None:
        """Make the draft, which must be built, the version that runs."""
        self._write(
            f"deploy the Action {name}", lambda sdk: sdk.actions.deploy(action_id, **log_name(correlation_id))
        )

    def delete(self, action_id: str, name: str, *, correlation_id: str) -> None:
        """Remove an Action, which nothing must run any more."""
        self._write(
            f"delete the Action {name}", lambda sdk: sdk.actions.delete(action_id, **log_name(correlation_id))
        )

    def replace_bindings(
        self, trigger: str, kept: Sequence[Binding], added: Sequence[str] = (), *, correlation_id: str
    ) -> None:
        """Have a trigger run those `kept`, in this order, and then the Actions named in `added`.

        A binding that is kept is named by its own id, so that all of it stays, and so that the tenant refuses
        the list when somebody else has replaced it since: every replacement gives new ids.
        """
        wanted = [_entry("binding_id", each.id, each.display_name) for each in kept]
        wanted += [_entry("action_name", name, name) for name in added]
        self._write(
            "write what the trigger runs",
            lambda sdk: sdk.actions.triggers.bindings.update_many(
                trigger, bindings=wanted, **log_name(correlation_id)
            ),
        )

    def rules(self) -> list[Rule] | None:
        """Return the Rules of old, or None when the tenant does not show them: it may have none any more.

        Raises DeniedError when it would show them to an application with the scope for it.
        """
        doing = "read the Rules"
        try:
            return self._sender.call(
                doing,
                Kind.OTHER,
                Resend.ALWAYS,
                lambda sdk: sdk.rules.list(page=0, per_page=PAGE, include_totals=False),
                _decoder(list[Rule], doing),
            )
        except (BusyError, UnavailableError, StoppedError):
            raise
        except MusicctlError as error:
            if isinstance(error, DeniedError) and SCOPES.search(error.what):
                raise
            return None

    def _read(self, doing: str, request: "Callable[[Auth0], object]", read: Callable[[bytes], T]) -> T:
        found = self._call(doing, Resend.ALWAYS, request, read)
        self._asked_at = self._http.asked_at()
        return found

    def _whole(self, read: Callable[[int], _Page], items: Callable[[_Page], list[T] | None]) -> list[T]:
        """Return all of a list; a total that is told ends it, and so does an empty page."""
        found: list[T] = []
        began = 0.0
        for number in range(MOST_PAGES):
            page = read(number)
            found += items(page) or []
            began = self._asked_at = began or self._asked_at
            if not items(page) or len(found) == page.total:
                return found
        raise LostReplyError("a list of the tenant's does not end", hint="try again")

    def _write(self, doing: str, request: "Callable[[Auth0], object]") -> None:
        self._call(doing, Resend.NEVER, request, _unread)

    def _call(
        self, doing: str, resend: Resend, request: "Callable[[Auth0], object]", read: Callable[[bytes], T]
    ) -> T:
        try:
            return self._sender.call(doing, Kind.OTHER, resend, request, read)
        except DeniedError as error:
            hint = f"{error.hint}; all of musicctl actions needs {ALL_SCOPES}"
            raise DeniedError(error.what, hint=hint) from None


def _get(action_id: str, sdk: "Auth0") -> object:
    return sdk.actions.get(action_id)


def _parts(draft: Draft) -> dict[str, object]:
    return {
        "code": draft.code,
        "runtime": draft.runtime,
        "supported_triggers": [{"id": draft.trigger.id, "version": draft.trigger.version}],
        "dependencies": [],
    }


def _entry(kind: str, value: str, display_name: str | None) -> dict[str, object]:
    shown = {} if display_name is None else {"display_name": display_name}
    return {"ref": {"type": kind, "value": value}, **shown}


def _decoder(kind: type[T], doing: str) -> Callable[[bytes], T]:
    read = reader(kind)

    def decode(body: bytes) -> T:
        try:
            return read(body)
        except UNREADABLE:
            raise LostReplyError(f"could not {doing}: the reply cannot be read", hint="try again") from None

    return decode


def _unread(_body: bytes) -> None:
    """Take the reply to a write as it is: whoever needs to know reads again."""


def _gone(name: str) -> NotFoundError:
    return NotFoundError(
        f"the tenant has no Action {name} any more",
        hint="somebody else removed it just now; run the command again",
    )
