"""`history list`, `show` and `recover`: what they take, print and refuse."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.test_pins import ACTOR
from tests.program import Program, Sandbox

EDITOR = "playlist editor"
KEYS = ["run", "command", "actor", "started_at", "finished_at", "outcome", "counts"]


@pytest.fixture
def busy(sandbox: Sandbox) -> Sandbox:
    """Two whom a sync changes."""
    sandbox.add_user("auth0|up", plays=100, app_metadata={"roles": ["a"]})
    sandbox.add_user("auth0|down", plays=0, app_metadata={"roles": [EDITOR]})
    return sandbox


def test_every_run_is_listed_the_newest_first(busy: Sandbox, program: Program) -> None:
    assert program("history", "list").out == "No runs.\n"
    assert program("history", "list", "--json").json == []
    synced = program("roles", "sync", "--yes", "--json").json["run"]
    program("genres", "set", "auth0|up", "beat")
    program("profile", "set-name", "auth0|up", "Up")
    runs = program("history", "list", "--json").json
    assert [(run["command"], run["outcome"], run["counts"]) for run in runs] == [
        ("profile set-name", "ok", {"applied": 1}),
        ("genres set", "ok", {"applied": 1}),
        ("roles sync", "ok", {"applied": 2}),
    ]
    assert all(list(run) == KEYS for run in runs)
    assert {run["actor"] for run in runs} == {ACTOR}
    assert runs[2]["run"] == synced
    started = datetime.fromisoformat(runs[0]["started_at"])
    assert abs(datetime.now(UTC) - started) < timedelta(minutes=5)
    rows = list(csv.reader(io.StringIO(program("history", "list", "-o", "csv").out)))
    assert (rows[0], len(rows), rows[3][6]) == (KEYS, 4, '{"applied": 2}')
    assert "applied: 2" in program("history", "list").out


def test_filters(busy: Sandbox, program: Program) -> None:
    program("roles", "sync", "--yes")
    program("genres", "set", "auth0|up", "beat")

    def commands(*options: str) -> list[str]:
        return [run["command"] for run in program("history", "list", *options, "--json").json]

    assert commands("--user", "auth0|down") == ["roles sync"]
    assert commands("--user", "up@example.com") == ["genres set", "roles sync"]
    assert commands("--command", "sync") == commands("--command", "roles sync") == ["roles sync"]
    assert commands("--limit", "1") == ["genres set"]
    assert commands("--since", "2020-01-01", "--before", "2998-12-31T18:00+01:00") == [
        "genres set",
        "roles sync",
    ]
    assert commands("--since", "2999-01-01") == []
    for wrong in (["--since", "soon"], ["--limit", "0"], ["--before", ""]):
        assert program("history", "list", *wrong).code == 2


def test_a_pipe_gets_all_runs_unless_limited(sandbox: Sandbox, program: Program) -> None:
    for number in range(21):
        program("genres", "set", "auth0|up", f"genre {number}", "-q")
    assert len(program("history", "list", "-o", "jsonl").out.splitlines()) == 21
    assert len(program("history", "list").out.splitlines()) == 21 + 1
    limited = program("history", "list", "--limit", "20")
    assert len(limited.out.splitlines()) == 20 + 1
    assert "there are more than these 20 runs; " in limited.err
    assert sandbox.requests() == []


def test_a_run_with_its_changes(busy: Sandbox, program: Program) -> None:
    run = program("roles", "sync", "--yes", "--json").json["run"]
    shown = program("history", "show", run, "--json").json
    assert list(shown) == [*KEYS, "role", "undoes", "changes"]
    up, down = shown["changes"]
    assert {name: up[name] for name in ("user_id", "field", "verdict", "plays", "state", "status")} == {
        "user_id": "auth0|up",
        "field": "roles",
        "verdict": "grant",
        "plays": 100,
        "state": "applied",
        "status": 200,
    }
    assert (up["before"], up["after"], up["correlation_id"]) == (["a"], ["a", EDITOR], f"{run}/0")
    assert (down["user_id"], down["after"]) == ("auth0|down", [])
    assert up["sent_at"] <= up["ended_at"]
    assert program("history", "show", run[:-1], "--json").json == shown
    assert program("history", "show", "last", "--json").json == shown
    assert program("history", "show", "last", "-o", "ids").out == "auth0|up\nauth0|down\n"
    lines = program("history", "show", "last", "-o", "jsonl").out.splitlines()
    assert [json.loads(line)["verdict"] for line in lines] == ["grant", "revoke"]
    people = program("history", "show", "last").out
    assert "roles sync" in people
    assert "auth0|down" in people


def test_a_run_that_is_not_there_or_is_several(sandbox: Sandbox, program: Program) -> None:
    for name in ("last", "2026", "nothing\x1b[2J", ""):
        ended = program("history", "show", name, "--json")
        assert (ended.code, ended.out, ended.error["code"]) == (3, "", "not_found")
        assert "\x1b" not in ended.err
    for suffix in "ab":
        sandbox.query(
            "INSERT INTO musicctl.runs (run, command, actor, present, profile)"
            f" VALUES ('20260101-000000-{suffix}', 'x', 'y', false, 'p')"
        )
    several = program("history", "show", "2026", "--json")
    assert (several.code, several.error["candidates"]) == (3, ["20260101-000000-b", "20260101-000000-a"])
    assert program("history", "show", "20260101-000000-a", "--json").code == 0


def test_recover_records_what_became_of_what_was_cut_off(busy: Sandbox, program: Program) -> None:
    nothing = program("history", "recover", "--json")
    assert (nothing.code, nothing.json) == (
        0,
        {"runs": 0, "applied": 0, "failed": 0, "unknown": 0, "gone": 0, "left": 0},
    )
    run = program("roles", "sync", "--yes", "--json").json["run"]
    program("profile", "set-name", "auth0|up", "Up")
    busy.query("UPDATE musicctl.runs SET finished_at = NULL, outcome = NULL")
    busy.query("UPDATE musicctl.runs SET started_at = started_at - interval '6 minutes'")
    busy.query(
        "UPDATE musicctl.changes SET state = 'sent', ended_at = NULL,"
        " sent_at = sent_at - interval '6 minutes'"
    )
    assert {each["outcome"] for each in program("history", "list", "--json").json} == {"crashed"}
    found = program("history", "recover", "--json")
    assert (found.code, found.json["applied"], found.json["unknown"]) == (0, 3, 0)
    assert "looking up what became of 2 changes" in found.err
    shown = program("history", "show", run, "--json").json
    assert (shown["outcome"], shown["counts"]) == ("crashed", {"applied": 2})
    assert program("history", "recover", "--json").json["runs"] == 0


def test_recover_waits_for_nobody(busy: Sandbox, program: Program) -> None:
    program("roles", "sync", "--yes")
    busy.query(
        "UPDATE musicctl.lease SET released = false, host = 'elsewhere',"
        " expires_at = clock_timestamp() + interval '1 minute' WHERE name = 'roles'"
    )
    ended = program("history", "recover", "--json")
    assert (ended.code, ended.error["host"]) == (75, "elsewhere")


def test_without_our_schema(empty_url: str, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "MUSICCTL_PROFILE": "env",
        "DATABASE_URL": empty_url,
        "AUTH0_DOMAIN": "http://127.0.0.1:1",
        "AUTH0_CLIENT_ID": "x",
        "AUTH0_CLIENT_SECRET": "x",
    }.items():
        monkeypatch.setenv(name, value)
    for arguments in (
        ["history", "list"],
        ["history", "show", "last"],
        ["undo", "last", "--yes"],
        ["profile", "set-name", "auth0|a", "A"],
    ):
        ended = program(*arguments, "--json")
        assert (ended.code, ended.out, ended.error["hint"]) == (78, "", "musicctl db init")
