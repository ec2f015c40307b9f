"""`export`: every format, to a file and to a pipe, whole or not at all."""

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.test_asking import on_a_terminal
from tests.cli.test_imports import ALL, FILES, ROWS, here
from tests.program import Program, Sandbox

__all__ = ["here"]


@pytest.fixture
def filled(sandbox: Sandbox) -> Sandbox:
    for row in ROWS:
        sandbox.query("INSERT INTO songs VALUES (%s, %s, %s)", *row)
    return sandbox


def test_csv_to_standard_output(filled: Sandbox, program: Program) -> None:
    done = program("songs", "export")
    assert (done.code, done.err) == (0, "")
    assert sorted(done.out.splitlines()) == sorted(
        ["song_id,songname,user_id", "1,So What,auth0|a", '2,"",auth0|a', "3,,auth0|b"]
    )
    assert len(program("songs", "export", "auth0|a").out.splitlines()) == 3
    assert program("songs", "export", "--to", "-").out == done.out
    assert program("songs", "export", "auth0|nobody").out == "song_id,songname,user_id\n"
    assert program("artists", "export", "-o", "jsonl").out == ""


def test_the_other_formats(filled: Sandbox, program: Program) -> None:
    assert program("songs", "export", "auth0|b", "-o", "tsv").out == (
        "song_id\tsongname\tuser_id\n3\t\\N\tauth0|b\n"
    )
    lines = program("songs", "export", "-o", "jsonl").out.splitlines()
    assert {tuple(json.loads(line).values()) for line in lines} == set(ROWS)
    assert program("songs", "export", "-o", "json").code == 2


@pytest.mark.parametrize("name", [*FILES, *(f"{name}.gz" for name in FILES)])
def test_a_file_that_is_imported_again(filled: Sandbox, program: Program, here: Path, name: str) -> None:
    assert program("songs", "export", "--to", name).code == 0
    assert [path.name for path in here.iterdir()] == [name]
    if name.endswith(".gz"):
        assert gzip.decompress((here / name).read_bytes())
    filled.query("TRUNCATE songs")
    assert program("songs", "import", name, "--json").json["new"] == 3
    assert filled.query(ALL) == ROWS


def test_where_a_file_goes(filled: Sandbox, program: Program, here: Path) -> None:
    (here / "real.csv").write_text("old")
    (here / "link.csv").symlink_to("real.csv")
    assert program("songs", "export", "--to", "link.csv").code == 0
    assert not (here / "link.csv").is_symlink()
    assert (here / "real.csv").read_text() == "old"
    assert (here / "link.csv").read_text().startswith("song_id")
    assert program("songs", "export", "--to", "/dev/stdout", "-o", "csv").code == 0
    assert program("songs", "export", "--to", "x.txt").code == 2
    assert program("songs", "export", "--to", "x.txt", "-o", "tsv").code == 0
    assert program("songs", "export", "--to", "x.csv", "-o", "tsv").code == 2
    assert program("songs", "export", "--to", "no/x.csv").code == 1
    assert program("songs", "export", "--to", "/dev/null", "-o", "csv").code == 0
    assert Path("/dev/null").is_char_device()


def test_a_failure_leaves_the_old_file(sandbox: Sandbox, program: Program, here: Path) -> None:
    (here / "a.csv").write_text("old")
    sandbox.query("ALTER TABLE artists RENAME TO gone")
    try:
        assert program("artists", "export", "--to", "a.csv").code == 78
    finally:
        sandbox.query("ALTER TABLE gone RENAME TO artists")
    assert [path.name for path in here.iterdir()] == ["a.csv"]
    assert (here / "a.csv").read_text() == "old"


def test_on_a_terminal_nothing_is_raw(sandbox: Sandbox) -> None:
    sandbox.query("INSERT INTO songs VALUES ('1', %s, 'auth0|a')", "\x1b[2J\u202e")
    for form in ("csv", "tsv", "jsonl"):
        code, seen = on_a_terminal(["songs", "export", "-o", form, "-P", "sandbox"], b"")
        assert code == 0
        assert "\x1b" not in seen
        assert "\u202e" not in seen


def test_a_full_disk(filled: Sandbox, program: Program) -> None:
    told = program("songs", "export", "--to", "/dev/full", "-o", "csv")
    assert (told.code, "No space left" in told.err) == (1, True)
