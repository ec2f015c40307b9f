"""Names that look like markup, control a terminal, or are run by a spreadsheet."""

import json
import re

import pytest

from tests.cli.test_asking import on_a_terminal
from tests.program import Program, Sandbox
from tests.render.hostile import STRINGS, forbidden

ADA = "auth0|ada"
MARKUP = ("AC/DC [/]live", "[link=javascript:alert(1)]x[/link]", ":smiley:")
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")
HOSTILE = [text for text in STRINGS if not any(each == "\0" or "\ud800" <= each <= "\udfff" for each in text)]


def save(sandbox: Sandbox, *names: str) -> None:
    for number, name in enumerate(names):
        sandbox.query("INSERT INTO songs VALUES (%s, %s, %s)", f"{number:03}", name, ADA)


@pytest.mark.parametrize(
    "words", [["songs", "list", ADA], ["songs", "search", "i"], ["songs", "remove", ADA, "000"]]
)
def test_markup_is_printed_as_it_stands(sandbox: Sandbox, words: list[str]) -> None:
    save(sandbox, *MARKUP)
    _, seen = on_a_terminal(words, b"n\n")
    shown = [name for name in MARKUP if name in seen]
    assert shown == list(MARKUP if words[1] == "list" else MARKUP[:1] if words[1] == "remove" else MARKUP)
    assert "\x1b]8" not in seen


@pytest.mark.parametrize("words", [["songs", "list", ADA, "--sort", "id"], ["songs", "export"]])
def test_nothing_raw_reaches_a_terminal(sandbox: Sandbox, words: list[str]) -> None:
    save(sandbox, *HOSTILE, "x" * (1 << 20), "a" + "\u0301" * 10_000)
    code, seen = on_a_terminal(words, b"")
    lines = re.split(r"\r+\n", seen.removesuffix("\n") + "\n")[:-1]
    assert code == 0
    assert [each for line in lines for each in forbidden(line)] == []
    headings, notes = (2, 1) if words[1] == "list" else (1, 0)  # that the long names are cut
    assert len(lines) == headings + len(HOSTILE) + 2 + notes


def test_formulas_are_made_harmless_when_asked(sandbox: Sandbox, program: Program) -> None:
    save(sandbox, *FORMULAS)
    excel = program("songs", "export", "--excel").out
    for formula in FORMULAS:
        assert f"'{formula}" in excel
        assert f"'{formula}" not in program("songs", "export").out
    lines = program("songs", "export", "-o", "jsonl").out.splitlines()
    assert {json.loads(line)["songname"] for line in lines} == set(FORMULAS)
    assert program("songs", "export", "--excel", "-o", "tsv").code == 2
    listed = program("songs", "list", ADA, "--json").json
    assert {song["songname"] for song in listed} == set(FORMULAS)
