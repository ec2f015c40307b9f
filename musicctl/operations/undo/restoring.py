"""What every undo in the tenant shares: the lease, what a run left there, and how that is shown before."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Generic, TypeVar

from musicctl.errors import UsageError
from musicctl.operations.runs import recovery
from musicctl.operations.runs.apply import Done, Wanted, Writing
from musicctl.operations.runs.context import Context, Pace
from musicctl.operations.runs.fields import UnreadableError
from musicctl.operations.runs.lease import Lease, held
from musicctl.operations.runs.preview import BY_ID, NOT_THERE, in_batches
from musicctl.policy.report import Outcome, Problem
from musicctl.policy.undo import Restoration, Written
from musicctl.store import app_values, mirror
from musicctl.store.history import Left, Run
from musicctl.tenant import user_ids
from musicctl.tenant.users import TenantUser

MAY_BE_DONE = frozenset({Outcome.APPLIED.value, Outcome.UNKNOWN.value})
ERASED = "the listener was erased since"
NOT_OURS = "the journal's row is not one that such a run writes"
NEVER_KNOWN = "it was never known whether the run changed this"

C = TypeVar("C", bound=Wanted)


@dataclass(frozen=True, slots=True)
class Planned(Generic[C]):
    """The changes that take a run back, and those of the run's that cannot be taken back, with the reason."""

    changes: tuple[C, ...]
    skipped: tuple[Problem, ...]


def not_restorable(left: Left) -> Problem | None:
    """Return why a change cannot be taken back, whatever the tenant has now, or None.

    What may have been done counts as done: the tenant shows whether it still stands.
    """
    if left.user_id is None:
        return Problem("", Outcome.CONFLICT, ERASED)
    if left.state not in MAY_BE_DONE:
        return Problem(left.user_id, Outcome.UNKNOWN, NEVER_KNOWN)
    try:
        user_ids.checked(left.user_id)
    except UsageError:
        return Problem(left.user_id, Outcome.CONFLICT, NOT_OURS)
    return None


def by(run: Run) -> Written:
    """Return who wrote what would be taken back, and when, as the journal has it."""
    return Written(run.command, run.actor, run.started_at)


@contextmanager
def writing_alone(context: Context, run: Run) -> Iterator[Lease | None]:
    """Hold the lease that the run held, once it is known what was left open; a run without one needs none."""
    mirror.claim(context.database, context.tenant().base_url)
    alone: AbstractContextManager[Lease | None] = nullcontext()
    # The lease is that of what is written; the journal may name any.
    lease_of = "roles" if run.field == "roles" else "names"
    if run.field == "roles" or run.lease is not None:
        stop = context.tenant().stop
        alone = held(
            context.database, lease_of, context.who.actor, wait=context.wait, stop=stop, say=context.say
        )
    with alone as lease:
        recovery.recover(
            context.database,
            context.tenant(),
            lease,
            settle=context.settle,
            threads=context.threads,
            say=context.say,
        )
        yield lease


@contextmanager
def restored_by(context: Context, changes: Sequence[C]) -> Iterator[tuple[Pace, list[C]]]:
    """Yield the pace of a run over `changes`, and the list that it fills with those that were applied."""
    restored: list[C] = []
    with context.progress(len(changes)) as advance:

        def dealt_with(done: object) -> None:
            if isinstance(done, Done) and done.outcome is Outcome.APPLIED:
                restored.append(done.change)
            advance(done)

        yield context.pace(dealt_with), restored


def seen_in(changes: Sequence[C]) -> str:
    """Name where a preview of so many changes looks: the tenant or the mirror."""
    return "tenant" if len(changes) <= BY_ID else "mirror"


def previewed(
    context: Context, changes: Sequence[C], writing: Writing[C], verdict: Callable[[C], str]
) -> tuple[list[Restoration], list[Problem]]:
    """Return what each change would restore as things are now, and what would be skipped."""
    mirror.claim(context.database, context.tenant().base_url)
    restorations, problems = [], []
    for change, user, unreadable in _users(context, changes):
        if user is None:
            problems.append(Problem(change.user_id, Outcome.GONE, NOT_THERE))
            continue
        try:
            now = writing.now(user)
        except UnreadableError as why:
            problems.append(Problem(change.user_id, Outcome.CONFLICT, unreadable or str(why)))
            continue
        step = writing.step(change, now)
        if step.outcome is None:
            restorations.append(Restoration(change.user_id, verdict(change), now, step.value))
        else:
            problems.append(Problem(change.user_id, step.outcome, step.detail))
    return restorations, problems


def _users(context: Context, changes: Sequence[C]) -> Iterator[tuple[C, TenantUser | None, str | None]]:
    """Yield each change with the user, and why the mirror says that the user's roles cannot be read."""
    if seen_in(changes) == "tenant":
        yield from ((change, context.tenant().user(change.user_id), None) for change in changes)
        return
    for batch in in_batches(changes):
        known = app_values.mirrored(context.database, [change.user_id for change in batch])
        for change in batch:
            name, roles, unreadable = known.get(change.user_id, (None, None, None))
            metadata = {"roles": [None] if roles is None else roles}
            user = TenantUser(change.user_id, None, metadata, {"displayName": name})
            yield change, user if change.user_id in known else None, unreadable
