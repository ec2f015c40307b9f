"""Narrow, dumb and old terminals, pipes and full disks: no table is broken, and the exit codes are right."""

import subprocess
import sys
from pathlib import Path

import pytest

from musicctl.errors import Exit
from musicctl.render.text import UNIT, width
from tests.cli.hostile_world import ADA, ALL, DJ, RUN, fill
from tests.program import Program, Sandbox
from tests.terminal import Screen, Typed, screens

TABLES = {
    f"songs list {ADA}": Exit.OK,
    f"playlists top {ALL}": Exit.OK,
    f"genres top {ALL} --columns=users,fav_genre": Exit.OK,
    f"roles pins --role={DJ}": Exit.OK,
    f"history show {RUN}": Exit.OK,
    "roles plan": Exit.OK,
    "config show": Exit.OK,
}
OTHERS = {
    "stats": Exit.OK,
    f"users show {ADA}": Exit.OK,
    "songs list nobody": Exit.USAGE,
    "roles sync": Exit.REFUSED,
    "users list --columns=nobody": Exit.USAGE,
    "help": Exit.OK,
    "users list --help": Exit.OK,
}
KINDS = {
    "utf-8": [{"TERM": "dumb", "NO_COLOR": "1"}, {"COLUMNS": "20"}],
    "ascii": [{"COLUMNS": "80"}],
    "latin-1": [{"COLUMNS": "120"}],
}
"""Variables of terminals, by their encoding; they have 80 columns unless COLUMNS says otherwise."""


@pytest.fixture
def world(sandbox: Sandbox) -> Sandbox:
    fill(sandbox)
    sandbox.add_user(ADA)
    return sandbox


@pytest.mark.parametrize("encoding", KINDS)
def test_no_table_is_broken(world: Sandbox, tmp_path: Path, encoding: str) -> None:
    words = {**TABLES, **OTHERS} if encoding == "utf-8" else TABLES
    typed = [Typed(each.split(), variables) for variables in KINDS[encoding] for each in words]
    shown = screens(typed, tmp_path, encoding=encoding)
    for each, screen in zip(typed, shown, strict=True):
        code = words[" ".join(each.words)]
        assert (screen.code, "Traceback" in screen.text) == (code, False), each
        if " ".join(each.words) in TABLES:
            check_tables(screen, int(each.variables.get("COLUMNS", 80)))


def check_tables(screen: Screen, columns: int) -> None:
    """Assert that all rows below a rule fit the terminal and are blank where the rule is."""
    found = 0
    rule: str | None = None
    for line in screen.lines:
        if line and set(line) <= set("─- ") and line[0] in "─-":
            rule, found = line, found + 1
        elif not line or line.startswith(("…", "~", "Wrong")):
            rule = None
        elif rule is not None:
            assert width(line) <= columns
            assert blank_where(rule, line), (rule, line)
    assert found


def blank_where(rule: str, line: str) -> bool:
    """Tell whether a row is blank in the columns between those of the table."""
    cells = "".join(unit[0] + "\0" * (width(unit) - 1) for unit in UNIT.findall(line) if width(unit))
    gaps = [at for at, stroke in enumerate(rule) if stroke == " "]
    return all(cells[at : at + 1] in {"", " "} for at in gaps)


FIRST = {"users list": 50, "history list": 20, "artists search needle": 200, "query TABLE\tsongs": 200}


def test_a_terminal_shows_the_first_rows_and_says_so(
    world: Sandbox, program: Program, tmp_path: Path
) -> None:
    shown = screens([Typed(words.split(" ")) for words in FIRST], tmp_path)
    for (words, most), screen in zip(FIRST.items(), shown, strict=True):
        assert f"there are more than these {most} " in screen.text
        rule = next(at for at, line in enumerate(screen.lines) if line.startswith("─"))
        below = screen.lines[rule + 1 :]
        end = next(at for at, line in enumerate(below) if line.startswith(("… cut: ", "there are more")))
        assert end == most, words
        assert len(program(*words.split(" ")).out.split("\n")) > most + 2


def shell(command: str) -> subprocess.CompletedProcess[bytes]:
    line = command.replace("musicctl", f"{sys.executable} -m musicctl")
    return subprocess.run(["bash", "-c", line], capture_output=True, check=False)


@pytest.mark.parametrize(
    "words", ["users list -q", "history list -o tsv --columns command,run", "help settings"]
)
def test_a_reader_that_goes_away_is_no_failure(world: Sandbox, words: str) -> None:
    done = shell(f"musicctl {words} | head -1; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr, done.stdout.count(b"\n")) == (0, b"", 1)


@pytest.mark.parametrize(
    "words",
    [
        "--version",
        "stats",
        f"users show '{ADA}' --json",
        "users list -q --columns plays",
        "users list --help",
    ],
)
def test_a_full_disk_is_said(world: Sandbox, words: str) -> None:
    done = shell(f"musicctl {words} > /dev/full")
    assert done.returncode == Exit.FAILED
    assert b"No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_path_is_exact_for_machines(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICCTL_CONFIG", "/tmp/\x1b[2J\u202e.toml")
    assert program("config", "path").out == "/tmp/\x1b[2J\u202e.toml\n"
