"""Tables for people: they fit, one row is one line, and on a pipe nothing is missing."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from musicctl.render.formats import Row
from musicctl.render.table import MEASURED, cell, fields, lines, table
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
    _, _, first, told = table(("user_id", "name", "roles"), rows, terminal=60).splitlines()
    assert first.split() == ["google-oauth2|103547991597142817347", "n" * 9 + "…", "r" * 9 + "…"]
    assert told == "… cut: name, roles"


def test_columns_without_room_are_left_out_and_named() -> None:
    rows = [("auth0|5f7c8ec7c33c6c004bbafe82", "ada@example.com", 7, "x" * 9)]
    columns = ("user_id", "email", "plays", "a very long name")
    assert table(columns, rows, terminal=30, remedy="-o csv shows all").splitlines() == [
        "user_id        email     plays",
        "─────────────  ────────  ─────",
        "auth0|5f7c8e…  ada@exa…      7",
        "… cut: user_id, email; left",
        "  out: a very long name; -o",
        "  csv shows all",
    ]
    [heading, _, row, *_] = table(columns, rows, terminal=5).splitlines()
    assert (heading, row) == ("user…", "auth…")


def test_a_table_that_fits_says_nothing_below() -> None:
    rows = [("auth0|1", "x" * 30)]
    for terminal, count in ((39, 3), (38, 4), (None, 2)):
        shown = table(("user_id", "name"), rows, terminal=terminal, remedy="-o csv shows all")
        assert len(shown.splitlines()) == count


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
    own = 1 if terminal is None else 2
    below = lines[own + len(rows) :]
    assert len(lines) >= own + len(rows)
    assert not below or (terminal and below[0].startswith("…"))
    assert [forbidden(line) for line in lines] == [[] for _ in lines]


@unhurried
@given(rows_of_three)
def test_on_a_pipe_every_cell_is_whole(rows: list[tuple[object, ...]]) -> None:
    lines = table(("a", "b", "c"), rows, terminal=None).split("\n")[1:]
    for line, row in zip(lines, rows, strict=False):
        assert [value for value in row if cell(value).strip(" ") not in line] == []


def test_columns_start_where_those_above_do() -> None:
    wide = [text for text in STRINGS if "\u200d" not in safe(text)]
    lines = table(("name", "mark"), [(text, "MARK") for text in wide], terminal=60).splitlines()
    lines = lines[2 : 2 + len(wide)]
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


def test_a_pipe_is_given_lines_while_rows_come() -> None:
    read = []

    def rows() -> Iterator[Row]:
        for at in range(5 * MEASURED):
            read.append(at)
            yield (f"id{at}", "x" * 50 if at == 3 * MEASURED else "x", at)

    coming = lines(("id", "name", "n"), rows(), terminal=None)
    assert next(coming) == "id     name    n\n"
    assert len(read) == MEASURED
    rest = list(coming)
    assert len(rest) == len(read) == 5 * MEASURED
    assert rest[-1] == "id4999  x     4999\n"
    assert rest[3 * MEASURED] == f"id3000  {'x' * 50}  3000\n"


def test_a_terminal_has_columns_as_wide_as_all_rows_need() -> None:
    rows = [(f"id{at}", at) for at in range(MEASURED + 1)]
    shown = table(("id", "n"), rows, terminal=80).splitlines()
    assert {len(line) for line in shown[2:]} == {len("id1000  1000")}


def test_one_long_cell_makes_no_other_row_long() -> None:
    made = table(["a", "b"], [("x" * 100_000, 1), *[("y", 2)] * 50], terminal=None)
    assert len(made) < 200_000
    assert ("x" * 100_000) in made
