"""A run with its changes: one exact document for machines, and pages for people."""

import json
from collections.abc import Iterator

import pytest

from musicctl.render.history import ON_A_TERMINAL, PAGE, run_document, run_text
from musicctl.render.text import width
from tests.render.hostile import STRINGS, forbidden

COLUMNS = ("user_id", "verdict", "plays", "state", "before", "after", "detail")
RUN: dict[str, object] = {"run": "20260101-000000-aaaa", "command": "roles sync", "counts": {"applied": 2}}


def rows(count: int) -> Iterator[tuple[object, ...]]:
    for number in range(count):
        yield (f"auth0|{number}", "grant", 100, "applied", ["a"], ["a", "x"], None)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_document_is_one_object_with_the_changes_last(count: int) -> None:
    document = json.loads("".join(run_document(RUN, COLUMNS, rows(count))))
    assert list(document) == [*RUN, "changes"]
    assert document["changes"] == [dict(zip(COLUMNS, row, strict=True)) for row in rows(count)]


def test_the_document_is_exact_whatever_others_wrote() -> None:
    for text in STRINGS:
        row = (text, "set", None, "applied", text, text, text)
        written = "".join(run_document(RUN, COLUMNS, [row]))
        assert json.loads(written)["changes"][0] == dict(zip(COLUMNS, row, strict=True))
        assert "\x1b" not in written


def test_people_on_a_terminal_see_a_few_and_are_told_of_the_rest() -> None:
    text = "".join(run_text(RUN, COLUMNS, rows(100), total=100, terminal=80))
    assert text.count("auth0|") == ON_A_TERMINAL
    assert f"… and {100 - ON_A_TERMINAL} more; `musicctl history show 20260101-000000-aaaa -o csv`" in text
    assert all(width(line) <= 80 for line in text.splitlines()[:-1])
    few = "".join(run_text(RUN, COLUMNS, rows(2), total=2, terminal=80))
    assert "more" not in few


def test_a_pipe_gets_all_of_them_page_by_page() -> None:
    parts = list(run_text(RUN, COLUMNS, rows(PAGE + 5), total=PAGE + 5, terminal=None))
    assert len(parts) == 3
    assert "".join(parts).count("auth0|") == PAGE + 5
    assert all("user_id" in part for part in parts[1:])


def test_changes_are_not_held() -> None:
    drawn = []

    def counted() -> Iterator[tuple[object, ...]]:
        for row in rows(10_000):
            drawn.append(row[0])
            yield row

    pieces = run_document(RUN, COLUMNS, counted())
    next(pieces), next(pieces)
    assert len(drawn) == 1


def test_what_others_wrote_does_not_reach_a_terminal_raw() -> None:
    for text in STRINGS:
        row = (text, "set", None, "applied", text, [text], text)
        for part in run_text(RUN, COLUMNS, [row], total=1, terminal=80):
            assert "\x1b" not in part
            assert "\u202e" not in part


def test_the_id_of_a_run_may_be_hostile_too() -> None:
    run = RUN | {"run": "\x1b[2J\u202e"}
    text = "".join(run_text(run, COLUMNS, rows(100), total=100, terminal=80))
    assert r"`musicctl history show \x1b[2J\u202e -o csv` shows all" in text
    assert [line for line in text.split("\n") if forbidden(line)] == []
