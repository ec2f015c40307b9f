"""The README says what the program does: its commands, exit codes, settings and set-up lines."""

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from musicctl.cli import root
from musicctl.cli.topics import FORMATS, TOPICS
from musicctl.errors import Exit
from musicctl.policy.guards import ORDER
from musicctl.sandbox.local_tenant.settings import TenantSettings
from musicctl.settings.meanings import MEANINGS
from musicctl.settings.model import SETTINGS
from tests.cli.test_formats import commands
from tests.faults.processes import settings
from tests.program import Program, Sandbox, query

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^\| `([a-z -]+?)(?: [A-Z_]+(?:\.\.\.)?)*` \|", SECTIONS["Commands"], re.MULTILINE)


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
    lines += re.findall(rf"`((?:{'|'.join(root.COMMANDS)})\b[a-z -]*)([^`\n]*)`", README)
    named += [(name, option) for words, rest in lines for name, option in given(words, rest, has)]
    assert len(named) > 30
    assert [(name, option) for name, option in named if option not in has[name]] == []
    alone = set(re.findall(r"`(--?[a-zA-Z][a-z-]*)[^`\n]*`", README))
    assert alone - set().union(*has.values()) == set()


def test_every_command_that_the_text_names_is_one() -> None:
    groups = {name.partition(" ")[0] for name in COMMANDS if " " in name}
    named = re.findall(rf"(?:`|musicctl )((?:{'|'.join(groups)}) [a-z-]+)", README)
    assert len(named) > 100
    assert [name for name in named if name not in COMMANDS] == []


def given(words: str, rest: str, has: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Return the command of a line, and each option behind it."""
    name = next((part for part in (words.rsplit(" ", n)[0] for n in range(3)) if part in has), None)
    options = re.findall(r"(?<= )--?[a-zA-Z][a-z-]*", f" {words}{rest}".partition("#")[0])
    return [] if name is None else [(name, option) for option in options]


def test_every_exit_code_is_there_with_its_meaning() -> None:
    rows = re.findall(r"^\| (\d+) \| ([A-Z_]+) \| (.*) \|$", SECTIONS["Exit codes"], re.MULTILINE)
    found = {(int(code), name, told.replace("`", "")) for code, name, told in rows}
    assert found == {(each.value, each.name, each.meaning) for each in Exit}


def test_every_format_is_there_as_the_help_explains_it() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \| (.*) \|$", SECTIONS["What is printed"], re.MULTILINE)
    assert dict(rows) == {form.value: told for form, told in FORMATS.items()}


def test_every_topic_of_the_help_is_named() -> None:
    [row] = re.findall(r"^\| `help` \| (.*) \|$", README, re.MULTILINE)
    assert re.findall(r"`([a-z-]+)`", row) == list(TOPICS)


def test_every_danger_of_a_plan_is_named(program: Program) -> None:
    told = program("help", "safety").out
    assert [name for name in ORDER if f"`{name}`" not in SECTIONS["Safe to leave alone"]] == []
    assert [name for name in ORDER if f"  {name} " not in told] == []


def test_every_setting_means_what_the_help_says() -> None:
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| [^|]*\| (.*) \|$", SECTIONS["Settings"], re.MULTILINE)
    told = {name: meaning.replace("`", "").partition("; https://")[0] for name, meaning in rows}
    assert told == MEANINGS


def test_every_setting_is_there_in_order_with_its_default() -> None:
    named = re.findall(r"^\| `([a-z0-9_]+)` \| ([^|]*)\|", SECTIONS["Settings"], re.MULTILINE)
    assert [name for name, _ in named] == list(SETTINGS)
    for name, default in named:
        given = SETTINGS[name].default
        written = str(given).lower() if isinstance(given, bool) else str(given)
        assert given is None or written == default.strip().strip("`")


def test_the_two_set_up_lines_install_what_is_pinned_and_build_with_it() -> None:
    lines = [line.split(" && ") for line in re.findall(r"^    \$ (.*)$", README, re.MULTILINE)]
    ours = ".venv/bin/pip install -q --no-deps --no-build-isolation -e ."
    for line, file, last in zip(
        lines, ("", "-dev"), (".venv/bin/musicctl demo", ".venv/bin/pytest -n 4"), strict=True
    ):
        pinned = f".venv/bin/pip install -q -r .ci/requirements{file}.txt"
        assert line == ["python3 -m venv .venv", pinned, ours, last]


def test_the_tour_works_after_the_demo(demo: Sandbox, program: Program) -> None:
    assert program("roles", "sync").code == 0
    codes = {}
    for line in re.findall(r"^    musicctl (.*)$", SECTIONS["A tour"], re.MULTILINE):
        words = shlex.split(line, comments=True)
        codes[line] = program(*words).code
    assert set(codes.values()) == {0}, codes
    undone = "SELECT command FROM musicctl.runs WHERE undoes IS NOT NULL"
    assert demo.query(undone) == [("undo",)]
    assert not demo.roles("auth0|demo-boris")


def test_the_file_of_the_tour_is_made_and_loaded_as_written(
    sandbox: Sandbox, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [made] = re.findall(r"^    (printf .*)$", README, re.MULTILINE)
    [load] = re.findall(r"^    musicctl (sandbox load \S+\.csv)", README, re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    subprocess.run(["bash", "-c", made], check=True)
    assert program(*load.split(), "--json").json["playlists"] == 1
    assert sandbox.query("SELECT total_plays FROM playlists") == [(120,)]


@pytest.fixture
def limited(demo: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], object]]:
    """Connect as an account that has the rights in the README and no other; yields what gives it more."""
    monkeypatch.delenv("MUSICCTL_PROFILE")
    url = demo.state.database_url
    for name, value in settings(demo, settle="0.01s").items():
        monkeypatch.setenv(name, value.replace("//musicctl@", "//musicctl_cron@"))
    superuser = url.replace("//musicctl@", "//postgres@")
    grants = re.findall(r"^    (GRANT .*;)$", SECTIONS["Connecting your own"], re.MULTILINE)
    query(superuser, f"CREATE ROLE musicctl_cron LOGIN; {' '.join(grants)}")
    yield lambda right: query(superuser, f"GRANT {right} TO musicctl_cron")
    query(superuser, "DROP OWNED BY musicctl_cron; DROP ROLE musicctl_cron")


def test_the_rights_named_are_enough(
    limited: Callable[[str], object], program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "artists.csv"
    file.write_text("artist_id,artistname,user_id\na1,Nina,auth0|demo-ada\n")
    reading = ("roles sync", "roles plan", "users list", "users show ada@example.com", "stats")
    writing = ("roles pin ada@example.com --state revoked --reason x", "undo last --yes", "history list")
    adding, imported = "songs add ada@example.com Blue", f"artists import {file} --yes"
    erasing = "users erase ada@example.com --yes"

    def codes(*lines: str) -> list[int]:
        return [program(*shlex.split(line)).code for line in lines]

    assert codes(*reading, *writing) == [Exit.OK] * 8
    assert codes(adding, erasing) == [Exit.DENIED] * 2
    limited("INSERT, UPDATE ON songs, artists, playlists, user_data")
    assert codes(adding, imported) == [Exit.OK, Exit.DENIED]
    limited("CREATE ON SCHEMA musicctl")
    assert codes(imported, erasing) == [Exit.OK, Exit.DENIED]
    limited("DELETE ON songs, artists, playlists, user_data")
    assert codes(erasing) == [Exit.OK]


def test_each_scope_named_is_needed_for_what_it_is_named_for(demo: Sandbox, program: Program) -> None:
    told = SECTIONS["Connecting your own"].partition("**Auth0.**")[2]
    scopes = re.findall(r"`([a-z]+:[a-z_]+)`", told)
    lines = {
        "read:users": "roles plan",
        "update:users_app_metadata": "roles sync",
        "update:users": "profile set-name ada@example.com Lovelace",
        "update:actions": "actions deploy",
        "delete:actions": "actions deploy --remove --yes",
    }
    assert len(scopes) == len(set(scopes)) == 8
    for scope, line in lines.items():
        found = []
        for granted in (scopes[: scopes.index(scope)], scopes[: scopes.index(scope) + 1]):
            demo.tenant.change_settings(TenantSettings(build_time=0, scopes=" ".join(granted)))
            found.append(program(*shlex.split(line)).code)
        assert found == [Exit.DENIED, Exit.OK], line


def test_every_layer_is_named() -> None:
    layers = {path.parent.name for path in (ROOT / "musicctl").glob("*/__init__.py")}
    assert layers <= set(re.findall(r"`([a-z]+)`", SECTIONS["How it is built"]))
    assert len(layers) > 5
