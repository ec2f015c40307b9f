"""Errors for people and for machines."""

import json
from datetime import UTC, datetime

import pytest

from musicctl.render.error import error_line, error_text, traceback_text
from tests.render.hostile import STRINGS, forbidden


def test_a_machine_gets_one_line_of_json() -> None:
    line = error_line("refused", 4, "what\nhappened", "what to do", {"plan": "0123", "code": "not this"})
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == {
        "error": {
            "code": "refused",
            "exit": 4,
            "message": "what\nhappened",
            "hint": "what to do",
            "plan": "0123",
        }
    }
    assert list(json.loads(line)["error"])[:4] == ["code", "exit", "message", "hint"]


def test_details_may_be_anything() -> None:
    details: dict[str, object] = {"since": datetime(2026, 11, 22, tzinfo=UTC), "candidates": ("a", "b")}
    error = json.loads(error_line("busy", 75, "", "", details))["error"]
    assert (error["since"], error["candidates"]) == ("2026-11-22T00:00:00Z", ["a", "b"])


@pytest.mark.parametrize("hostile", STRINGS)
def test_a_machine_gets_the_very_text(hostile: str) -> None:
    line = error_line("failed", 1, hostile, hostile, {})
    assert json.loads(line)["error"]["message"] == hostile
    assert forbidden(line) == []


def test_people_are_told_what_to_do_next() -> None:
    assert error_text("nothing is configured", "musicctl demo", terminal=None) == (
        "musicctl: nothing is configured\n  hint: musicctl demo"
    )
    assert error_text("no", "", terminal=80) == "musicctl: no"


def test_on_a_terminal_no_word_is_broken() -> None:
    what = "no user of the tenant has the email address ada@example.com"
    assert error_text(what, "musicctl users list --name Ada", terminal=40).splitlines() == [
        "musicctl: no user of the tenant has the",
        "  email address ada@example.com",
        "  hint: musicctl users list --name Ada",
    ]


def test_what_it_is_about_is_listed() -> None:
    listed = ["line 2, name: is empty", "line 3, total_plays: '-1' is below 0"]
    assert error_text("2 bad lines", "mend them", terminal=30, lines=listed).splitlines() == [
        "musicctl: 2 bad lines:",
        "  line 2, name: is empty",
        "  line 3, total_plays: '-1' is",
        "    below 0",
        "  hint: mend them",
    ]
    assert forbidden(error_text("x", "", terminal=None, lines=["a\nb\x1b[2J"])[len("musicctl: x:\n") :]) == []


@pytest.mark.parametrize("hostile", STRINGS)
def test_people_get_safe_text(hostile: str) -> None:
    lines = error_text(hostile, f"about {hostile}", terminal=None).split("\n")
    assert len(lines) == 2
    narrow = error_text(hostile, f"about {hostile}", terminal=20).split("\n")
    assert [forbidden(line) for line in (*lines, *narrow) if forbidden(line)] == []


def test_a_traceback_quotes_nothing_raw() -> None:
    lines = traceback_text(ValueError("over\rwritten \x1b[2J\nnext line \u202e")).split("\n")
    assert lines == [r"ValueError: over\x0dwritten \x1b[2J", r"next line \u202e", ""]
