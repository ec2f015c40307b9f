"""A plan: the frozen, sorted changes that a sync would make, their counts, and the fingerprint of all."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from musicctl.policy.guards import Danger, Seen
from musicctl.policy.roles import Roles
from musicctl.policy.rule import Rule, Verdict


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

    `by_hand` is for changes that a person asks for whatever plays and pins say: they are not judged again.
    """

    rule: Rule
    changes: tuple[Change, ...]
    counts: Counts
    tenant_as_of: datetime | None = None
    dangers: tuple[Danger, ...] = field(default=())
    seen: Seen | None = None
    by_hand: bool = False

    @cached_property
    def fingerprint(self) -> str:
        """The first 12 hex digits of the sha256 of role, threshold, danger names and verdicts, in plan order.

        No plays, times or counts: the same decisions have the same fingerprint.
        """
        decisions = [[change.verdict.value, change.user_id] for change in self.changes]
        text = json.dumps(
            [self.rule.role, self.rule.threshold, [danger.name for danger in self.dangers], decisions]
        )
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Sort changes into the order that is safe to perform, whatever order they were found in."""
    return tuple(sorted(changes, key=lambda change: change.order))
