"""`import`: what it takes, shows, asks and refuses."""

import gzip
import json
import os
from pathlib import Path

import pytest

from musicctl.cli.commands.saved_files import MANY
from tests.cli.test_asking import on_a_terminal
from tests.program import Program, Sandbox

ROWS = [("1", "So What", "auth0|a"), ("2", "", "auth0|a"), ("3", None, "auth0|b")]
CSV = 'songname,song_id,user_id\nSo What,1,auth0|a\n"",2,auth0|a\n,3,auth0|b\n'
TSV = "song_id\tsongname\tuser_id\n1\tSo What\tauth0|a\n2\t\tauth0|a\n3\t\\N\tauth0|b\n"
JSONL = "".join(
    json.dumps(dict(zip(("user_id", "song_id", "songname"), (row[2], row[0], row[1]), strict=True))) + "\n"
    for row in ROWS
)
FILES = {"songs.csv": CSV, "songs.tsv": TSV, "songs.jsonl": JSONL}
ALL = "SELECT song_id, songname, user_id FROM songs ORDER BY song_id"
RUNS = "SELECT command, outcome FROM musicctl.runs"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def staged(sandbox: Sandbox) -> int:
    """Return how many staging tables there are."""
    return int(sandbox.query("SELECT count(*) FROM pg_class WHERE relname LIKE 'staging%'")[0][0])


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("packed", [False, True])
def test_each_format(sandbox: Sandbox, program: Program, here: Path, name: str, packed: bool) -> None:
    content = FILES[name].encode()
    name = f"{name}.gz" if packed else name
    (here / name).write_bytes(gzip.compress(content) if packed else content)
    done = program("songs", "import", name, "--json")
    assert done.code == 0, done.err
    run = done.json.pop("run")
    assert {key: done.json[key] for key in ("file", "rows", "new", "changed", "same", "bad", "bad_file")} == {
        "file": name,
        "rows": 3,
        "new": 3,
        "changed": 0,
        "same": 0,
        "bad": 0,
        "bad_file": None,
    }
    assert sandbox.query(ALL) == ROWS
    assert run is not None
    assert sandbox.query(RUNS) == [("songs import", "ok")]
    assert (staged(sandbox), sandbox.requests()) == (0, [])


def test_the_same_import_again_changes_nothing(sandbox: Sandbox, program: Program, here: Path) -> None:
    (here / "songs.csv").write_text(CSV)
    assert program("songs", "import", "songs.csv").code == 0
    again = program("songs", "import", "songs.csv", "--json")
    assert (again.code, again.json["same"], again.json["new"], again.json["run"]) == (0, 3, 0, None)
    assert sandbox.query(RUNS) == [("songs import", "ok")]


def test_rows_that_are_there_are_updated_after_a_yes(sandbox: Sandbox, program: Program, here: Path) -> None:
    sandbox.query("INSERT INTO songs VALUES ('1', 'old', 'auth0|z'), ('9', 'other', 'auth0|z')")
    (here / "songs.csv").write_text(CSV)
    refused = program("songs", "import", "songs.csv", "--json")
    assert (refused.code, refused.error["code"]) == (2, "usage")
    assert "2 new, 1 changed, 0 as they are" in refused.error["message"]
    dry = program("songs", "import", "songs.csv", "-n", "--json")
    assert (dry.code, dry.json["new"], dry.json["changed"], dry.json["run"]) == (0, 2, 1, None)
    code, seen = on_a_terminal(["songs", "import", "songs.csv"], b"n\n")
    assert (code, "[y/N]" in seen) == (1, True)
    assert sandbox.query("SELECT song_id FROM songs WHERE songname = 'old'") == [("1",)]
    done = program("songs", "import", "songs.csv", "--yes", "--json")
    assert (done.code, done.json["new"], done.json["changed"]) == (0, 2, 1)
    assert sandbox.query(ALL) == [*ROWS, ("9", "other", "auth0|z")]
    assert staged(sandbox) == 0


def test_from_a_pipe(sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    for content, options in ((CSV, []), (TSV, ["--format", "tsv", "--yes"])):
        reading, writing = os.pipe()
        os.write(writing, content.encode())
        os.close(writing)
        with os.fdopen(reading) as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            assert program("songs", "import", "-", *options).code == 0
    assert sandbox.query(ALL) == ROWS


def test_skip_bad_keeps_the_good_lines(sandbox: Sandbox, program: Program, here: Path) -> None:
    bad = '4,"a"b,x\r\n,no id,x\r\n'
    (here / "songs.csv").write_text(
        f"song_id,songname,user_id\r\n1,a,x\r\n{bad}2,b,x\r\n1,twice,x\r\n", newline=""
    )
    refused = program("songs", "import", "songs.csv", "--json")
    assert (refused.code, refused.error["code"]) == (1, "failed")
    assert [(each["line"], each["column"]) for each in refused.error["problems"]] == [
        (3, "songname"),
        (4, "song_id"),
        (6, "song_id"),
    ]
    assert "'1' is on line 2 already" in refused.error["message"]
    assert sandbox.query("SELECT count(*) FROM songs") == [(0,)]
    done = program("songs", "import", "songs.csv", "--skip-bad", "--json")
    assert (done.code, done.json["rows"], done.json["bad"]) == (5, 2, 3)
    assert done.json["bad_file"] == "songs.bad.csv"
    assert "line 3, songname: goes on after its closing quote" in done.err
    assert sandbox.query(ALL) == [("1", "a", "x"), ("2", "b", "x")]
    assert "3 bad lines are left out; see songs.bad.csv" in done.err
    kept = (here / "songs.bad.csv").read_bytes().decode()
    assert kept == "song_id,songname,user_id\n" + bad + '"1","twice","x"\n'
    assert sorted(path.name for path in here.iterdir()) == ["songs.bad.csv", "songs.csv"]


def test_many_bad_lines_are_counted(sandbox: Sandbox, program: Program, here: Path) -> None:
    (here / "songs.csv").write_text("song_id,songname,user_id\n" + "x\n" * 50)
    refused = program("songs", "import", "songs.csv", "--json")
    assert len(refused.error["problems"]) == 20
    assert "50 bad lines" in refused.error["message"]
    assert refused.error["message"].endswith("and 30 more")


def test_artists_and_playlists(sandbox: Sandbox, program: Program, here: Path) -> None:
    (here / "a.csv").write_text("artist_id,artistname,user_id\n1,Nina,auth0|a\n")
    (here / "p.csv").write_text("playlist_id,user_id,name,total_plays\n1,auth0|a,Mix,99\n2,auth0|a,,\n")
    assert program("artists", "import", "a.csv").code == 0
    assert program("playlists", "import", "p.csv").code == 0
    assert sandbox.query("SELECT * FROM artists") == [("1", "Nina", "auth0|a")]
    assert sandbox.query("SELECT * FROM playlists ORDER BY 1") == [
        ("1", "auth0|a", "Mix", 99),
        ("2", "auth0|a", None, None),
    ]


def test_a_terminal_sees_how_far_a_large_file_is(sandbox: Sandbox, here: Path) -> None:
    (here / "songs.csv").write_text(f"song_id,songname,user_id\n1,{'x' * MANY},u\n")
    for options, shown in (["--dry-run"], True), (["--dry-run", "--quiet"], False):
        code, seen = on_a_terminal(["songs", "import", "songs.csv", *options], b"")
        assert (code, "/4.2 MB" in seen) == (0, shown)
    assert sandbox.query("SELECT count(*) FROM songs") == [(0,)]


def test_a_file_that_cannot_be_read(sandbox: Sandbox, program: Program, here: Path) -> None:
    (here / "half.csv.gz").write_bytes(gzip.compress(CSV.encode())[:-9])
    (here / "no.csv.gz").write_text(CSV)
    (here / "odd.txt").write_text(CSV)
    for name, code in (("nope.csv", 2), (".", 2), ("odd.txt", 2), ("half.csv.gz", 1), ("no.csv.gz", 1)):
        ended = program("songs", "import", name, "--json")
        assert (ended.code, ended.out) == (code, ""), ended.err
    assert program("songs", "import", "odd.txt", "--format", "csv").code == 0
    assert sandbox.query(ALL) == ROWS
    assert staged(sandbox) == 0
