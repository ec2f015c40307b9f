"""A plan: the frozen, sorted changes that a sync would make, their counts, and the fingerprint of all."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

from musicctl.policy import turns
from musicctl.policy.guards import ORDER, Danger, Lost, Seen
from musicctl.policy.roles import Roles
from musicctl.policy.rule import Rule, Verdict

Reason: TypeAlias = tuple[str, int, int]
"""A danger as the fingerprint has it: the guard's name, the count and the limit."""

Decision: TypeAlias = tuple[str, str]
"""A change as the fingerprint has it: the verdict and the user's id."""


@dataclass(frozen=True, slots=True)
class Change:
    """One user's standing before and after; `plays` is None where only a pin speaks."""

    verdict: Verdict
    user_id: str
    plays: int | None
    roles_before: Roles
    roles_after: Roles
    pinned: bool = False

    @property
    def group(self) -> int:
        """Changes of one group are all dealt with before the next group starts."""
        return self.order[0]

    @property
    def order(self) -> tuple[int, str]:
        """Whom staff pinned as revoked comes first; then grants come before other revokes.

        A run that is cut short leaves nobody with too little, but for those who were banned.
        """
        if self.verdict is Verdict.REVOKE:
            return (0 if self.pinned else 2, self.user_id)
        return (1, self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many users a plan found of each kind.

    `keep` counts holders at the bar; users below it without the role are not counted. `missing` counts
    owners at the bar who are no users of the tenant.
    """

    grant: int = 0
    revoke: int = 0
    keep: int = 0
    unknown: int = 0
    pinned: int = 0
    unreadable: int = 0
    missing: int = 0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be done, to whom, and as of when the tenant was seen; never changed after it is made.

    `seen` is what it was made on, where that is to be compared with later plans.

    `source` is the text of `plays_query`, or the name of the table that plays come from. `dangers` are those
    that stand in the way, `waived` those that a person accepted with a kept plan. `lost` are those from whom
    the role was taken in the last 24 hours.

    `failed_lately` are those whose change failed in the last runs: whatever their place in the plan, they are
    tried last. What is reviewed is the same, and so is the fingerprint.

    `by_hand` is for changes that a person asks for whatever plays and pins say: they are not judged again.
    """

    rule: Rule
    changes: tuple[Change, ...]
    counts: Counts
    tenant_as_of: datetime | None = None
    dangers: tuple[Danger, ...] = field(default=())
    waived: tuple[Danger, ...] = ()
    lost: tuple[Lost, ...] = ()
    failed_lately: frozenset[str] = frozenset()
    source: str = ""
    seen: Seen | None = None
    by_hand: bool = False

    @property
    def reasons(self) -> list[Reason]:
        """Every danger, the waived ones too, in the order of the guards."""
        every = sorted((*self.dangers, *self.waived), key=lambda danger: ORDER.index(danger.name))
        return [(danger.name, danger.count, danger.limit) for danger in every]

    @property
    def revoked(self) -> frozenset[str]:
        """Whom the role would be taken from."""
        return frozenset(each.user_id for each in self.changes if each.verdict is Verdict.REVOKE)

    @property
    def last(self) -> list[str]:
        """Who is tried last, in plan order."""
        return turns.goes_last(self.changes, self.failed_lately)

    @property
    def decisions(self) -> list[Decision]:
        """The verdict on each user, in plan order."""
        return [(change.verdict.value, change.user_id) for change in self.changes]

    @cached_property
    def fingerprint(self) -> str:
        """What this plan is known by: whoever saw it, and the plan that is kept, mean the same."""
        rule = self.rule
        return fingerprint(rule.role, rule.threshold, self.source, self.reasons, self.decisions)


def fingerprint(role: object, threshold: object, source: object, dangers: object, decisions: object) -> str:
    """Return the first 12 hex digits of the sha256 of all that a person reviews, as JSON, in plan order.

    `dangers` are (name, count, limit), `decisions` (verdict, user_id). No plays and no times: the same
    decisions for the same reasons have the same fingerprint. A plan that was kept may have been altered to
    hold anything.
    """
    text = json.dumps([role, threshold, source, dangers, decisions])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Sort changes into the order that is safe to perform, whatever order they were found in."""
    return tuple(sorted(changes, key=lambda change: change.order))
