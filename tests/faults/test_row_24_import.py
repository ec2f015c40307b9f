"""CSV that is not what it should be: each bad line is told, and nothing is half done."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program import Program, Sandbox

HEADER = b"playlist_id,user_id,name,total_plays\n"
GOOD = b"good,auth0|a,Mix,1\n"

LINES = {
    "latin-1 bytes": (b"1,auth0|a,Caf\xe9,1\n", 3, "name", "is not UTF-8"),
    "NUL": (b"1,auth0|a,a\0b,1\n", 3, "name", "has a NUL character"),
    "missing column": (b"1,auth0|a,x\n", 3, "total_plays", "is missing from this line"),
    "extra column": (b"1,auth0|a,x,1,2\n", 3, "", "has 5 fields, not 4"),
    "quotes in the middle": (b'1,auth0|a,a "b" c,1\n', 3, "name", "has a quote in the middle"),
    "text after a quote": (b'1,auth0|a,"a" b,1\n', 3, "name", "goes on after its closing quote"),
    "quote never closed": (b'1,auth0|a,"a,1\n', 3, "", "has a quote that is never closed"),
    "duplicate ids": (b"good,auth0|a,x,1\n", 3, "playlist_id", "'good' is on line 2 already"),
    "negative": (b"1,auth0|a,x,-1\n", 3, "total_plays", "'-1' is below 0"),
    "2^63": (b"1,auth0|a,x,9223372036854775808\n", 3, "total_plays", "is above 9223372036854775807"),
    "no id": (b",auth0|a,x,1\n", 3, "playlist_id", "has no value"),
    "an address for an owner": (b"1,ada@example.com,x,1\n", 3, "user_id", "is an email address"),
    "a blank after an owner": (b"1,auth0|a ,x,1\n", 3, "user_id", "has a blank at an end"),
    "a wide blank before an owner": ("1,\u3000auth0|a,x,1\n".encode(), 3, "user_id", "has a blank at an end"),
    "an empty owner": (b'1,"",x,1\n', 3, "user_id", "is empty"),
    "an owner of blanks": (b'1,"  ",x,1\n', 3, "user_id", "is empty"),
    "an unseen character": ("1,auth0|a\u200b,x,1\n".encode(), 3, "user_id", "cannot be seen"),
    "a BOM in an owner": (b"1,\xef\xbb\xbfauth0|a,x,1\n", 3, "user_id", "cannot be seen"),
    "a control character": (b"1,auth0|\x07a,x,1\n", 3, "user_id", "cannot be seen"),
}
FILES = {
    "empty file": (b"", 1, "", "the file is empty"),
    "missing from the header": (
        b"playlist_id,user_id,name\n1,a,b\n",
        1,
        "total_plays",
        "is missing from the header",
    ),
    "extra in the header": (HEADER[:-1] + b",stars\n", 1, "", "has a column that is not known: 'stars'"),
    "twice in the header": (HEADER[:-1] + b",name\n", 1, "name", "is there twice"),
    "UTF-16": ("playlist_id,user_id".encode("utf-16"), 1, "playlist_id", "is missing from the header"),
} | {name: (HEADER + GOOD + line, at, column, reason) for name, (line, at, column, reason) in LINES.items()}


@pytest.mark.parametrize("fault", FILES)
def test_the_line_the_column_and_the_reason(
    sandbox: Sandbox, program: Program, tmp_path: Path, fault: str
) -> None:
    content, line, column, reason = FILES[fault]
    (tmp_path / "p.csv").write_bytes(content)
    sandbox.query("INSERT INTO playlists VALUES ('old', 'auth0|z', 'x', 5)")
    ended = program("playlists", "import", str(tmp_path / "p.csv"), "--yes", "--json")
    [problem] = ended.error["problems"]
    assert (ended.code, ended.out) == (1, "")
    assert (problem["line"], problem["column"]) == (line, column)
    assert reason in problem["reason"]
    assert sandbox.query("SELECT playlist_id FROM playlists") == [("old",)]
    assert sandbox.query("SELECT count(*) FROM pg_class WHERE relname LIKE 'staging%'") == [(0,)]
    assert sandbox.query("SELECT count(*) FROM musicctl.runs") == [(0,)]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + HEADER + GOOD,
        (HEADER + GOOD).replace(b"\n", b"\r\n"),
        (HEADER + GOOD)[:-1],
        HEADER + b"\n\r\n" + GOOD,
        b'"total_plays","name","user_id","playlist_id"\n"1","Mix","auth0|a","good"\n',
    ],
)
def test_what_is_no_fault(sandbox: Sandbox, program: Program, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.csv").write_bytes(content)
    ended = program("playlists", "import", str(tmp_path / "p.csv"), "--json")
    assert (ended.code, ended.json["rows"]) == (0, 1), ended.err
    assert sandbox.query("SELECT * FROM playlists") == [("good", "auth0|a", "Mix", 1)]


def test_a_line_of_a_gigabyte_is_not_held_in_memory(sandbox: Sandbox, tmp_path: Path) -> None:
    """The import has half a gigabyte of address space; Linux alone counts what is used of it."""
    command = [
        *("bash", "-c", 'ulimit -v 600000; exec "$@"', "bash"),
        *(sys.executable, "-m", "musicctl", "playlists", "import", "-", "--json"),
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ
    ) as process:
        assert process.stdin is not None
        for piece in _gigabyte():
            process.stdin.write(piece)
        out, err = process.communicate(timeout=110)
    assert (process.returncode, out) == (1, b"")
    assert b"line 3: is longer than 8,388,608 bytes" in err
    assert b"Traceback" not in err
    assert sandbox.query("SELECT count(*) FROM playlists") == [(0,)]


def _gigabyte() -> Iterator[bytes]:
    yield HEADER + GOOD + b"1,auth0|a,"
    for _ in range(1 << 10):
        yield b"x" * (1 << 20)
    yield b",1\n2,auth0|a,Mix,2\n"


def test_an_id_longer_than_postgres_indexes(sandbox: Sandbox, program: Program, tmp_path: Path) -> None:
    odd = os.urandom(4000).hex().encode()
    (tmp_path / "p.csv").write_bytes(HEADER + GOOD + odd + b",auth0|a,x,1\n")
    ended = program("playlists", "import", str(tmp_path / "p.csv"), "--json")
    [problem] = ended.error["problems"]
    assert (ended.code, problem["line"], problem["column"]) == (1, 3, "playlist_id")
    assert "is too long" in problem["reason"]
    assert sandbox.query("SELECT count(*) FROM playlists") == [(0,)]
