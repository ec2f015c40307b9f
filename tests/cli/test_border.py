"""The border: usage, JSON errors, closed pipes, full disks, other encodings, and signals."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from musicctl import __version__
from musicctl.cli import root
from musicctl.errors import Exit
from musicctl.sandbox.local_tenant.records import NewUser
from tests.program import Program, Sandbox

COMMAND = [sys.executable, "-m", "musicctl"]


def test_version(program: Program) -> None:
    assert program("--version") == program("--version", "songs")
    assert program("--version").out == f"musicctl {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["songs"], ["roles"], ["playlists"], ["sandbox"]])
def test_a_bare_group_prints_its_help_and_is_wrong_usage(program: Program, arguments: list[str]) -> None:
    ended = program(*arguments)
    assert (ended.code, ended.out) == (Exit.USAGE, "")
    assert ended.err.startswith("Usage: musicctl")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["songs", "--help"], ["songs", "add", "-h"]])
def test_help_fits_80_columns(program: Program, arguments: list[str]) -> None:
    ended = program(*arguments)
    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= 80


def test_the_help_of_the_root_says_what_each_command_says(program: Program) -> None:
    for name, purpose in root.COMMANDS.items():
        said = " ".join(program(name, "--help").out.split())
        assert purpose.rstrip(".") in said, name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["songz"], "there is no command musicctl songz"),
        (["songs", "lst", "x"], "there is no command musicctl songs lst"),
        (["songs", "list"], "Missing argument 'USER'"),
        (["songs", "list", "a|b", "--nope"], "No such option: --nope"),
        (["songs", "list", "a|b", "-o", "xml"], "'xml' is not one of table, json"),
        (["songs", "list", "a|b", "--json", "-o", "csv"], "--json contradicts --output csv"),
        (["sandbox", "load", "--users", "0"], "0 is not 1 or more"),
        (["sandbox", "load", "--users", "x"], "'x' is not a whole number"),
        (["sandbox", "load"], "either a FILE or --users N"),
        (["sandbox", "reset"], "--yes"),
    ],
)
def test_wrong_usage_says_what_is_wrong(program: Program, arguments: list[str], message: str) -> None:
    ended = program(*arguments)
    assert (ended.code, ended.out) == (Exit.USAGE, "")
    assert message in ended.err


@pytest.mark.parametrize("option", [["--json"], ["-o", "json"], ["-ojson"], ["--output=json"]])
def test_json_errors_are_the_last_line_of_stderr(
    sandbox: Sandbox, program: Program, option: list[str]
) -> None:
    error = program("songs", "list", "nobody", *option).error
    assert error.pop("hint")
    message = "'nobody' is neither a user id nor an email address"
    assert error == {"code": "usage", "exit": 2, "message": message}
    assert sandbox.requests() == []


def test_the_environment_may_ask_for_json(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICCTL_OUTPUT", "json")
    assert program("songz").error["exit"] == Exit.USAGE
    monkeypatch.setenv("MUSICCTL_OUTPUT", "xml")
    assert "'xml', which is no format" in program("db", "status").err


@pytest.fixture
def crowd(sandbox: Sandbox) -> Sandbox:
    """Enough users for output that fills a pipe, and a run that takes a while."""
    sandbox.tenant.add_missing_users(NewUser(f"auth0|u{n}", None) for n in range(3000))
    rows = ", ".join(f"('p{n}', 'auth0|u{n}', 'Zoë 🎵', 500)" for n in range(3000))
    sandbox.query(f"INSERT INTO playlists VALUES {rows}")
    return sandbox


def test_a_closed_pipe_ends_quietly(crowd: Sandbox) -> None:
    shell = f"{' '.join(COMMAND)} roles plan -o csv | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "user_id,plays,verdict,roles_before,roles_after\n")
    assert "Broken pipe" not in done.stderr
    assert "Traceback" not in done.stderr
    assert crowd.writes() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_a_full_disk_is_said(crowd: Sandbox) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "playlists", "list", "auth0|u1"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == Exit.FAILED
    assert done.stderr == (
        "musicctl: could not write: No space left on device\n"
        "  hint: musicctl history list shows what was changed\n"
    )
    assert crowd.writes() == []


def test_a_closed_stdout_is_no_bug(crowd: Sandbox) -> None:
    shell = f"{' '.join(COMMAND)} playlists list 'auth0|u1' >&-"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert crowd.writes() == []


def test_another_encoding(crowd: Sandbox) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    listing = [*COMMAND, "playlists", "list", "auth0|u1"]
    people = subprocess.run(listing, capture_output=True, env=environment, check=True).stdout
    assert b"Zo\xeb \\U0001f3b5" in people
    machine = subprocess.run([*listing, "--json"], capture_output=True, env=environment, check=True).stdout
    assert json.loads(machine)[0]["name"] == "Zoë 🎵"
    assert crowd.writes() == []


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "it did not happen within 30 s"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, Exit.INTERRUPTED),
        (signal.SIGTERM, Exit.TERMINATED),
        (signal.SIGHUP, Exit.HUNGUP),
    ],
)
def test_a_signal_ends_a_query_at_once(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: Exit
) -> None:
    slow = "SELECT 'auth0|a', 1 FROM pg_sleep(60)"
    for name in ("auth0_domain", "auth0_client_id", "auth0_client_secret", "auth0_audience", "database_url"):
        monkeypatch.setenv(name.upper(), getattr(sandbox.state, name))
    monkeypatch.setenv("MUSICCTL_PLAYS_QUERY", slow)
    sandbox.add_user("auth0|a")
    process = subprocess.Popen(
        [*COMMAND, "roles", "plan", "-P", "env", "--json"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    wait_until(lambda: sandbox.query(sleeping) == [(1,)])
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    wait_until(lambda: sandbox.query(sleeping) == [(0,)])
    assert (process.returncode, out) == (code, "")
    assert json.loads(err.splitlines()[-1])["error"]["message"] == "stopped"


def test_sigint_during_a_sync_sends_nothing_more(sandbox: Sandbox) -> None:
    sandbox.tenant.add_missing_users(NewUser(f"auth0|u{n}", None) for n in range(400))
    rows = ", ".join(f"('p{n}', 'auth0|u{n}', 'Mix', 500)" for n in range(400))
    sandbox.query(f"INSERT INTO playlists VALUES {rows}")
    plan = json.loads(subprocess.check_output([*COMMAND, "roles", "plan", "--json"]))
    sync = [*COMMAND, "roles", "sync", "--accept-plan", plan["plan"]]
    process = subprocess.Popen(sync, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while len(sandbox.writes()) < 20 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == Exit.INTERRUPTED
    done = len(sandbox.writes())
    assert 20 <= done < 400
    assert "was stopped: granted " in said
    states = dict(sandbox.query("SELECT state, count(*) FROM musicctl.changes GROUP BY state"))
    assert states["applied"] + states.get("sent", 0) >= done
    time.sleep(0.2)
    assert len(sandbox.writes()) == done
    mirrored = sandbox.query("SELECT count(*) FROM musicctl.tenant_users WHERE roles <> '{}'")
    assert mirrored[0][0] <= done
    again = subprocess.run([*sync, "--json"], capture_output=True, text=True, check=True)
    report = json.loads(again.stdout)
    assert report["applied"]["grant"] + report["already"] >= 400 - done
    assert len(sandbox.writes()) == 400


def test_a_demo_that_is_stopped_says_that_the_sandbox_is_still_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Program
) -> None:
    monkeypatch.setenv("MUSICCTL_SANDBOX", str(tmp_path / "sandbox"))
    try:
        process = subprocess.Popen(
            [*COMMAND, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout
        while "$ musicctl" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == Exit.INTERRUPTED
        assert "the sandbox is still up: `musicctl sandbox down` stops it\n" in err
    finally:
        program("sandbox", "down", "--remove", "--yes")
