"""Every command that prints data, on a terminal and for machines, where all that others wrote is hostile."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from musicctl.cli.root import command
from musicctl.errors import Exit
from musicctl.render.text import width
from tests.cli.hostile_world import (
    ADA,
    BORIS,
    LISTINGS,
    RUN,
    TEXTS,
    Listing,
    fill,
    fill_actions,
    fill_faults,
)
from tests.program import Program, Sandbox
from tests.render.hostile import HOW_MANY, forbidden
from tests.render.test_records import read_copy
from tests.terminal import Typed, screens

FAULTS = Listing(["sandbox", "faults", "show"], {"value": TEXTS})

RECORDS = """
songs add {ada} name
songs import songs.csv
artists add {ada} name
artists import songs.csv
playlists set-plays none 5
playlists import songs.csv
genres show {ada}
genres set {ada} beat
profile show {boris}
profile set-name {ada} Ada
profile set-names songs.csv --dry-run
profile fill-names --limit=40 --dry-run
roles list {ada}
roles list {boris}
roles explain {ada}
roles explain {boris}
roles grant {ada} --dry-run
roles revoke {boris} --dry-run
roles pin {ada} --state granted --reason why
roles unpin {ada}
roles hold --reason why
roles hold --reason again
roles release
promote {ada} {boris} --dry-run
users show {ada}
users show {boris}
users erase {ada}
stats
history recover
undo {run}
undo {run} --dry-run
mirror status
token verify @songs.csv
token decode @songs.csv
token issue {ada}
actions plan
actions deploy
db init
db init --print
db status
config show
config path
sandbox status
sandbox faults set html --endpoint /nowhere
sandbox faults clear
mirror refresh --quiet
"""
"""Commands that print one record or a report, or that only ask."""

NO_DATA = {
    "completion": "a script of ours",
    "demo": "runs the commands above",
    "help": "words of ours",
    "sandbox down": "two sentences of ours",
    "sandbox load": "numbers",
    "sandbox reset": "what `sandbox status` prints",
    "sandbox up": "what `sandbox status` prints",
}
"""Commands that print nothing that others wrote, and why."""


@pytest.fixture
def world(sandbox: Sandbox) -> Sandbox:
    fill(sandbox)
    return sandbox


def records() -> list[Typed]:
    lines = RECORDS.format(ada=ADA, boris=BORIS, run=RUN).strip().splitlines()
    return [Typed(line.split()) for line in lines]


def leaves(group: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield every command by its full name."""
    if not hasattr(group, "list_commands"):
        yield " ".join(path)
        return
    for name in group.list_commands(None):
        yield from leaves(group.get_command(None, name), (*path, name))


def test_every_command_is_in_one_of_the_tables() -> None:
    """A new command that prints data belongs into LISTINGS or RECORDS, so that the tests below run it."""
    listed = {" ".join(each.words[:3]) for each in (*LISTINGS, FAULTS)}
    listed |= {" ".join(each.words[:3]) for each in records()}
    tried = {name for name in leaves(command()) if any(f"{each} ".startswith(f"{name} ") for each in listed)}
    assert tried | set(NO_DATA) == set(leaves(command()))
    assert not tried & set(NO_DATA)


def test_there_are_enough_of_them() -> None:
    assert len(set(TEXTS)) == HOW_MANY == 500


def test_a_terminal_is_shown_every_row_and_nothing_to_obey(world: Sandbox, tmp_path: Path) -> None:
    shown = screens([Typed(each.words) for each in LISTINGS], tmp_path)
    for each, screen in zip(LISTINGS, shown, strict=True):
        lines = [line.removesuffix("\r") for line in screen.lines] if each.is_export else screen.lines
        assert [line for line in lines if forbidden(line)] == [], each.words
        assert len(rows(each, lines)) == each.rows, each.words
        assert each.is_export or max(map(width, lines)) <= 80, each.words


def test_faults_of_the_sandbox_too(sandbox: Sandbox, tmp_path: Path, program: Program) -> None:
    fill_faults(sandbox)
    [screen] = screens([Typed(FAULTS.words)], tmp_path)
    assert [line for line in screen.lines if forbidden(line)] == []
    assert len(rows(FAULTS, screen.lines)) == FAULTS.rows
    assert_exact(program, FAULTS)


def test_a_record_has_nothing_to_obey(world: Sandbox, tmp_path: Path) -> None:
    fill_actions(world)
    (tmp_path / "songs.csv").write_text("\n".join(TEXTS), encoding="utf-8")
    for each, screen in zip(records(), screens(records(), tmp_path), strict=True):
        assert [line for line in screen.lines if forbidden(line)] == [], each.words
        assert screen.code in range(Exit.CHANGES), (each.words, screen.text)


def rows(each: Listing, lines: list[str]) -> list[str]:
    """Return the lines of the rows: those below the headings, or those of the users in a report."""
    if each.is_export:
        return lines[1:]
    if each.within:
        return [line for line in lines if line.startswith("auth0|")]
    rule = next(at for at, line in enumerate(lines) if line.startswith("───"))
    below = lines[rule + 1 :]
    note = (at for at, line in enumerate(below) if line.startswith(("… cut: ", "… left out: ")))
    return below[: next(note, None)]


def test_machines_get_every_value_back(world: Sandbox, program: Program) -> None:
    for each in LISTINGS:
        assert_exact(program, each)


def assert_exact(program: Program, each: Listing) -> None:
    for form in each.formats:
        found = read(program, each, form)
        for column, values in each.values.items():
            assert Counter(row[column] for row in found) == Counter(values), (each.words, form, column)


def read(program: Program, each: Listing, form: str) -> list[Any]:
    """Return the rows that a machine reads, as mappings."""
    end = next((at for at, word in enumerate(each.words) if word == "--"), len(each.words))
    ended = program(*each.words[:end], "-o", form, *each.words[end:])
    assert ended.err.count("hint") == 0, ended.err
    if form == "json":
        return ended.json[each.within] if each.within else ended.json  # type: ignore[no-any-return]
    if form == "jsonl":
        return [json.loads(line) for line in ended.out.split("\n")[:-1]]
    exact = csv.reader(io.StringIO(ended.out, newline=""), strict=True)
    head, *body = exact if form == "csv" else read_copy(ended.out)
    return [dict(zip(head, row, strict=True)) for row in body]
