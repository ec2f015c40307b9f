"""Whose turn comes when: those who failed last time are at the end of their group, and of no other."""

from hypothesis import given
from hypothesis import strategies as st

from musicctl.policy.plan import Change, in_order
from musicctl.policy.rule import Verdict
from musicctl.policy.turns import goes_last, in_turn, said

USERS = st.sampled_from([f"auth0|{letter}" for letter in "abcdefgh"])
CHANGES = st.builds(
    Change,
    st.sampled_from([Verdict.GRANT, Verdict.REVOKE]),
    USERS,
    st.none(),
    st.just(()),
    st.just(()),
    st.booleans(),
)


@given(st.lists(CHANGES, unique_by=lambda change: change.user_id), st.frozensets(USERS))
def test_the_groups_stay_and_within_each_who_failed_comes_last(
    found: list[Change], late: frozenset[str]
) -> None:
    plan = in_order(found)
    turns = in_turn(plan, late)
    assert sorted(turns, key=plan.index) == list(plan)
    keys = [(change.group, change.user_id in late, change.user_id) for change in turns]
    assert keys == sorted(keys)


def test_who_goes_last_is_counted_and_some_are_named() -> None:
    changes = [Change(Verdict.GRANT, f"auth0|{n}", None, (), ()) for n in range(7)]
    assert said(goes_last(changes, {"auth0|3", "auth0|unplanned"})) == (
        "1 user failed in the last runs and goes last: auth0|3"
    )
    assert said(goes_last(changes, {change.user_id for change in changes})) == (
        "7 users failed in the last runs and go last: auth0|0, auth0|1, auth0|2, auth0|3, auth0|4 …"
    )
    assert said(goes_last(changes, set())) == ""
