"""Where something else than a file of ours lies under the name that a command reads or writes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import Program, Sandbox


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "songs.csv").write_text("song_id,songname,user_id\ns1,One,auth0|a\nbroken\n")
    return tmp_path


def test_bad_lines_go_through_nobodys_link(here: Path, program: Program) -> None:
    (here / "authorized_keys").write_text("mine")
    (here / "songs.bad.csv").symlink_to("authorized_keys")
    assert program("songs", "import", "songs.csv", "--skip-bad", "--yes").code == 5
    assert (here / "authorized_keys").read_text() == "mine"
    assert (here / "songs.bad.csv").read_text().endswith("broken\n")


def test_bad_lines_into_a_pipe_are_refused_and_nothing_is_imported(
    here: Path, program: Program, sandbox: Sandbox
) -> None:
    os.mkfifo(here / "songs.bad.csv")
    told = program("songs", "import", "songs.csv", "--skip-bad", "--yes")
    assert told.code == 1
    assert "songs.bad.csv cannot be written: it is a pipe" in told.err
    assert sandbox.query("SELECT count(*) FROM songs") == [(0,)]


@pytest.mark.parametrize("name", ["pipe", "/dev/zero", "."])
def test_a_query_and_a_token_are_read_from_files_alone(here: Path, program: Program, name: str) -> None:
    os.mkfifo(here / "pipe")
    for words in (("query", "-f", name), ("token", "decode", f"@{name}")):
        told = program(*words)
        assert told.code == 1
        assert "it is a " in told.err or "directory" in told.err


READ = [
    ("songs", "import", "{}", "--format", "csv"),
    ("artists", "import", "{}", "--format", "csv"),
    ("playlists", "import", "{}", "--format", "csv", "--dry-run"),
    ("profile", "set-names", "{}", "--dry-run"),
]


@pytest.mark.parametrize("name", ["pipe", "link", "/dev/zero", "/dev/tty", "/dev/fd/999", "."])
@pytest.mark.parametrize("words", READ, ids=" ".join)
def test_a_pipe_that_nobody_writes_to_keeps_no_import_waiting(
    here: Path, program: Program, words: tuple[str, ...], name: str
) -> None:
    os.mkfifo(here / "pipe")
    (here / "link").symlink_to("pipe")
    told = program(*(word.format(name) for word in words))
    assert told.code == 2, told
    assert f"{name} cannot be read" in told.err


def test_a_file_to_load_is_no_pipe(here: Path, program: Program) -> None:
    os.mkfifo(here / "pipe")
    told = program("sandbox", "load", "pipe")
    assert (told.code, "it is a pipe" in told.err) == (2, True), told


@pytest.mark.parametrize("name", ["<(cat songs.csv)", "/dev/stdin < songs.csv", "- < songs.csv"])
@pytest.mark.parametrize("before", ["", "cat songs.csv |"])
def test_what_a_shell_pipes_is_imported(here: Path, sandbox: Sandbox, name: str, before: str) -> None:
    (here / "songs.csv").write_text("song_id,songname,user_id\ns1,One,auth0|a\n")
    if before:
        name = name.replace(" < songs.csv", "")
    line = f"{before} exec {sys.executable} -m musicctl songs import {name} --format csv --yes"
    done = subprocess.run(
        ["bash", "-c", line], cwd=here, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sandbox.query("SELECT song_id FROM songs") == [("s1",)]
