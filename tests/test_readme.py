"""The README says what the program does: its commands, exit codes, settings and set-up lines."""

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from musicctl.cli import root
from musicctl.cli.topics import FORMATS, TOPICS
from musicctl.errors import Exit
from musicctl.settings.meanings import MEANINGS
from musicctl.settings.model import SETTINGS
from tests.cli.test_formats import commands
from tests.program import Program, Sandbox

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(
    r"^\| `([a-z -]+?)(?: [A-Z_]+(?:\.\.\.)?)*` \|", README.partition("## Commands")[2], re.MULTILINE
)


def commands_of_the_program(program: Program) -> set[str]:
    """Return every command, from the lists that the help prints."""
    found = set()
    for name in root.COMMANDS:
        _, listed, commands = program(name, "--help").out.partition("\nCommands:\n")
        names = re.findall(r"^  ([a-z-]+)", commands, re.MULTILINE) if listed else []
        found |= {f"{name} {each}" for each in names} or {name}
    return found


def test_every_command_is_there(program: Program) -> None:
    assert set(COMMANDS) == commands_of_the_program(program)
    assert len(COMMANDS) == len(set(COMMANDS))


def test_the_usage_of_each_command_is_as_written(program: Program) -> None:
    for line in re.findall(r"^\| `([a-z -]+(?: [A-Z_]+(?:\.\.\.)?)+)` \|", README, re.MULTILINE):
        words = [word for word in line.split() if word.islower()]
        usage = program(*words, "--help").out.splitlines()[0]
        arguments = " ".join(word for word in line.split() if not word.islower())
        assert usage == f"Usage: musicctl {' '.join(words)} [OPTIONS] {arguments}"


def test_every_option_that_a_command_is_given_is_one_of_its() -> None:
    has = dict(commands())
    rows = re.findall(r"^\| `([a-z -]+?)(?: [A-Z_]+(?:\.\.\.)?)*` \| (.*) \|$", README, re.MULTILINE)
    named = [(name, option) for name, told in rows for option in re.findall(r"--[a-z-]+", told)]
    lines = re.findall(r"\bmusicctl ([a-z][a-z -]*[a-z])\b([^`\n]*)", README)
    named += [(name, option) for words, rest in lines for name, option in given(words, rest, has)]
    assert len(named) > 20
    assert [(name, option) for name, option in named if option not in has[name]] == []


def given(words: str, rest: str, has: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Return the command of a line, and each option behind it."""
    name = next((part for part in (words.rsplit(" ", n)[0] for n in range(3)) if part in has), None)
    options = re.findall(r"(?<= )--?[a-zA-Z][a-z-]*", f" {words}{rest}".partition("#")[0])
    return [] if name is None else [(name, option) for option in options]


def test_every_exit_code_is_there_with_its_meaning() -> None:
    rows = re.findall(r"^\| (\d+) \| ([A-Z_]+) \| (.*) \|$", README, re.MULTILINE)
    found = {(int(code), name, told.replace("`", "")) for code, name, told in rows}
    assert found == {(each.value, each.name, each.meaning) for each in Exit}


def test_every_format_is_there_as_the_help_explains_it() -> None:
    table = README.partition("| format | |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `([a-z]+)` \| (.*) \|$", table, re.MULTILINE)
    assert dict(rows) == {form.value: told for form, told in FORMATS.items()}


def test_every_topic_of_the_help_is_named() -> None:
    [row] = re.findall(r"^\| `help` \| (.*) \|$", README, re.MULTILINE)
    assert re.findall(r"`([a-z-]+)`", row) == list(TOPICS)


def test_every_setting_means_what_the_help_says() -> None:
    table = README.partition("| setting | default")[2].partition("## ")[0]
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| [^|]*\| (.*) \|$", table, re.MULTILINE)
    told = {name: meaning.replace("`", "").partition("; https://")[0] for name, meaning in rows}
    assert told == MEANINGS


def test_every_setting_is_there_in_order_with_its_default() -> None:
    table = README.partition("| setting | default")[2].partition("## Commands")[0]
    named = re.findall(r"^\| `([a-z0-9_]+)` \| ([^|]*)\|", table, re.MULTILINE)
    assert [name for name, _ in named] == list(SETTINGS)
    for name, default in named:
        given = SETTINGS[name].default
        written = str(given).lower() if isinstance(given, bool) else str(given)
        assert given is None or written == default.strip().strip("`")


def test_the_two_set_up_lines_install_what_pyproject_offers() -> None:
    lines = re.findall(r"^    \$ (.*)$", README, re.MULTILINE)
    assert [line.rpartition("&& ")[2] for line in lines] == [
        ".venv/bin/musicctl demo",
        ".venv/bin/pytest -n 4",
    ]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for line in lines:
        assert set(re.findall(r"\.\[([a-z,]+)\]", line)[0].split(",")) <= set(extras)
        assert "-c .ci/constraints.txt" in line


def test_the_constraints_pin_every_dependency() -> None:
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / ".ci/constraints.txt").read_text().splitlines()
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    names = {re.split(r"[\[=<>]", each)[0].lower().replace("_", "-") for each in wanted}
    assert names <= pinned


@pytest.mark.parametrize("line", re.findall(r"^    musicctl (.* -P sandbox)", README, re.MULTILINE))
def test_the_lines_of_the_tour_work(sandbox: Sandbox, program: Program, line: str) -> None:
    sandbox.add_user("auth0|demo-ada")
    sandbox.query("INSERT INTO songs VALUES ('1', 'So What', 'auth0|demo-ada')")
    address = sandbox.profile("auth0|demo-ada")["email"]
    ended = program(*shlex.split(line.replace("ada@example.com", address)))
    assert ended.code == 0, ended.err


def test_the_file_of_the_tour_is_made_and_loaded_as_written(
    sandbox: Sandbox, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [made] = re.findall(r"^    (printf .*)$", README, re.MULTILINE)
    [load] = re.findall(r"^    musicctl (sandbox load \S+\.csv)", README, re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    subprocess.run(["bash", "-c", made], check=True)
    assert program(*load.split(), "--json").json["playlists"] == 1
    assert sandbox.query("SELECT total_plays FROM playlists") == [(120,)]
