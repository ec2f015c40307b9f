"""Dates on the command line: ISO 8601, in UTC unless they say otherwise."""

from datetime import UTC, datetime

import pytest

from musicctl.errors import UsageError
from musicctl.operations import dates
from musicctl.store.database import Database


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-12-31", datetime(2026, 12, 31, tzinfo=UTC)),
        (" 2026-12-31T18:00 ", datetime(2026, 12, 31, 18, tzinfo=UTC)),
        ("2026-12-31 18:00:30Z", datetime(2026, 12, 31, 18, 0, 30, tzinfo=UTC)),
        ("2026-12-31T18:00+01:00", datetime(2026, 12, 31, 17, tzinfo=UTC)),
        ("20261231", datetime(2026, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_moment(text: str, wanted: datetime) -> None:
    assert dates.moment(text) == wanted


@pytest.mark.parametrize(
    "text",
    ["", "soon", "31.12.2026", "2026-13-01", "10000-01-01", "9999-12-31", "0001-01-01T00:00+10:00", "2026\0"],
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        dates.moment(text)
    assert caught.value.hint


def test_an_end_lies_ahead_by_the_database_s_clock(database: Database) -> None:
    assert dates.end(database, None) is None
    assert dates.end(database, "9998-12-31") == datetime(9998, 12, 31, tzinfo=UTC)
    with pytest.raises(UsageError, match="2020-01-01 is over"):
        dates.end(database, "2020-01-01")
