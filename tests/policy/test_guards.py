"""The guards, at their limits and one beyond; each reason with its numbers, and all of them at once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl.policy import guards
from musicctl.policy.guards import Baseline, By, Danger, Limit, Limits, Lost, Past, Seen
from musicctl.policy.rule import Rule

RULE = Rule("playlist editor", 100)
PERCENT = {10: Limit(10_000, percent=True), 25: Limit(25_000, percent=True), 50: Limit(50_000, percent=True)}
OFF = Limit(100_000, percent=True)
LIMITS = Limits(max_revoke=PERCENT[10], max_grant=PERCENT[25], min_source=PERCENT[50], min_tenant=PERCENT[50])
ALL_OFF = Limits(max_revoke=OFF, max_grant=OFF, min_source=OFF, min_tenant=OFF)
LAST = Baseline(rule=RULE, source="playlists", source_users=1000, source_plays=50_000, tenant_users=2000)
FIRST = Past(last=None)


def users(count: int, name: str = "a") -> frozenset[str]:
    return frozenset(f"auth0|{name}{number}" for number in range(count))


def bled(count: int, name: str = "b", by: By = By.SYNC, *, holds: bool = False, counts: bool = True) -> Past:
    return Past(last=None, lost=tuple(Lost(each, by, holds, counts) for each in sorted(users(count, name))))


def plain(number: int) -> Limit:
    return Limit(number * 1000, percent=False)


def seen(holders: int = 100, **others: int | str) -> Seen:
    known = {"source": "playlists", "source_users": 1000, "source_plays": 50_000, "tenant_users": 2000}
    return Seen(holders=holders, **(known | others))  # type: ignore[arg-type]


def names(
    *, grants: int = 0, revokes: int = 0, at: Seen | None = None, past: Past = FIRST, limits: Limits = LIMITS
) -> list[str]:
    found = guards.dangers(
        RULE, grants=grants, revokes=users(revokes), seen=at or seen(), past=past, limits=limits
    )
    return [danger.name for danger in found]


@pytest.mark.parametrize(
    ("holders", "allowed"),
    [(6, 5), (49, 5), (50, 5), (51, 5), (59, 5), (60, 6), (61, 6), (69, 6), (70, 7), (1000, 100)],
)
def test_revokes_at_the_limit_and_one_beyond(holders: int, allowed: int) -> None:
    assert names(revokes=allowed, at=seen(holders)) == []
    assert names(revokes=allowed + 1, at=seen(holders)) == ["max_revoke"]


@pytest.mark.parametrize(
    ("holders", "allowed"), [(0, 50), (199, 50), (200, 50), (201, 50), (203, 50), (204, 51), (400, 100)]
)
def test_grants_at_the_limit_and_one_beyond(holders: int, allowed: int) -> None:
    assert names(grants=allowed, at=seen(holders)) == []
    assert names(grants=allowed + 1, at=seen(holders)) == ["max_grant"]


def test_what_was_taken_in_the_last_day_counts_on_both_sides() -> None:
    assert names(revokes=1, at=seen(45), past=bled(5)) == ["max_revoke"]  # 6 of 50
    assert names(revokes=1, at=seen(55), past=bled(5)) == []  # 6 of 60
    assert names(revokes=0, at=seen(45), past=bled(5)) == []


def test_who_goes_up_and_down_counts_once_on_both_sides() -> None:
    assert names(revokes=5, at=seen(40), past=bled(5, "a", holds=True)) == []  # the same five of 40
    assert names(revokes=6, at=seen(40), past=bled(5, "a", holds=True)) == ["max_revoke"]
    assert names(revokes=1, at=seen(59), past=bled(5, holds=True)) == ["max_revoke"]  # 6 of 59, not of 64
    past = replace(bled(6, "a", holds=True), lost=(*bled(6, "a", holds=True).lost, *bled(1).lost))
    [danger] = guards.dangers(RULE, grants=0, revokes=users(6), seen=seen(39), past=past, limits=LIMITS)
    assert (danger.count, danger.limit) == (7, 5)
    assert danger.message == (
        "6 revokes, after 7 by syncs of the last 24 hours, of 40 holders, 7 users in all;"
        " at most 5 may lose the role"
    )


def test_what_promote_and_people_took_is_in_the_arithmetic() -> None:
    lost = (*bled(2).lost, *bled(3, "c", By.PROMOTE).lost, *bled(9, "d", By.HAND, counts=False).lost)
    past = Past(last=None, lost=lost)
    [danger] = guards.dangers(RULE, grants=0, revokes=users(1), seen=seen(50), past=past, limits=LIMITS)
    assert danger.message == (
        "1 revokes, after 2 by syncs and 3 by promote of the last 24 hours, (and 9 by hand that do not count)"
        " of 55 holders; at most 5 may lose the role"
    )


def test_nobody_is_left() -> None:
    assert names(revokes=2, at=seen(2)) == ["max_revoke"]
    assert names(revokes=1, at=seen(2)) == []
    assert names(revokes=1, at=seen(1)) == []
    assert names(revokes=2, grants=1, at=seen(2)) == []
    assert names(revokes=2, at=seen(2), limits=ALL_OFF) == []


def test_a_plain_number_replaces_percentage_and_floor() -> None:
    limits = Limits(max_revoke=plain(2), max_grant=plain(0), min_source=plain(1001), min_tenant=plain(2001))
    assert names(revokes=2, limits=limits, past=Past(last=LAST)) == [
        "min_source",
        "min_tenant",
    ]
    assert names(revokes=3, grants=1, limits=limits)[:2] == ["max_revoke", "max_grant"]


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (seen(source_users=500, source_plays=25_000, tenant_users=1000), []),
        (seen(source_users=499), ["min_source"]),
        (seen(source_plays=24_999), ["min_source"]),
        (seen(source_users=0, source_plays=0), ["min_source"]),
        (seen(tenant_users=999), ["min_tenant"]),
        (seen(tenant_users=0), ["min_tenant"]),
    ],
)
def test_sources_against_the_last_run(at: Seen, found: list[str]) -> None:
    assert names(at=at, past=Past(last=LAST)) == found


def test_a_first_run_has_nothing_to_compare_with() -> None:
    assert names(at=seen(source_users=1, source_plays=1, tenant_users=1)) == []
    assert names(at=seen(0, source_users=0, source_plays=0)) == []
    assert names(at=seen(1, source_users=0, source_plays=0)) == ["min_source"]
    assert names(at=seen(0, tenant_users=0)) == ["min_tenant"]


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (Rule("editor", 100), "the role was editor and is playlist editor"),
        (Rule("playlist editor", 50), "the threshold was 50 and is 100"),
    ],
)
def test_another_rule_is_told_with_old_and_new(last: Rule, said: str) -> None:
    past = Past(
        last=Baseline(rule=last, source="playlists", source_users=1, source_plays=1, tenant_users=1),
    )
    [danger] = guards.dangers(RULE, grants=0, revokes=(), seen=seen(), past=past, limits=ALL_OFF)
    assert str(danger) == f"rule: {said}"


def test_every_reason_is_given_at_once() -> None:
    at = seen(60, source="plays_query abc", source_users=0, source_plays=0, tenant_users=1)
    found = guards.dangers(
        RULE, grants=51, revokes=users(7), seen=at, past=replace(bled(2), last=LAST), limits=LIMITS
    )
    assert [str(danger) for danger in found] == [
        "max_revoke: 7 revokes, after 2 by syncs of the last 24 hours, of 62 holders;"
        " at most 6 may lose the role",
        "max_grant: 51 grants beside 60 holders; at most 50 may gain the role",
        "min_source: 0 users with known plays, after 1,000; at least 500 are wanted and"
        " 0 plays in total, after 50,000; at least 25,000 are wanted",
        "min_tenant: 1 users in the tenant, after 2,000; at least 1,000 are wanted",
        "rule: the plays source was playlists and is plays_query abc",
    ]


def test_what_was_accepted_is_waived_unless_it_grew() -> None:
    found = (Danger("max_revoke", 7, 5, ""), Danger("rule", 1, 0, ""))
    assert guards.beyond(found, {}) == found
    assert guards.beyond(found, {"max_revoke": 7, "rule": 1}) == ()
    assert guards.beyond(found, {"max_revoke": 6, "rule": 2}) == found[:1]


@given(
    holders=st.integers(0, 10**6),
    revokes=st.integers(0, 300),
    more=st.integers(0, 300),
    recent=st.integers(0, 300),
)
def test_more_revokes_are_never_less_dangerous(holders: int, revokes: int, more: int, recent: int) -> None:
    past = bled(recent)
    at = seen(holders + revokes + more + 3)
    if "max_revoke" in names(revokes=revokes, at=at, past=past):
        assert "max_revoke" in names(revokes=revokes + more, at=at, past=past)
