"""Every command that prints data takes -o, and of those that read, --columns and --excel choose of it."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer._click import Context

from musicctl.cli.root import COMMANDS, command
from musicctl.cli.shared_options import COLUMNS
from musicctl.render.spreadsheet import BOM
from tests.program import Program, Sandbox

ADA = "auth0|ada"
WRITERS = {
    *(f"{things} {name}" for things in ("songs", "artists") for name in ("add", "remove", "import", "move")),
    *("playlists import", "playlists set-plays", "genres set", "users erase", "promote", "undo"),
    *(f"profile {name}" for name in ("set-name", "set-names", "fill-names")),
    *(f"roles {name}" for name in ("sync", "grant", "revoke", "pin", "unpin", "hold", "release")),
    *("history recover", "mirror refresh", "actions deploy", "token issue"),
    *(f"sandbox {name}" for name in ("up", "reset", "load", "faults set", "faults clear")),
}
"""Who prints what it did."""

FILES = {"songs export", "artists export"}
"""Whose -o is the format of a file."""

WORDS = {"db init", "sandbox down", "config path", "demo", "help", "completion"}
"""Who prints no data."""

ARGUMENTS = {
    "songs list": [ADA],
    "songs search": ["what"],
    "artists list": [ADA],
    "artists search": ["nina"],
    "playlists list": [ADA],
    "genres show": [ADA],
    "profile show": [ADA],
    "users show": [ADA],
    "roles list": [ADA],
    "roles explain": [ADA],
    "query": ["SELECT user_id, total_plays AS plays FROM playlists"],
    "history show": ["last"],
    "token decode": ["@token"],
    "token verify": ["@token"],
}


def commands() -> Iterator[tuple[str, Any]]:
    """Yield each command of the program with its words."""
    root = command()
    context = Context(root, info_name="musicctl")
    for name in COMMANDS:
        yield from below(root.get_command(context, name), context, name)


def below(found: Any, parent: Context, name: str) -> Iterator[tuple[str, Any]]:
    context = Context(found, parent=parent, info_name=name.rsplit(maxsplit=1)[-1])
    if not hasattr(found, "list_commands"):
        yield name, {option for param in found.get_params(context) for option in param.opts}
        return
    for each in found.list_commands(context):
        yield from below(found.get_command(context, each), context, f"{name} {each}")


@pytest.fixture
def world(sandbox: Sandbox, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A listener with something of everything, a pin, a run and a token."""
    monkeypatch.chdir(tmp_path)
    sandbox.add_user(ADA)
    sandbox.query("INSERT INTO songs VALUES ('1', 'So What', %s), ('2', '=1+1', %s)", ADA, ADA)
    sandbox.query("INSERT INTO artists VALUES ('1', 'Nina', %s)", ADA)
    sandbox.query("INSERT INTO playlists VALUES ('p1', %s, 'Road', 100)", ADA)
    sandbox.query("INSERT INTO user_data VALUES (%s, 'jazz')", ADA)
    sandbox.add_user("auth0|boris")
    sandbox.query("INSERT INTO playlists VALUES ('p2', 'auth0|boris', 'Home', 150)")
    for line in ("roles sync --yes", f"roles pin {ADA} --state granted --reason why"):
        assert program(*line.split()).code == 0
    assert program("sandbox", "faults", "set", "latency=0", "--endpoint", "POST /rules").code == 0
    sandbox.query("UPDATE playlists SET total_plays = 0 WHERE user_id = 'auth0|boris'")
    Path("token").write_text(program("token", "issue", ADA).out)
    return sandbox


def run(program: Program, name: str, *more: str) -> Any:
    return program(*name.split(), *ARGUMENTS.get(name, []), *more)


def keys(document: Any) -> tuple[str, ...]:
    """Return the keys of a document, or of the first record in a list."""
    return tuple(document[0] if isinstance(document, list) else document)


def test_every_command_that_prints_data_has_the_options() -> None:
    found = dict(commands())
    assert {name for name, has in found.items() if "--columns" in has} == set(COLUMNS)
    assert {name for name, has in found.items() if "--output" not in has} == WORDS
    assert set(found) == set(COLUMNS) | WRITERS | WORDS
    assert set(COLUMNS) >= FILES
    assert all("--json" in has for name, has in found.items() if name not in FILES | WORDS)


def test_the_columns_are_those_that_are_printed(world: Sandbox, program: Program) -> None:
    for name, columns in COLUMNS.items():
        if name == "query":
            continue
        shown = run(program, name, "-o", "csv").out
        assert tuple(next(csv.reader(io.StringIO(shown)))) == columns, name


def test_columns_choose_and_order_in_every_format(world: Sandbox, program: Program) -> None:
    for name, columns in COLUMNS.items():
        last, first = ("plays", "user_id") if name == "query" else (columns[-1], columns[0])
        chosen = (last, first)
        named = ["--columns", f"{last}, {first}"]
        lines = run(program, name, *named, "-o", "jsonl").out.splitlines()
        assert keys(json.loads(lines[0])) == chosen
        header, *rows = csv.reader(io.StringIO(run(program, name, *named, "-o", "csv").out))
        assert tuple(header) == chosen
        assert rows
        assert all(len(row) == 2 for row in rows)
        assert run(program, name, *named, "-o", "tsv").out.startswith("\t".join(chosen) + "\n")
        if name in FILES:
            continue
        assert keys(run(program, name, *named, "--json").json) == chosen, name
        assert len(run(program, name, *named, "-o", "ids").out.splitlines()) == len(rows)
        shown = run(program, name, *named)
        assert shown.code == 0, shown.err
        assert shown.out.index(last) < shown.out.index(first)


def test_a_wrong_column_names_the_right_ones(world: Sandbox, program: Program) -> None:
    for name in COLUMNS:
        for more in ((), ("-o", "jsonl"), ("-o", "csv")):
            ended = run(program, name, "--columns", "user_idd", *more)
            assert (ended.code, ended.out) == (2, ""), name
            assert "there is no column user_idd" in ended.err
            assert "there are: " in ended.err
    assert "did you mean plays?" in run(program, "playlists top", "--columns", "Plais").err
    assert program("songs", "add", ADA, "x", "--columns", "user_id").code == 2
    assert world.query("SELECT count(*) FROM songs") == [(2,)]


@pytest.mark.parametrize("columns", ["", "user_id,", ",plays", "plays,plays"])
def test_a_list_of_columns_that_cannot_be(sandbox: Sandbox, program: Program, columns: str) -> None:
    ended = program("playlists", "top", "--columns", columns, "--json")
    assert (ended.code, ended.out, ended.error["code"]) == (2, "", "usage")


def test_nothing_to_print_is_still_whole(sandbox: Sandbox, program: Program) -> None:
    for form, printed in {
        "json": "[]\n",
        "jsonl": "",
        "csv": "user_id\r\n",
        "tsv": "user_id\n",
        "ids": "",
    }.items():
        assert program("playlists", "top", "--columns", "user_id", "-o", form).out == printed
    assert program("playlists", "top", "--columns", "user_id").out == "No plays.\n"
    assert program("playlists", "top", "--columns", "nobody").code == 2


def test_a_spreadsheet_gets_a_bom_and_no_formula(world: Sandbox, program: Program) -> None:
    for name in COLUMNS:
        shown = run(program, name, "-o", "csv", "--excel")
        assert shown.code == 0, shown.err
        assert shown.out.startswith(BOM), name
        assert run(program, name, "-o", "csv").out[0] != BOM
    listed = program("songs", "list", ADA, "-o", "csv", "--excel", "--columns", "songname").out
    assert listed == f"{BOM}songname\r\n'=1+1\r\nSo What\r\n"


@pytest.mark.parametrize("form", [[], ["--json"], ["-o", "tsv"], ["-o", "ids"]])
def test_excel_is_for_csv(sandbox: Sandbox, program: Program, form: list[str]) -> None:
    ended = program("playlists", "top", "--excel", *form)
    assert (ended.code, ended.out) == (2, "")
    assert "--excel is for CSV" in ended.err


def test_what_is_for_a_spreadsheet_can_be_imported(world: Sandbox, program: Program) -> None:
    Path("songs.csv").write_bytes(program("songs", "export", "--excel").out.encode())
    done = program("songs", "import", "songs.csv", "--yes", "--json")
    assert (done.code, done.json["same"], done.json["changed"]) == (0, 1, 1)
    assert world.query("SELECT songname FROM songs ORDER BY 1") == [("'=1+1",), ("So What",)]


def test_a_wrong_column_leaves_a_file_as_it_was(world: Sandbox, program: Program) -> None:
    Path("songs.csv").write_text("kept")
    assert program("songs", "export", "--to", "songs.csv", "--columns", "songnme").code == 2
    assert Path("songs.csv").read_text() == "kept"
    assert sorted(path.name for path in Path().iterdir()) == ["songs.csv", "token"]
    assert program("songs", "export", "--to", "songs.csv", "--columns", "songname").code == 0
    assert Path("songs.csv").read_text() == "songname\nSo What\n=1+1\n"
