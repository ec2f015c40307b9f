"""Tables for people: they fit, one row is one line, and on a pipe nothing is missing."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from musicctl.render.table import cell, fields, table
from musicctl.render.text import safe, width
from tests.render.hostile import STRINGS, any_text, forbidden, unhurried

values = any_text | st.none() | st.integers() | st.lists(any_text, max_size=3)
rows_of_three = st.lists(st.tuples(values, values, values), max_size=6)
terminals = st.integers(1, 120)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Set the zone that this process lives in."""
    with monkeypatch.context() as patched:

        def live_in(name: str) -> None:
            patched.setenv("TZ", name)
            time.tzset()

        yield live_in
    time.tzset()


def test_on_a_terminal() -> None:
    rows = [("auth0|1", 7, ("vip", "editor")), ("auth0|2", None, ())]
    assert table(("user_id", "plays", "roles"), rows, terminal=80).splitlines() == [
        "user_id  plays  roles",
        "───────  ─────  ───────────",
        "auth0|1      7  vip, editor",
        "auth0|2      -  none",
    ]


def test_on_a_pipe() -> None:
    rows = [("auth0|1", 7, "x" * 300), ("日本", 12345678, "y")]
    assert table(("user_id", "plays", "name"), rows, terminal=None).splitlines() == [
        "user_id     plays  name",
        "auth0|1         7  " + "x" * 300,
        "日本     12345678  y",
    ]


def test_numbers_alone_are_right_aligned() -> None:
    rows = [(True, Decimal("1.5"), 1.25, "1"), (None, 100, None, "22")]
    assert table(("yes", "decimal", "float", "text"), rows, terminal=None).splitlines()[1:] == [
        "yes      1.5   1.25  1",
        "-        100      -  22",
    ]


def test_the_first_column_is_cut_last() -> None:
    rows = [("google-oauth2|103547991597142817347", "n" * 60, "r" * 60)]
    first, *_ = (
        line.split() for line in table(("user_id", "name", "roles"), rows, terminal=60).splitlines()[2:]
    )
    assert first == ["google-oauth2|103547991597142817347", "n" * 9 + "…", "r" * 9 + "…"]


def test_as_much_is_shown_as_there_is_room_for() -> None:
    rows = [("1", "n" * 30, "short")]
    assert "n" * 30 in table(("id", "name", "kind"), rows, terminal=41)
    assert "n" * 29 not in table(("id", "name", "kind"), rows, terminal=39)


@unhurried
@given(rows_of_three, terminals)
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[object, ...]], terminal: int) -> None:
    lines = table(("user_id", "a long heading", "日本語"), rows, terminal=terminal).split("\n")
    assert max(map(cell_len, lines)) <= terminal
    assert max(map(width, lines)) <= terminal


@unhurried
@given(rows_of_three, st.none() | terminals)
def test_one_row_is_one_line_without_anything_forbidden(
    rows: list[tuple[object, ...]], terminal: int | None
) -> None:
    text = table(("a\x1b[1m", "b\n", "c\u202e"), rows, terminal=terminal)
    lines = text.split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(rows) + (1 if terminal is None else 2)
    assert [forbidden(line) for line in lines] == [[] for _ in lines]


@unhurried
@given(rows_of_three)
def test_on_a_pipe_every_cell_is_whole(rows: list[tuple[object, ...]]) -> None:
    lines = table(("a", "b", "c"), rows, terminal=None).split("\n")[1:]
    for line, row in zip(lines, rows, strict=False):
        assert [value for value in row if cell(value).strip(" ") not in line] == []


def test_columns_start_where_those_above_do() -> None:
    wide = [text for text in STRINGS if "\u200d" not in safe(text)]
    lines = table(("name", "mark"), [(text, "MARK") for text in wide], terminal=60).splitlines()[2:]
    assert {cell_len(line[: line.index("MARK")]) for line in lines} == {cell_len(lines[0]) - 4}


@unhurried
@given(st.dictionaries(any_text, values, min_size=1, max_size=5))
def test_fields_are_a_line_each(shown: dict[str, object]) -> None:
    lines = fields(shown, terminal=None).split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(shown)
    assert [forbidden(line) for line in lines] == [[] for _ in lines]


@unhurried
@given(st.dictionaries(any_text, values, min_size=1, max_size=5), terminals)
def test_on_a_terminal_a_field_is_whole_and_goes_on_below_itself(
    shown: dict[str, object], terminal: int
) -> None:
    text = fields(shown, terminal=terminal)
    assert [forbidden(line) for line in text.split("\n")] == [[] for _ in text.split("\n")]
    words = " ".join(f"{cell(name)} {cell(value)}" for name, value in shown.items())
    assert text.split() == words.split()


def test_a_long_value_can_be_copied() -> None:
    url = "postgresql://musicctl@/musicctl?host=%2Fhome%2Fada%2F.local%2Fshare%2Fmusicctl&port=5432"
    shown: dict[str, object] = {"url": url, "roles": ["playlist editor", "vip", "support desk"]}
    assert fields(shown, terminal=40).splitlines() == [
        f"url    {url}",
        "roles  playlist editor, vip, support",
        "       desk",
    ]


def test_fields_are_aligned() -> None:
    shown: dict[str, object] = {
        "user_id": "auth0|1",
        "roles": [],
        "at": None,
        "counts": {"grant": 1, "revoke": 0},
    }
    assert fields(shown, terminal=None).splitlines() == [
        "user_id  auth0|1",
        "roles    none",
        "at       -",
        "counts   grant: 1, revoke: 0",
    ]


def test_nothing_makes_a_table_of_headings() -> None:
    assert table(("a", "b"), [], terminal=None) == "a  b\n"
    assert fields({}, terminal=20) == ""


@pytest.mark.parametrize(
    ("zone_name", "expected"),
    [
        ("UTC", "2026-11-22 23:05:06 UTC"),
        ("CET-1", "2026-11-23 00:05:06 CET"),
        ("EST5", "2026-11-22 18:05:06 EST"),
    ],
)
def test_times_are_local_with_their_zone(zone: Callable[[str], None], zone_name: str, expected: str) -> None:
    zone(zone_name)
    assert cell(datetime(2026, 11, 22, 23, 5, 6, 999, tzinfo=UTC)) == expected
    assert cell(datetime(2026, 11, 22, 23, 5, 6)) == expected


def test_a_time_that_is_on_no_local_calendar_is_shown_as_it_is(zone: Callable[[str], None]) -> None:
    zone("EST5")
    assert cell(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01 00:00:00+00:00"
