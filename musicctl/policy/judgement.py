"""What the rule says of one user who was named, and why, in words."""

from dataclasses import dataclass

from musicctl.policy.explanation import against_the_bar
from musicctl.policy.roles import Roles
from musicctl.policy.rule import Pin, Rule, Verdict

DONE = {Verdict.GRANT: "to be granted", Verdict.REVOKE: "to be taken away"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One user named: the plays (None: unknown), the verdict, and why in words."""

    user_id: str
    plays: int | None
    verdict: Verdict
    why: str


def judgement(
    rule: Rule,
    user_id: str,
    plays: int | None,
    roles: Roles | None,
    pin: Pin | None,
    unreadable: str | None,
    *,
    by_hand: Pin | None = None,
) -> Judgement:
    """Judge one user as the rule does, or as is said `by_hand`.

    `unreadable` says what is wrong with roles that are None.
    """
    verdict = rule.decide(plays, roles, by_hand or pin)
    if roles is None:
        return Judgement(user_id, plays, verdict, f"not touched: {unreadable}")
    if pin is not None:
        reason = f"pinned as {pin.value}"
    else:
        reason = "plays unknown" if plays is None else against_the_bar(plays, rule)
    unchanged = "keeps the role" if rule.role in roles else "nothing to change"
    if by_hand is not None:
        unchanged = "has the role already" if rule.role in roles else "does not have the role"
    return Judgement(user_id, plays, verdict, f"{reason}: {DONE.get(verdict, unchanged)}")
