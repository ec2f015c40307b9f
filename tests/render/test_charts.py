"""The pictures: what is not nothing is seen, no line is too wide, and ASCII will do."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl.policy.stats import Bin, Genre, Period, Stats
from musicctl.render.charts import Canvas, stats_text
from musicctl.render.text import width
from tests.render.hostile import any_text, forbidden, unhurried

SHOWN = Stats(
    role="playlist editor",
    threshold=100,
    within=10,
    plays=(Bin(None, 0, 31, 0), Bin(1, 99, 1200, 3), Bin(100, 199, 300, 290), Bin(200, None, 1, 1)),
    below=Bin(90, 99, 8, 1),
    above=Bin(100, 109, 2, 2),
    editors=291,
    periods=(Period(date(2026, 11, 22), 4, 1, 280), Period(date(2026, 11, 23), 11, 0, 291)),
    genres=(Genre("jazz", 50, 20), Genre("дub [bold]", 25, 0)),
    users_with_genre=100,
    editors_with_genre=40,
    songs=(Bin(None, 0, 5, 0), Bin(1, 1, 10, 0)),
)
NOTHING = Stats(
    role="x",
    threshold=1,
    within=10,
    plays=(),
    below=Bin(-9, 0, 0, 0),
    above=Bin(1, 10, 0, 0),
    editors=0,
    periods=(),
    genres=(),
    users_with_genre=0,
    editors_with_genre=0,
    songs=(),
)


def test_the_pictures_at_80_columns() -> None:
    assert stats_text(SHOWN, columns=80, unicode=False).splitlines() == [
        "Plays of 1,532 listeners",
        "             0     31  #",
        "          1-99  1,200  #########################################################",
        "--- 100 plays: the bar " + "-" * 57,
        "       100-199    300  ##############",
        "  200 and more      1  #",
        "",
        "About to cross the bar, 10 plays or fewer from it",
        "    below (90-99)  8  ##########################  1 of them with the role",
        "  above (100-109)  2  ######                      2 of them with the role",
        "",
        "291 listeners with the role playlist editor",
        "  2026-11-22  280 +4 -1  " + "#" * 53,
        "  2026-11-23  291 +11    " + "#" * 55,
        "",
        "Genres of 100 listeners, and of 40 listeners with the role",
        "jazz               50 %  #######################   50 %  #######################",
        "\\u0434ub [bold]    25 %  ############               0 %",
        "",
        "Saved songs of 15 listeners",
        "  0   5  " + "#" * 36,
        "  1  10  " + "#" * 71,
    ]


def test_more_than_ascii_where_it_can_be_shown() -> None:
    lines = stats_text(SHOWN, columns=80, unicode=True).splitlines()
    assert "─── 100 plays: the bar ─" in lines[3]
    assert lines[2].startswith("          1–99  1,200  █████")
    assert lines[1].endswith("  █▌")
    assert "дub [bold]" in lines[17]


def test_nothing_is_said_in_words() -> None:
    assert stats_text(NOTHING, columns=80, unicode=False).splitlines() == [
        "Plays of 0 listeners",
        "",
        "About to cross the bar, 10 plays or fewer from it",
        "  below (-9-0)  0                                 0 of them with the role",
        "  above (1-10)  0                                 0 of them with the role",
        "",
        "0 listeners with the role x",
        "  The journal has no change of it yet.",
        "",
        "Genres of 0 listeners, and of 0 listeners with the role",
        "  None are known.",
        "",
        "Saved songs of 0 listeners",
        "  There are none.",
    ]


@pytest.mark.parametrize("columns", [80, 120, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_terminal(columns: int, unicode: bool) -> None:
    lines = stats_text(SHOWN, columns=columns, unicode=unicode).splitlines()
    assert max(map(width, lines)) == columns
    assert unicode or all(line.isascii() for line in lines)


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.integers(1, 200), st.booleans())
def test_a_bar_fits_and_what_is_not_nothing_is_seen(value: int, most: int, room: int, unicode: bool) -> None:
    bar = Canvas(80, unicode).bar(min(value, most), most, room)
    assert width(bar) <= room
    assert bool(bar) == (value > 0)
    assert width(Canvas(80, unicode).bar(most, most, room)) == room


@unhurried
@given(any_text, st.booleans())
def test_names_of_others_are_safe(name: str, unicode: bool) -> None:
    label = Canvas(80, unicode).label(name, 16)
    assert width(label) == 16
    assert forbidden(label) == []
    assert unicode or label.isascii()
