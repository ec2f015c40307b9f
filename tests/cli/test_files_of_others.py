"""Where something else than a file of ours lies under the name that a command reads or writes."""

import os
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
