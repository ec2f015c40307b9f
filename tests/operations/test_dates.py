"""Dates on the command line: in the zone in which they are shown, unless they say otherwise."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from musicctl.errors import UsageError
from musicctl.operations import dates
from musicctl.operations.dates import Side
from musicctl.render.table import cell
from musicctl.store.database import Database

NOW = datetime(2026, 11, 28, 12, 0)  # a Saturday
Zone = Callable[[str], None]


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zone]:
    """Put this process into a zone of the world."""

    def choose(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    choose("Europe/Berlin")
    yield choose
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-12-31", datetime(2026, 12, 30, 23, tzinfo=UTC)),
        (" 2026-12-31T18:00 ", datetime(2026, 12, 31, 17, tzinfo=UTC)),
        ("2026-07-31 18:00", datetime(2026, 7, 31, 16, tzinfo=UTC)),
        ("2026-12-31 18:00:30Z", datetime(2026, 12, 31, 18, 0, 30, tzinfo=UTC)),
        ("2026-12-31T18:00+05:30", datetime(2026, 12, 31, 12, 30, tzinfo=UTC)),
        ("20261231", datetime(2026, 12, 30, 23, tzinfo=UTC)),
        ("2026-12-31 18:00:30 CET", datetime(2026, 12, 31, 17, 0, 30, tzinfo=UTC)),
        ("2026-12-31 18:00 UTC", datetime(2026, 12, 31, 18, tzinfo=UTC)),
        ("2026-10-25 02:30:00 CEST", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25 02:30:00 CET", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("now", datetime(2026, 11, 28, 11, tzinfo=UTC)),
        ("10:00", datetime(2026, 11, 28, 9, tzinfo=UTC)),
        ("9:05", datetime(2026, 11, 28, 8, 5, tzinfo=UTC)),
        ("18:00", datetime(2026, 11, 27, 17, tzinfo=UTC)),
        ("today", datetime(2026, 11, 27, 23, tzinfo=UTC)),
        ("Yesterday", datetime(2026, 11, 26, 23, tzinfo=UTC)),
        ("friday", datetime(2026, 11, 26, 23, tzinfo=UTC)),
        ("saturday", datetime(2026, 11, 27, 23, tzinfo=UTC)),
        ("7d", datetime(2026, 11, 21, 11, tzinfo=UTC)),
        ("90 min", datetime(2026, 11, 28, 9, 30, tzinfo=UTC)),
        ("3 weeks ago", datetime(2026, 11, 7, 11, tzinfo=UTC)),
        ("in  3 weeks", datetime(2026, 12, 19, 11, tzinfo=UTC)),
        ("an hour ago", datetime(2026, 11, 28, 10, tzinfo=UTC)),
    ],
)
def test_a_moment_that_is_over(zone: Zone, text: str, wanted: datetime) -> None:
    assert dates.moment(text, now=NOW) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-12-31", datetime(2026, 12, 30, 23, tzinfo=UTC)),
        ("2026-12-31 18:00", datetime(2026, 12, 31, 17, tzinfo=UTC)),
        ("10:00", datetime(2026, 11, 29, 9, tzinfo=UTC)),
        ("18:00", datetime(2026, 11, 28, 17, tzinfo=UTC)),
        ("friday", datetime(2026, 12, 3, 23, tzinfo=UTC)),
        ("saturday", datetime(2026, 12, 4, 23, tzinfo=UTC)),
        ("tomorrow", datetime(2026, 11, 28, 23, tzinfo=UTC)),
        ("2w", datetime(2026, 12, 12, 11, tzinfo=UTC)),
        ("2027-03-28", datetime(2027, 3, 27, 23, tzinfo=UTC)),
        ("2027-03-29", datetime(2027, 3, 28, 22, tzinfo=UTC)),
    ],
)
def test_a_moment_that_is_to_come(zone: Zone, text: str, wanted: datetime) -> None:
    assert dates.moment(text, Side.AHEAD, now=NOW) == wanted


@pytest.mark.parametrize(
    "name", ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "America/New_York"]
)
@pytest.mark.parametrize(
    "at", [datetime(2026, 7, 1, 10, 20, 30, tzinfo=UTC), datetime(2026, 12, 1, 1, 2, 3, tzinfo=UTC)]
)
def test_what_is_printed_is_read_as_what_it_was(zone: Zone, name: str, at: datetime) -> None:
    zone(name)
    assert dates.moment(cell(at)) == at
    assert dates.moment(dates.shown(at), Side.AHEAD) == at.replace(second=0)
    assert dates.moment(at.isoformat()) == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "31.12.2026",
        "2026-13-01",
        "10000-01-01",
        "9999-12-31",
        "0001-01-01T00:00+10:00",
        "2026\0",
        "25:00",
        "in 3 weeks ago",
        "999999w ago",
        "2026-12-31 18:00 PST",
    ],
)
def test_what_is_not_a_date(zone: Zone, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        dates.moment(text)
    assert caught.value.hint


def test_an_end_lies_ahead_by_the_database_s_clock(database: Database) -> None:
    assert dates.end(database, None) is None
    assert dates.end(database, "9998-12-31") == datetime(9998, 12, 31, tzinfo=UTC)
    with pytest.raises(UsageError, match="2020-01-01 is over"):
        dates.end(database, "2020-01-01")
