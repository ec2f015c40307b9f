"""How one user's role is written: what of the roles array is ours, and when a change is no longer wanted."""

from musicctl.operations.runs.apply import Step
from musicctl.operations.runs.fields import roles_of
from musicctl.operations.runs.fresh_plays import FreshPlays
from musicctl.policy.plan import Change
from musicctl.policy.report import Outcome
from musicctl.policy.roles import Roles, with_role, without_role
from musicctl.policy.rule import Pin, Rule, Verdict
from musicctl.tenant.client import Tenant
from musicctl.tenant.users import TenantUser


class RoleWriting:
    """Brings a role to where a plan wants it, judging each user again by what is known now."""

    def __init__(self, rule: Rule, fresh: FreshPlays | None) -> None:
        """Take the rule; `fresh` is None for what staff decide by hand, which no number overtakes."""
        self._rule = rule
        self._fresh = fresh

    def overtaken(self, change: Change) -> str:
        """Say which plays, or which pin, no longer ask for the change."""
        if self._fresh is None:
            return ""
        plays, pin = self._fresh.of(change.user_id)
        if self._rule.decide(plays, change.roles_before, pin) is change.verdict:
            return ""
        if pin is not None:
            return f"pinned as {pin.value} now"
        return f"plays are {'unknown' if plays is None else plays} now"

    def now(self, user: TenantUser) -> Roles:
        """Return the roles; raises UnreadableError."""
        return roles_of(user)

    def step(self, change: Change, now: object) -> Step:
        """Add or remove our one role, unless that is how it is."""
        assert isinstance(now, tuple)
        after = self._rule.apply(change.verdict, now)
        return Step(now, Outcome.ALREADY) if after == now else Step(after)

    def untouched(self, _before: object, _now: object) -> bool:
        """Return true: what is ours of the roles is as it was, or nothing would be left to write."""
        return True

    def write(self, tenant: Tenant, user_id: str, value: object, correlation_id: str) -> None:
        """Send the roles."""
        send(tenant, user_id, value, correlation_id)


AFTERWARDS = {Verdict.GRANT: Pin.GRANTED, Verdict.REVOKE: Pin.REVOKED}
"""What somebody whose role is given back, or taken back, would have to be pinned as."""


class RoleRestoring:
    """Takes a run's changes back: `roles_before` is what it left, `roles_after` what was there before it."""

    def __init__(self, rule: Rule, fresh: FreshPlays | None = None) -> None:
        """Take the rule; `fresh` has the pins of now, and is None for a preview."""
        self._role = rule.role
        self._fresh = fresh

    def overtaken(self, change: Change) -> str:
        """Say which pin forbids it; whether it may be done otherwise is seen in the tenant."""
        pin = None if self._fresh is None else self._fresh.of(change.user_id)[1]
        return "" if pin in (None, AFTERWARDS[change.verdict]) else f"pinned as {pin.value} now"

    def now(self, user: TenantUser) -> Roles:
        """Return the roles; raises UnreadableError."""
        return roles_of(user)

    def step(self, change: Change, now: object) -> Step:
        """Put our role back or take it away, and nothing else; skip what was undone since.

        Where the array is as the run left it, our role gets its old place. The journal is evidence of that,
        and no order: what differs in any other role is not restored from it.
        """
        assert isinstance(now, tuple)
        giving = change.verdict is Verdict.GRANT
        if now == change.roles_before and self._only_ours(change, giving):
            return Step(change.roles_after)
        if (self._role in now) is giving:
            how = "granted" if giving else "taken away"
            return Step(now, Outcome.CONFLICT, f"the role was {how} since the run")
        return Step(with_role(now, self._role) if giving else without_role(now, self._role))

    def untouched(self, _before: object, _now: object) -> bool:
        """Return true: what is ours of the roles is as it was, or nothing would be left to write."""
        return True

    def write(self, tenant: Tenant, user_id: str, value: object, correlation_id: str) -> None:
        """Send the roles."""
        send(tenant, user_id, value, correlation_id)

    def _only_ours(self, change: Change, giving: bool) -> bool:
        before, after = change.roles_before, change.roles_after
        others = without_role(before, self._role) == without_role(after, self._role)
        return others and (self._role in after) is giving and (self._role in before) is not giving


def send(tenant: Tenant, user_id: str, value: object, correlation_id: str) -> None:
    """Write the roles array and nothing else."""
    assert isinstance(value, tuple)
    tenant.set_roles(user_id, value, correlation_id=correlation_id)
