"""Signals: a dropped ssh is settled like SIGTERM, and what was ignored at the start stays ignored."""

import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from musicctl.errors import Exit
from musicctl.sandbox.local_tenant.records import NewUser
from tests.program import Sandbox

SYNC = [sys.executable, "-m", "musicctl", "roles", "sync", "--yes"]


@pytest.fixture
def crowd(sandbox: Sandbox) -> Sandbox:
    """Enough changes for a run that takes a while, and one reviewed plan of them."""
    sandbox.tenant.add_missing_users(NewUser(f"auth0|u{n}", None) for n in range(200))
    rows = ", ".join(f"('p{n}', 'auth0|u{n}', 'Mix', 500)" for n in range(200))
    sandbox.query(f"INSERT INTO playlists VALUES {rows}")
    return sandbox


def accepted(plan: str) -> list[str]:
    return [*SYNC, "--accept-plan", plan]


@pytest.fixture
def plan(crowd: Sandbox) -> str:
    command = [sys.executable, "-m", "musicctl", "roles", "plan", "-o", "json"]
    import json

    return str(json.loads(subprocess.check_output(command))["plan"])


def settled(sandbox: Sandbox) -> None:
    """Check that the journal knows what became of each change, and that the lease was given back."""
    states = dict(sandbox.query("SELECT state, count(*) FROM musicctl.changes GROUP BY state"))
    assert states["applied"] + states.get("sent", 0) >= len(sandbox.writes()) > 0
    assert states.get("sent", 0) <= 8
    assert sandbox.query("SELECT outcome FROM musicctl.runs") == [("interrupted",)]
    assert sandbox.query("SELECT count(*) FROM musicctl.lease WHERE name = 'roles' AND NOT released") == [
        (0,)
    ]


def wait_for_writes(sandbox: Sandbox, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(sandbox.writes()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("times", [1, 3])
def test_a_hangup_is_settled(crowd: Sandbox, plan: str, times: int) -> None:
    """The kernel sends one, and the shell others."""
    running = subprocess.Popen(accepted(plan), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_writes(crowd, 10)
    for _ in range(times):
        running.send_signal(signal.SIGHUP)
    _, said = running.communicate(timeout=20)
    assert running.returncode == Exit.HUNGUP
    assert "was stopped: granted " in said
    settled(crowd)


def test_a_terminal_that_goes_away_is_settled(crowd: Sandbox, plan: str) -> None:
    """As a dropped ssh does it: nothing can be said any more, and the bar is in the middle."""
    child, screen = pty.fork()
    if child == 0:
        os.execv(sys.executable, accepted(plan))
    wait_for_writes(crowd, 10)
    os.close(screen)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == Exit.HUNGUP
    settled(crowd)
    assert len(crowd.writes()) < 200


def test_nohup_is_respected(crowd: Sandbox, plan: str) -> None:
    """Without its terminal, and with a hangup, a run that was told to stay goes on to its end."""
    child, screen = pty.fork()
    if child == 0:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.execv(sys.executable, accepted(plan))
    wait_for_writes(crowd, 10)
    os.close(screen)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in {Exit.OK, Exit.FAILED}  # the report has nowhere to go
    assert len(crowd.writes()) == 200
    assert crowd.query("SELECT outcome FROM musicctl.runs") == [("ok",)]


@pytest.mark.parametrize("ignored", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_what_was_ignored_at_the_start_stays_ignored(
    crowd: Sandbox, plan: str, tmp_path: Path, ignored: signal.Signals
) -> None:
    """As by nohup, or by a script that starts it with & ."""
    shell = f"trap '' {ignored.name.removeprefix('SIG')}; exec \"$@\""
    running = subprocess.Popen(["sh", "-c", shell, "sh", *accepted(plan)], stdout=subprocess.PIPE)
    wait_for_writes(crowd, 10)
    running.send_signal(ignored)
    out, _ = running.communicate(timeout=60)
    assert (running.returncode, b"Granted 200" in out) == (0, True)


def test_a_reader_of_stderr_who_goes_away_stops_nothing(crowd: Sandbox, plan: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(accepted(plan), stdout=subprocess.PIPE, stderr=writing, check=False)
    os.close(writing)
    assert (done.returncode, len(crowd.writes())) == (0, 200)


def test_an_export_that_waits_for_a_lock_ends_at_once(sandbox: Sandbox) -> None:
    """COPY waits inside of libpq, where Python hears no signal."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'COPY%'"
    with closing(psycopg2.connect(sandbox.state.database_url)) as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLE songs IN ACCESS EXCLUSIVE MODE")
        command = [sys.executable, "-m", "musicctl", "songs", "export"]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 30
        while sandbox.query(waiting) == [(0,)]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=10)
    assert (running.returncode, said) == (Exit.TERMINATED, "musicctl: stopped\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_journal_that_somebody_holds_is_not_waited_for(
    crowd: Sandbox, plan: str, number: signal.Signals
) -> None:
    """What could not be said stays open, and the next run finds it out."""
    running = subprocess.Popen(accepted(plan), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_writes(crowd, 10)
    with closing(psycopg2.connect(crowd.state.database_url)) as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLE musicctl.changes IN ACCESS EXCLUSIVE MODE")
        time.sleep(0.5)
        began = time.monotonic()
        running.send_signal(number)
        _, said = running.communicate(timeout=60)
        assert (running.returncode, time.monotonic() - began < 6) == (128 + number, True), said
    recover = [sys.executable, "-m", "musicctl", "history", "recover"]
    done = subprocess.run(recover, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    known = crowd.query("SELECT user_id FROM musicctl.changes WHERE state = 'applied'")
    assert {effect.user_id for effect in crowd.writes()} == {user_id for (user_id,) in known}
