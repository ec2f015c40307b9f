"""Completion: what each word may become, in each shell that is installed, and silence where nobody knows."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from musicctl.cli import root
from tests.program import Program, Sandbox

Complete = Callable[..., list[str]]
SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def complete(program: Program, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """Return what completes words as fish asks for it: the values alone."""

    def ask(*words: str) -> list[str]:
        monkeypatch.setenv("_MUSICCTL_COMPLETE", "fish")
        ended = program("--", *words)
        assert (ended.code, ended.err) == (0, "")
        kind, *lines = ended.out.splitlines()
        assert kind == ("words" if lines or kind == "words" else "files")
        return [line.partition("\t")[0] for line in lines] if kind == "words" else [kind]

    return ask


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["so"], ["songs"]),
        (["roles", "p"], ["plan", "pin", "pins"]),
        (["sandbox", "faults", ""], ["show", "set", "clear"]),
        (["roles", "sync", "--w"], ["--wait"]),
        (["songs", "list", "auth0|a", "-o", "j"], ["json", "jsonl"]),
        (["songs", "list", "--output=j"], ["--output=json", "--output=jsonl"]),
        (["songs", "list", "--sort", ""], ["name", "id"]),
        (["users", "list", "--sort", "pl"], ["plays", "playlists"]),
        (["users", "list", "--columns", "pl"], ["plays", "playlists"]),
        (["users", "list", "--columns", "plays,pl"], ["plays,playlists"]),
        (["genres", "top", "--columns=users,"], ["--columns=users,fav_genre"]),
        (["query", "SELECT 1", "--columns", ""], []),
        (["roles", "plan", "--list", "un"], ["unknown", "unreadable"]),
        (["roles", "pin", "auth0|a", "--state", ""], ["granted", "revoked"]),
        (["sandbox", "up", "--plan", "e"], ["essentials", "enterprise"]),
        (["roles", "plan", "-P", ""], ["prod", "staging", "env", "sandbox"]),
        (["roles", "plan", "--profile=st"], ["--profile=staging"]),
        (["help", "se"], ["settings", "security"]),
        (["help", "songs", "m"], ["move"]),
        (["help", "settings", ""], []),
        (["users", "list", "--columns", "user_id,plays,pl"], ["user_id,plays,playlists"]),
        (["songs", "add", "auth0|a", "--columns", ""], []),
        (["completion", ""], list(SHELLS)),
        (["songs", "import", ""], ["files"]),
        (["songs", "list", "--token", "@"], ["files"]),
        (["songs", "list", ""], []),
        (["nonsense", ""], list(root.COMMANDS)),
        (["--version", "so"], ["songs"]),
    ],
)
def test_what_a_word_may_become(
    complete: Complete,
    words: list[str],
    found: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "config.toml").write_text("[profiles.prod]\n[profiles.staging]\n")
    monkeypatch.setenv("MUSICCTL_CONFIG", str(tmp_path / "config.toml"))
    assert complete(*words) == found


def test_run_ids_come_from_the_journal(sandbox: Sandbox, complete: Complete, program: Program) -> None:
    sandbox.query("INSERT INTO playlists VALUES ('p1', 'auth0|a', 'Mix', 1)")
    assert program("playlists", "set-plays", "p1", "2").code == 0
    [(run,)] = sandbox.query("SELECT run FROM musicctl.runs")
    assert complete("undo", "") == ["last", run]
    assert complete("history", "show", run[:4]) == [run]
    assert complete("history", "show", "-P", "nope", "") == ["last"]


@pytest.mark.parametrize("url", ["postgresql://u@127.0.0.1:1/x", "cmd:touch asked", "nonsense"])
def test_without_a_database_there_is_silence(
    url: str,
    complete: Complete,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(f'profile = "prod"\n[profiles.prod]\ndatabase_url = "{url}"\n')
    monkeypatch.setenv("MUSICCTL_CONFIG", str(tmp_path / "config.toml"))
    assert complete("undo", "") == ["last"]
    assert not (tmp_path / "asked").exists()


def test_bash_is_given_only_what_it_has_not_put_down(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_MUSICCTL_COMPLETE", "bash")
    assert program("--", "musicctl songs list ada@example.com --sort=n", "n").out == "words\nname\n"
    assert program("--", "musicctl songs list --sort=", "").out == "words\nname\nid\n"
    assert program("--", "musicctl songs list 'auth0|a' -o ids", "ids").out == "words\nids\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_printed(shell: str, program: Program) -> None:
    script = program("completion", shell).out
    assert f"_MUSICCTL_COMPLETE={shell}" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


# What bash would call when TAB is pressed behind a line, with the words broken up as readline breaks them.
PRESS_TAB = r"""
source <(musicctl completion bash)
press() {
    COMP_LINE=$1 COMP_POINT=${#1} COMP_CWORD=1 COMPREPLY=()
    _musicctl musicctl "$2" ''
    echo "$1 -> ${COMPREPLY[*]};"
}
press 'musicctl hist' hist
press 'musicctl songs list ada@example.com --output=js' js
press 'musicctl genres top --columns=users,f' 'users,f'
press "musicctl roles pin 'auth0|a' --state g" g
press 'musicctl songs import ' ''
complete -p musicctl
"""
PRESSED = """\
musicctl hist -> history;
musicctl songs list ada@example.com --output=js -> json jsonl;
musicctl genres top --columns=users,f -> users,fav_genre;
musicctl roles pin 'auth0|a' --state g -> granted;
musicctl songs import  -> ;
complete -F _musicctl musicctl
"""


def test_bash_completes() -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", PRESS_TAB],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == PRESSED
    assert [line for line in done.stderr.splitlines() if "compopt" not in line] == []
