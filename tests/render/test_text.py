"""Foreign text on a terminal: nothing in it is obeyed, hidden or wider than it claims to be."""

import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from musicctl.render.text import ELLIPSIS, SUBSTITUTES, safe, safe_lines, shorten, width, wrapped
from tests.render.hostile import STRINGS, any_text, forbidden, unhurried

AS_IT_IS = (
    "plain",
    "[bold]no markup[/bold] :smiley: AC/DC [/]live",
    "Ringo ⭐",
    "👨‍👩‍👧‍👦",
    "🏳️‍🌈",
    "1️⃣",
    "❤️ and ☁︎",
    "👍🏽",
    "می‌خواهم",
    "क्‍ष",
    "葛\U000e0100城",
    "العربية",
    "ปี่พาทย์",
    "non\u00a0breaking",
    "a" + "\u0301" * 8,
)
ESCAPED = {
    "\x1b[31m": r"\x1b[31m",
    "a\tb\r\nc": r"a\x09b\x0d\x0ac",
    "\x00\x7f\x85\x9b": r"\x00\x7f\x85\x9b",
    "\u202eabc\u202c": r"\u202eabc\u202c",
    "\u2028\u2029": r"\u2028\u2029",
    "a\u200bb\ufeff\u00ad": r"a\u200bb\ufeff\xad",
    "\ud800": r"\ud800",
    "\ue000": r"\ue000",
    "\u0378": r"\u0378",
    "\U000e0001": r"\U000e0001",
    "\u3164\u034f": r"\u3164\u034f",
    "\u200dab\u200d": r"\u200dab\u200d",
    "a\u200d b": r"a\u200d b",
    "a\u200d\u200db": r"a\u200d\u200db",
    "a\u200d\x1b": r"a\u200d\x1b",
    "\ufe0fa\ufe0f❤\ufe0f\ufe0f": "\\ufe0fa\\ufe0f❤\ufe0f\\ufe0f",
    "a\U000e0100": r"a\U000e0100",
}


@pytest.mark.parametrize("text", AS_IT_IS)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(("text", "shown"), ESCAPED.items(), ids=ESCAPED.values())
def test_what_is_hidden_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize("marks", ["\u0301", "\u20dd", "\u0301\u0489", "\u0903", "\u1161", "\U0001f3fb"])
def test_of_more_than_eight_marks_an_ellipsis_stands_for_the_rest(marks: str) -> None:
    many = (marks * 9)[:9]
    assert safe(f"a{many * 50}b") == f"a{many[:8]}{ELLIPSIS}b"


def test_joiners_do_not_let_a_pile_of_marks_grow() -> None:
    assert "\u200d" not in safe("a" + "\u0301\u200d" * 500 + "b")  # an escape between any two marks
    assert len(safe("क" + "\u0301" * 7 + "\u094d\u200d" + "\u0301" * 500)) < 25


def test_what_is_no_text_is_shown_as_its_text() -> None:
    assert [safe(12), safe(None), safe(ValueError("\n"))] == ["12", "None", r"\x0a"]


@unhurried
@given(any_text)
def test_nothing_safe_is_forbidden(text: str) -> None:
    assert forbidden(safe(text)) == []


@unhurried
@given(any_text)
def test_what_is_safe_stays_as_it_is(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@unhurried
@given(any_text)
def test_no_pile_of_marks_is_high(text: str) -> None:
    kinds = "".join("M" if unicodedata.category(each)[0] == "M" else "." for each in safe(text))
    assert not re.search("M{9}", kinds)


@unhurried
@given(any_text)
def test_width_is_that_of_rich_or_more_where_emoji_are_joined(text: str) -> None:
    shown = safe(text)
    assert width(shown) >= cell_len(shown)
    if "\u200d" not in shown:
        assert width(shown) == cell_len(shown)


@unhurried
@given(any_text, st.integers(0, 50))
def test_shortened_text_fits_and_says_so(text: str, columns: int) -> None:
    shown = safe(text)
    cut = shorten(shown, columns)
    assert width(cut) <= columns
    if width(shown) <= columns:
        assert cut == shown
    elif columns:
        assert cut.endswith(ELLIPSIS)
        assert shown.startswith(cut[:-1])
        assert not cut[:-1].endswith("\u200d")


def test_text_is_shortened_by_what_a_terminal_shows() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("日本語", 6) == "日本語"
    assert shorten("日本語", 5) == "日本…"
    assert shorten("日本語", 4) == "日…"
    assert shorten("❤️❤️❤️", 5) == "❤️❤️…"
    assert shorten("👩‍👩‍👧x", 5) == "👩‍👩…"
    assert shorten("a", 0) == ""


def test_every_hostile_string_is_on_one_line() -> None:
    assert [len(safe(text).splitlines()) for text in STRINGS if text] == [1] * (len(STRINGS) - 1)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "é⭐\\x1b"), ("latin-1", "é\\u2b50\\x1b"), ("ascii", "\\xe9\\u2b50\\x1b")],
)
def test_what_standard_output_cannot_encode_is_an_escape(
    monkeypatch: pytest.MonkeyPatch, encoding: str, shown: str
) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert safe("é⭐\x1b") == shown


def test_our_own_strokes_have_substitutes_of_the_same_width() -> None:
    assert "── a… 1–2 é ⭐ \udcff".encode("ascii", SUBSTITUTES) == rb"-- a~ 1-2 \xe9 \u2b50 \udcff"
    assert "─ é".encode("latin-1", SUBSTITUTES) == b"- \xe9"


def test_several_lines_stay_lines() -> None:
    assert safe_lines("a\x1b\n\r\n\nb\n") == "a\\x1b\n\\x0d\n\nb\n"


def test_on_a_pipe_a_line_stays_one_line() -> None:
    assert wrapped("word " * 100, None) == "word " * 100


@unhurried
@given(any_text, st.integers(1, 120))
def test_lines_are_broken_between_words_only(text: str, columns: int) -> None:
    line = safe(text)
    lines = wrapped(line, columns).split("\n")
    assert " ".join(lines).split() == line.split()
    words = [each for each in lines if width(each) > columns]
    assert [each for each in words if len(each.split()) > 1 and _could_break(each, columns)] == []


def _could_break(line: str, columns: int) -> bool:
    """Tell whether a line is too wide although its last word would have fitted a line of its own."""
    return width(line.rpartition(" ")[2]) + 2 <= columns
