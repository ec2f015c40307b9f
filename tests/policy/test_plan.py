"""Plans: the order that is safe to perform, and the fingerprint of decisions alone."""

import hashlib
import json
import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from musicctl.policy.guards import Danger
from musicctl.policy.plan import Change, Counts, Plan, in_order
from musicctl.policy.rule import Rule, Verdict

RULE = Rule("playlist editor", 100)
changes = st.lists(
    st.builds(
        Change,
        verdict=st.sampled_from([Verdict.GRANT, Verdict.REVOKE]),
        user_id=st.text(),
        plays=st.integers(),
        roles_before=st.just(()),
        roles_after=st.just(()),
    ),
    unique_by=lambda change: change.user_id,
)


def plan_of(found: list[Change]) -> Plan:
    return Plan(rule=RULE, changes=in_order(found), counts=Counts())


@given(changes, st.integers())
def test_order_and_fingerprint_do_not_depend_on_the_order_found(found: list[Change], seed: int) -> None:
    shuffled = random.Random(seed).sample(found, len(found))
    assert plan_of(found) == plan_of(shuffled)
    assert plan_of(found).fingerprint == plan_of(shuffled).fingerprint


@given(changes)
def test_grants_come_before_revokes(found: list[Change]) -> None:
    verdicts = [change.verdict for change in plan_of(found).changes]
    assert verdicts == sorted(verdicts, key=[Verdict.GRANT, Verdict.REVOKE].index)


@given(changes.filter(bool))
def test_the_fingerprint_is_of_the_decisions_and_not_of_plays_or_counts(found: list[Change]) -> None:
    plan = plan_of(found)
    played = plan_of([replace(change, plays=7) for change in found])
    assert replace(played, counts=Counts(keep=5)).fingerprint == plan.fingerprint
    assert plan_of(found[1:]).fingerprint != plan.fingerprint
    assert replace(plan, rule=Rule("other", 100)).fingerprint != plan.fingerprint
    assert replace(plan, rule=Rule(RULE.role, 99)).fingerprint != plan.fingerprint
    assert replace(plan, source="SELECT 1").fingerprint != plan.fingerprint
    dangerous = replace(plan, dangers=(Danger("min_source", 1, 3, "0 plays"),))
    assert dangerous.fingerprint != plan.fingerprint
    for other in (Danger("min_source", 2, 3, "0 plays"), Danger("min_source", 1, 4, "0 plays")):
        assert replace(plan, dangers=(other,)).fingerprint != dangerous.fingerprint
    assert replace(plan, waived=dangerous.dangers).fingerprint == dangerous.fingerprint


def test_the_fingerprint_is_the_one_that_the_readme_describes() -> None:
    plan = plan_of(
        [Change(Verdict.REVOKE, "auth0|a", 1, (), ()), Change(Verdict.GRANT, "auth0|b", 100, (), ())]
    )
    dangers = (Danger("max_revoke", 7, 5, "too many"), Danger("rule", 1, 0, "another"))
    plan = replace(plan, source="playlists", dangers=dangers[1:], waived=dangers[:1])
    text = json.dumps(
        [
            "playlist editor",
            100,
            "playlists",
            [["max_revoke", 7, 5], ["rule", 1, 0]],
            [["grant", "auth0|b"], ["revoke", "auth0|a"]],
        ]
    )
    assert plan.fingerprint == hashlib.sha256(text.encode()).hexdigest()[:12]


@given(changes, st.sets(st.integers(0, 20)))
def test_whom_staff_pinned_as_revoked_comes_before_all_others(found: list[Change], places: set[int]) -> None:
    mixed = [replace(change, pinned=place in places) for place, change in enumerate(found)]
    kinds = [(change.verdict, change.pinned) for change in plan_of(mixed).changes]
    ranks = [0 if kind == (Verdict.REVOKE, True) else 1 if kind[0] is Verdict.GRANT else 2 for kind in kinds]
    assert ranks == sorted(ranks)
