"""The rule as a table: every row of the README's, with roles of every shape that was seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl.errors import ConfigError, Exit
from musicctl.policy.roles import read_roles, unreadable, with_role, without_role
from musicctl.policy.rule import Pin, Rule, Verdict

EDITOR = "playlist editor"
RULE = Rule(EDITOR, 100)
G, R, K, U, X = Verdict.GRANT, Verdict.REVOKE, Verdict.KEEP, Verdict.UNKNOWN, Verdict.UNREADABLE

WITHOUT: list[object] = [
    {},
    None,
    {"roles": None},
    {"roles": []},
    {"roles": "beta"},
    {"roles": ["beta", "Playlist Editor"]},
]
HOLDING: list[object] = [
    {"roles": [EDITOR]},
    {"roles": EDITOR},
    {"roles": ["a", EDITOR, "b"]},
    {"roles": [EDITOR, EDITOR]},
]
JUNK: list[object] = [
    "text",
    7,
    [],
    {"roles": 7},
    {"roles": {}},
    {"roles": [EDITOR, 1]},
    {"roles": [[EDITOR]]},
    {"roles": True},
]


@pytest.mark.parametrize("metadata", WITHOUT)
@pytest.mark.parametrize(
    ("plays", "pin", "verdict"),
    [
        (100, None, G),
        (101, None, G),
        (10**12, None, G),
        (99, None, K),
        (0, None, K),
        (-5, None, K),
        (None, None, K),
        (0, Pin.GRANTED, G),
        (None, Pin.GRANTED, G),
        (100, Pin.REVOKED, K),
    ],
)
def test_a_user_without_the_role(
    metadata: object, plays: int | None, pin: Pin | None, verdict: Verdict
) -> None:
    assert RULE.decide(plays, read_roles(metadata), pin) is verdict


@pytest.mark.parametrize("metadata", HOLDING)
@pytest.mark.parametrize(
    ("plays", "pin", "verdict"),
    [
        (100, None, K),
        (99, None, R),
        (0, None, R),
        (-5, None, R),
        (None, None, U),
        (0, Pin.GRANTED, K),
        (None, Pin.GRANTED, K),
        (100, Pin.REVOKED, R),
        (None, Pin.REVOKED, R),
    ],
)
def test_a_holder(metadata: object, plays: int | None, pin: Pin | None, verdict: Verdict) -> None:
    assert RULE.decide(plays, read_roles(metadata), pin) is verdict


@pytest.mark.parametrize("metadata", JUNK)
@pytest.mark.parametrize("plays", [None, 99, 100])
@pytest.mark.parametrize("pin", [None, Pin.GRANTED, Pin.REVOKED])
def test_junk_is_unreadable_even_when_pinned(metadata: object, plays: int | None, pin: Pin | None) -> None:
    assert RULE.decide(plays, read_roles(metadata), pin) is X
    assert unreadable(metadata)


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ("text", "app_metadata is a string"),
        ([], "app_metadata is an array"),
        ({"roles": 7}, "roles are a number"),
        ({"roles": True}, "roles are a boolean"),
        ({"roles": {}}, "roles are an object"),
        ({"roles": ["a", None]}, "roles contain null"),
        ({"roles": ["a"]}, None),
        (None, None),
    ],
)
def test_why_roles_are_unreadable(metadata: object, why: str | None) -> None:
    assert unreadable(metadata) == why


@pytest.mark.parametrize("threshold", [0, -1])
def test_a_threshold_below_one_is_refused(threshold: int) -> None:
    with pytest.raises(ConfigError) as caught:
        Rule(EDITOR, threshold)
    assert caught.value.exit is Exit.CONFIG


roles = st.lists(st.sampled_from([EDITOR, "a", "b", "", "Playlist editor"])).map(tuple)


@given(roles)
def test_revoking_removes_every_occurrence_and_nothing_else(held: tuple[str, ...]) -> None:
    after = without_role(held, EDITOR)
    assert EDITOR not in after
    assert list(after) == [role for role in held if role != EDITOR]


@given(roles)
def test_granting_keeps_every_entry_in_place_and_adds_at_most_one(held: tuple[str, ...]) -> None:
    after = with_role(held, EDITOR)
    assert after[: len(held)] == held
    assert after[len(held) :] == (() if EDITOR in held else (EDITOR,))


@given(roles, st.one_of(st.none(), st.integers()), st.sampled_from([None, *Pin]))
def test_what_the_rule_does_leaves_nothing_more_to_do(
    held: tuple[str, ...], plays: int | None, pin: Pin | None
) -> None:
    verdict = RULE.decide(plays, held, pin)
    assert not RULE.decide(plays, RULE.apply(verdict, held), pin).changes


@pytest.mark.parametrize(
    ("plays", "held", "pin", "standing"),
    [
        (100, (EDITOR,), None, "editor"),
        (100, (), None, "earned"),
        (99, (EDITOR,), None, "lapsing"),
        (99, (), None, "below"),
        (None, (EDITOR,), None, "unknown"),
        (None, (), None, "unknown"),
        (0, (EDITOR,), Pin.GRANTED, "pinned"),
        (100, None, None, "unreadable"),
        (100, None, Pin.GRANTED, "unreadable"),
    ],
)
def test_standing(plays: int | None, held: tuple[str, ...] | None, pin: Pin | None, standing: str) -> None:
    assert RULE.standing(plays, held, pin) == standing
