"""What the pictures of `stats` show: bins on a scale that doubles, with an edge at the bar, and periods."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

GREATEST = 2**62
MOST_PERIODS = 24
"""Days, weeks or months that are shown: the finest of them that fit."""

Edges = tuple[int, ...]
Counts = Mapping[int, tuple[int, int]]
"""Users, and holders of the role among them, by the number of edges that are not above their value."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Users whose number is from `low` to `high`, both included; None is for no bound."""

    low: int | None
    high: int | None
    users: int
    holders: int


@dataclass(frozen=True, slots=True)
class Period:
    """What the journal has of a day, week or month, and how many editors there were at its end."""

    start: date
    grants: int
    revokes: int
    editors: int


@dataclass(frozen=True, slots=True)
class Genre:
    """How many listeners have a favourite genre, and how many editors."""

    fav_genre: str
    users: int
    editors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """All numbers of the pictures.

    `below` and `above` are at most `within` plays from the bar. `users_with_genre` and `editors_with_genre`
    are what the genres are shares of. `songs` is empty where the app has none. Roles are the mirror's.
    """

    role: str
    threshold: int
    within: int
    plays: tuple[Bin, ...]
    below: Bin
    above: Bin
    editors: int
    periods: tuple[Period, ...]
    genres: tuple[Genre, ...]
    users_with_genre: int
    editors_with_genre: int
    songs: tuple[Bin, ...]


def doubling(threshold: int) -> Edges:
    """Return the lower ends of bins that double away from the threshold on both sides, from 1 upwards."""
    found = {1}
    edge = threshold
    while edge > 1:
        found.add(edge)
        edge = (edge + 1) // 2
    edge = threshold
    while edge <= GREATEST:
        found.add(edge)
        edge *= 2
    return tuple(sorted(found))


def with_near(edges: Edges, threshold: int, within: int) -> Edges:
    """Return finer edges, by which those near the threshold can be told apart too."""
    return tuple(sorted({*edges, threshold - within, threshold, threshold + within}))


def binned(counts: Counts, fine: Edges, edges: Edges) -> tuple[Bin, ...]:
    """Return the bins between `edges`, from the first to the last with users, of counts by `fine` edges."""
    merged = [(0, 0)] * (len(edges) + 1)
    for place, (users, holders) in counts.items():
        at = bisect_right(edges, fine[place - 1]) if place else 0
        merged[at] = (merged[at][0] + users, merged[at][1] + holders)
    ends: list[int | None] = [None, *edges, None]
    bins = [
        Bin(low, None if high is None else high - 1, *merged[at])
        for at, (low, high) in enumerate(pairwise(ends))
    ]
    filled = [at for at, each in enumerate(bins) if each.users]
    return tuple(bins[filled[0] : filled[-1] + 1]) if filled else ()


def between(counts: Counts, fine: Edges, low: int, high: int) -> Bin:
    """Return those from `low` up to, and without, `high`; both are among the fine edges."""
    inside = [found for place, found in counts.items() if place and low <= fine[place - 1] < high]
    return Bin(low, high - 1, sum(users for users, _ in inside), sum(holders for _, holders in inside))


def periods(days: Sequence[tuple[date, int, int]], today: date, editors: int) -> tuple[Period, ...]:
    """Return the latest periods since the first of `days`, which are (day, grants, revokes), without a gap.

    How many editors there were is counted back from how many there are.
    """
    if not days:
        return ()
    first, last = days[0][0], max(today, days[-1][0])
    begin = next((each for each in (_day, _week) if len(_starts(each, first, last)) <= MOST_PERIODS), _month)
    starts = _starts(begin, first, last)
    sums = {start: [0, 0] for start in starts}
    for day, grants, revokes in days:
        sums[begin(day)][0] += grants
        sums[begin(day)][1] += revokes
    found = []
    for start in reversed(starts):
        grants, revokes = sums[start]
        found.append(Period(start, grants, revokes, max(editors, 0)))
        editors -= grants - revokes
    return tuple(reversed(found[:MOST_PERIODS]))


def _day(day: date) -> date:
    return day


def _week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month(day: date) -> date:
    return day.replace(day=1)


def _starts(begin: Callable[[date], date], first: date, last: date) -> list[date]:
    days = (last - first).days + 1
    return sorted({begin(first + timedelta(days=at)) for at in range(days)})
