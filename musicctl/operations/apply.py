"""Performs changes on the tenant: each is judged again, read just before, and touches our one role only."""

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from musicctl.errors import DeniedError, MusicctlError, NotFoundError
from musicctl.operations.freshplays import FreshPlays
from musicctl.policy.plan import Change
from musicctl.policy.report import Outcome
from musicctl.policy.roles import Roles, read_roles, unreadable
from musicctl.policy.rule import Rule, Verdict
from musicctl.tenant.client import Tenant
from musicctl.tenant.speaking import UncertainError

STOPPING = 0.5
"""Seconds that requests under way get to end when a run is stopped; no new one starts."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a change; `roles` are those the user holds now, where they were seen."""

    change: Change
    outcome: Outcome
    detail: str = ""
    roles: Roles | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a change is performed with; `settle` is the wait in seconds before a lost write is looked at."""

    tenant: Tenant
    rule: Rule
    plays: FreshPlays
    settle: float
    threads: int


def perform(changes: Sequence[Change], means: Means) -> Iterator[Done]:
    """Perform `changes` and yield what became of each as it is known; all grants before any revoke.

    Raises DeniedError as soon as the tenant refuses our credentials or scope: every other change would be
    refused too. When the caller stops early, no further request is sent.
    """
    for _, group in groupby(changes, key=lambda change: change.verdict):
        yield from _in_threads(list(group), means)


def _in_threads(changes: Sequence[Change], means: Means) -> Iterator[Done]:
    waiting = iter(changes)
    turn, stop = threading.Lock(), threading.Event()
    results: queue.SimpleQueue[Done | BaseException] = queue.SimpleQueue()

    def work() -> None:
        while not stop.is_set():
            with turn:
                change = next(waiting, None)
            if change is None:
                return
            try:
                results.put(_bring(change, means))
            except BaseException as error:  # noqa: BLE001 -- handed to the thread that waits for it
                results.put(error)
                return

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(means.threads, len(changes)))]
    for thread in threads:
        thread.start()
    try:
        for _ in changes:
            result = results.get()
            if isinstance(result, BaseException):
                raise result
            yield result
    finally:
        stop.set()
        deadline = time.monotonic() + STOPPING
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))


def _bring(change: Change, means: Means) -> Done:
    """Bring one user to where the rule wants it now, if that is still what `change` says."""
    plays = means.plays.of(change.user_id)
    if means.rule.decide(plays, change.roles_before) is not change.verdict:
        return Done(change, Outcome.OVERTAKEN, f"plays are {'unknown' if plays is None else plays} now")
    try:
        return _read_and_write(change, means)
    except DeniedError:
        raise
    except NotFoundError:
        return Done(change, Outcome.GONE, "the tenant has no such user any more")
    except UncertainError as lost:
        return _look_again(change, means, lost)
    except MusicctlError as error:
        return Done(change, Outcome.FAILED, error.what)


def _read_and_write(change: Change, means: Means) -> Done:
    user = means.tenant.user(change.user_id)
    if user is None:
        return Done(change, Outcome.GONE, "the tenant has no such user any more")
    roles = read_roles(user.app_metadata)
    if roles is None:
        return Done(change, Outcome.CONFLICT, unreadable(user.app_metadata) or "")
    if _holds(roles, means.rule) is (change.verdict is Verdict.GRANT):
        return Done(change, Outcome.ALREADY, roles=roles)
    after = means.rule.apply(change.verdict, roles)
    means.tenant.set_roles(change.user_id, after)
    return Done(change, Outcome.APPLIED, roles=after)


def _look_again(change: Change, means: Means, lost: UncertainError) -> Done:
    """Find out whether a write without a reply was applied. It is never sent a second time."""
    time.sleep(means.settle)
    try:
        user = means.tenant.user(change.user_id)
    except MusicctlError:
        return Done(change, Outcome.UNKNOWN, lost.what)
    roles = None if user is None else read_roles(user.app_metadata)
    if roles is None:
        return Done(change, Outcome.UNKNOWN, lost.what)
    if _holds(roles, means.rule) is (change.verdict is Verdict.GRANT):
        return Done(change, Outcome.APPLIED, roles=roles)
    return Done(change, Outcome.FAILED, lost.what, roles)


def _holds(roles: Roles, rule: Rule) -> bool:
    return rule.role in roles
