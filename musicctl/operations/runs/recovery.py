"""Finds out what became of changes that an earlier run sent and never confirmed, and records what is true."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from musicctl.errors import MusicctlError, UsageError
from musicctl.operations.runs.fields import UnreadableError, name_of, roles_of
from musicctl.operations.runs.gone import too_many
from musicctl.operations.runs.lease import Lease, under_way
from musicctl.operations.runs.threads import in_threads
from musicctl.operations.runs.watchdog import watched
from musicctl.policy.report import Outcome
from musicctl.store import unconfirmed
from musicctl.store.database import Database
from musicctl.store.unconfirmed import Truth, Unconfirmed
from musicctl.tenant.client import Tenant
from musicctl.tenant.users import TenantUser

CUT_OFF = "the run was cut off; "
ACTIONS = "action_"
"""How the names of the fields begin that are about Actions, and no user's."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many changes were looked up, by what was found, and how many runs were cut off.

    `left` are those whose rows of the journal somebody holds: the next run looks at them again.
    """

    applied: int = 0
    failed: int = 0
    unknown: int = 0
    gone: int = 0
    runs: int = 0
    left: int = 0

    @property
    def changes(self) -> int:
        """All changes together."""
        return self.applied + self.failed + self.unknown + self.gone


def tell(database: Database, actor: str, say: Callable[[str], None]) -> None:
    """Say when a run is under way, or when one was cut off whose last changes are not known yet."""
    holder = under_way(database, "roles", actor)
    if holder:
        say(f"a run is under way: {holder}")
        return
    count = unconfirmed.count(database, "roles")
    if count:
        changes = "1 change" if count == 1 else f"{count:,} changes"
        say(f"an earlier run was cut off: {changes} may be done already; the next sync finds out")


def recover(
    database: Database,
    tenant: Tenant,
    lease: Lease | None,
    *,
    settle: float,
    threads: int,
    say: Callable[[str], None],
) -> Recovered:
    """Record the truth about every change that an earlier holder of `lease` left as sent.

    What its dead process had handed to the network may still arrive: `settle` seconds are waited out first,
    from the moment at which the lease became ours. Without a lease it is about writers that need none.
    """
    fence = None if lease is None else lease.fence
    found = unconfirmed.find(database, fence)
    if found:
        count = f"{len(found):,} change{'s' if len(found) > 1 else ''}"
        say(f"an earlier run was cut off: looking up what became of {count}")
        tenant.pause(settle, "what was on its way to the tenant may still arrive")
    look, stop, check = partial(_truth, tenant), tenant.stop, tenant.check
    with watched(database, tenant, lease, settle):
        truths = _believed(list(in_threads(found, look, threads, interrupt=stop, check=check)))
    if lease is not None:
        lease.check()
    settled = unconfirmed.settle(database, truths, fence)
    if settled.left:
        say(f"{settled.left:,} of them were left: another connection holds their rows in the journal")
    states = [truth.state for truth in settled.known]
    return Recovered(
        applied=states.count(Outcome.APPLIED.value),
        failed=states.count(Outcome.FAILED.value),
        unknown=states.count(Outcome.UNKNOWN.value),
        gone=states.count(Outcome.GONE.value),
        runs=settled.runs,
        left=settled.left,
    )


def _believed(truths: list[Truth]) -> list[Truth]:
    """Return the truths, without those who are gone where they are too many: they stay in the mirror."""
    gone = Outcome.GONE.value
    if not too_many(sum(truth.state == gone for truth in truths), len(truths)):
        return truths
    unknown = Outcome.UNKNOWN.value
    return [replace(truth, state=unknown) if truth.state == gone else truth for truth in truths]


def _truth(tenant: Tenant, change: Unconfirmed) -> Truth:
    if change.field.startswith(ACTIONS):
        from musicctl.operations.runs import action_fields

        return _compared(change, action_fields.now(tenant, change.field, change.target))
    try:
        user = tenant.user(change.user_id)
    except UsageError as error:  # nothing of ours was ever sent to such an id: somebody else wrote this row
        return _said(change, Outcome.UNKNOWN, None, error.what)
    if user is None:
        return _said(change, Outcome.GONE, None, "the tenant has no such user any more")
    try:
        now = _value(user, change.field)
    except UnreadableError as why:
        return _said(change, Outcome.UNKNOWN, None, str(why))
    return _compared(change, now)


def _compared(change: Unconfirmed, now: object) -> Truth:
    if now == change.after:
        return _said(change, Outcome.APPLIED, now, "found in the tenant")
    if now == change.before:
        return _said(change, Outcome.FAILED, None, "the tenant does not show it")
    return _said(change, Outcome.UNKNOWN, None, "the value was changed since by somebody else")


def _value(user: TenantUser, field: str) -> object:
    """Return a field's value in the shape that JSON gives it in the journal."""
    if field == "roles":
        return list(roles_of(user))
    if field == "display_name":
        return name_of(user)
    raise MusicctlError(
        f"the journal has a change of {field}, which this version cannot look up",
        hint="run musicctl history recover with the version that wrote it, or a newer one",
    )


def _said(change: Unconfirmed, outcome: Outcome, after: object, detail: str) -> Truth:
    return Truth(change=change, state=outcome.value, after=after, detail=CUT_OFF + detail)
