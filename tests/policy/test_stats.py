"""Bins that double away from the bar, and periods that count back from today."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from musicctl.policy import stats
from musicctl.policy.stats import Bin, Period

thresholds = st.integers(1, 10**6)


def test_bins_double_away_from_the_bar() -> None:
    assert stats.doubling(100)[:12] == (1, 2, 4, 7, 13, 25, 50, 100, 200, 400, 800, 1600)
    assert stats.doubling(1)[:5] == (1, 2, 4, 8, 16)
    assert stats.doubling(10**30)[0] == 1


@given(st.dictionaries(st.integers(-5, 2**63 - 1), st.integers(1, 9)), thresholds, st.integers(0, 50))
def test_everybody_is_in_one_bin(plays: dict[int, int], threshold: int, within: int) -> None:
    edges = stats.doubling(threshold)
    fine = stats.with_near(edges, threshold, within)
    counts: dict[int, tuple[int, int]] = {}
    for number, users in plays.items():
        place = sum(edge <= number for edge in fine)
        counts[place] = (counts.get(place, (0, 0))[0] + users, 0)
    bins = stats.binned(counts, fine, edges)
    for each in bins:
        inside = [
            users
            for number, users in plays.items()
            if (each.low is None or number >= each.low) and (each.high is None or number <= each.high)
        ]
        assert each.users == sum(inside)
    assert sum(each.users for each in bins) == sum(plays.values())
    assert not bins or (bins[0].users and bins[-1].users)
    near = stats.between(counts, fine, threshold - within, threshold)
    assert near.users == sum(
        users for number, users in plays.items() if threshold - within <= number < threshold
    )


def test_holders_are_counted_beside() -> None:
    fine = stats.with_near((1, 2, 4), 4, 1)
    assert fine == (1, 2, 3, 4, 5)
    counts = {0: (1, 0), 3: (5, 2), 4: (7, 7)}
    assert stats.binned(counts, fine, (1, 2, 4)) == (
        Bin(None, 0, 1, 0),
        Bin(1, 1, 0, 0),
        Bin(2, 3, 5, 2),
        Bin(4, None, 7, 7),
    )
    assert stats.binned({}, fine, (1, 2, 4)) == ()


def test_days_are_counted_back_from_today_without_a_gap() -> None:
    days = [(date(2026, 11, 20), 5, 0), (date(2026, 11, 22), 1, 3)]
    assert stats.periods(days, date(2026, 11, 23), 20) == (
        Period(date(2026, 11, 20), 5, 0, 22),
        Period(date(2026, 11, 21), 0, 0, 22),
        Period(date(2026, 11, 22), 1, 3, 20),
        Period(date(2026, 11, 23), 0, 0, 20),
    )
    assert stats.periods([], date(2026, 11, 23), 20) == ()


def test_a_long_time_is_in_weeks_and_a_longer_one_in_months() -> None:
    today = date(2026, 11, 25)
    weeks = stats.periods([(today - timedelta(days=100), 1, 0), (today, 2, 1)], today, 9)
    assert {each.start.weekday() for each in weeks} == {0}
    assert (weeks[0].editors, weeks[-1]) == (8, Period(date(2026, 11, 23), 2, 1, 9))
    months = stats.periods([(today - timedelta(days=4000), 1, 0)], today, 9)
    assert (len(months), {each.start.day for each in months}) == (stats.MOST_PERIODS, {1})


@given(
    st.lists(st.tuples(st.dates(date(2025, 1, 1), date(2026, 1, 1)), st.integers(0, 9), st.integers(0, 9)))
)
def test_the_changes_of_all_periods_add_up(days: list[tuple[date, int, int]]) -> None:
    ordered = sorted({day: (day, grants, revokes) for day, grants, revokes in days}.values())
    found = stats.periods(ordered, date(2026, 1, 1), 10**6)
    assert sum(each.grants for each in found) == sum(grants for _, grants, _ in ordered)
    for before, after in pairwise(found):
        assert after.editors == before.editors + after.grants - after.revokes
