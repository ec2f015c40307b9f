"""What is said of users who are named."""

import pytest

from musicctl.policy.judgement import judgement
from musicctl.policy.roles import Roles
from musicctl.policy.rule import Pin, Rule, Verdict

RULE = Rule("playlist editor", 100)
HOLDS, LACKS = ("vip", "playlist editor"), ("vip",)


@pytest.mark.parametrize(
    ("plays", "roles", "pin", "verdict", "why"),
    [
        (100, LACKS, None, Verdict.GRANT, "100 plays, at the bar of 100: to be granted"),
        (1, HOLDS, None, Verdict.REVOKE, "1 play, 99 below the bar of 100: to be taken away"),
        (
            99,
            LACKS,
            None,
            Verdict.KEEP,
            "99 plays, 1 below the bar of 100: nothing to change",
        ),
        (
            1234,
            HOLDS,
            None,
            Verdict.KEEP,
            "1,234 plays, 1,134 above the bar of 100: keeps the role",
        ),
        (None, HOLDS, None, Verdict.UNKNOWN, "plays unknown: keeps the role"),
        (99, LACKS, Pin.GRANTED, Verdict.GRANT, "pinned as granted: to be granted"),
        (0, None, None, Verdict.UNREADABLE, "not touched: roles is a number"),
    ],
)
def test_each_case(
    plays: int | None, roles: Roles | None, pin: Pin | None, verdict: Verdict, why: str
) -> None:
    said = judgement(RULE, "auth0|a", plays, roles, pin, "roles is a number" if roles is None else None)
    assert (said.user_id, said.plays, said.verdict, said.why) == ("auth0|a", plays, verdict, why)


@pytest.mark.parametrize(
    ("roles", "by_hand", "pin", "why"),
    [
        (LACKS, Pin.GRANTED, None, "1 play, 99 below the bar of 100: to be granted"),
        (HOLDS, Pin.GRANTED, None, "1 play, 99 below the bar of 100: has the role already"),
        (HOLDS, Pin.REVOKED, Pin.GRANTED, "pinned as granted: to be taken away"),
        (LACKS, Pin.REVOKED, None, "1 play, 99 below the bar of 100: does not have the role"),
    ],
)
def test_by_hand(roles: Roles, by_hand: Pin, pin: Pin | None, why: str) -> None:
    assert judgement(RULE, "auth0|a", 1, roles, pin, None, by_hand=by_hand).why == why
