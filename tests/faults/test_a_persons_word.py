"""A pin or a hold that is set while a run writes, or waits, counts before its next write."""

import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from subprocess import Popen

import pytest

from tests.faults.conftest import Switch
from tests.faults.processes import EDITOR, ended, listeners, running, settings
from tests.faults.test_row_13_two_syncs import writing
from tests.program import Program, Sandbox

WHY = ("--reason", "because")


@contextmanager
def at_work(sandbox: Sandbox, *command: str, after: int = 2) -> Iterator[Popen[str]]:
    """Run a command that writes one user after another, and yield when it has written a few."""
    with running(settings(sandbox, threads="1", settle="0.2s"), *command, "--yes", "--json") as process:
        writing(sandbox, len(sandbox.writes()) + after)
        yield process


@pytest.fixture
def slow(fault: Switch) -> None:
    fault("latency=0.15", endpoint="PATCH /users")


@pytest.fixture
def users(sandbox: Sandbox, program: Program, slow: None) -> Sequence[str]:
    """Twelve who are about to be granted the role; the mirror is filled."""
    found = listeners(sandbox, 12)
    assert program("mirror", "refresh").code == 0
    return found


def report(process: Popen[str], code: int = 0) -> dict[str, object]:
    ended_with, out, err = ended(process)
    assert ended_with == code, err
    return dict(json.loads(out))


def test_a_pin_that_forbids_it(sandbox: Sandbox, program: Program, users: Sequence[str]) -> None:
    with at_work(sandbox, "roles", "sync") as process:
        for user_id in users[-3:]:
            assert program("roles", "pin", user_id, "--state", "revoked", *WHY).code == 0
        found = report(process)
    assert (found["overtaken"], found["applied"]) == (3, {"grant": 9, "revoke": 0})
    assert all(sandbox.roles(user_id) == ["other"] for user_id in users[-3:])
    assert sandbox.query("SELECT DISTINCT detail FROM musicctl.changes WHERE state = 'overtaken'") == [
        ("pinned as revoked now",)
    ]


def test_a_pin_that_is_taken_away_or_ends(sandbox: Sandbox, program: Program, users: Sequence[str]) -> None:
    """They would lose the role for their pins alone, which come first in the plan."""
    for user_id in users:
        sandbox.add_user(f"{user_id}p", app_metadata={"roles": [EDITOR]}, plays=100)
        assert program("roles", "pin", f"{user_id}p", "--state", "revoked", *WHY).code == 0
    assert program("mirror", "refresh").code == 0
    plan = program("roles", "plan", "--json").json["plan"]
    with at_work(sandbox, "roles", "sync", "--accept-plan", plan) as process:
        assert program("roles", "unpin", f"{users[-1]}p").code == 0
        sandbox.query(
            "UPDATE musicctl.pins SET until = now() + interval '0.2 s' WHERE user_id = %s", f"{users[-2]}p"
        )
        sandbox.query("UPDATE musicctl.pins SET role = 'other' WHERE user_id = %s", f"{users[-3]}p")
        found = report(process)
    assert (found["overtaken"], found["applied"]) == (3, {"grant": 12, "revoke": 9})
    assert all(sandbox.roles(f"{user_id}p") == [EDITOR] for user_id in users[-3:])


def test_a_pin_that_changes_nothing_does_not_keep_a_write_back(
    sandbox: Sandbox, program: Program, users: Sequence[str]
) -> None:
    with at_work(sandbox, "roles", "sync") as process:
        assert program("roles", "pin", users[-1], "--state", "granted", *WHY).code == 0
        assert program("roles", "pin", users[-2], "--state", "revoked", *WHY).code == 0
        assert program("roles", "pin", users[-2], "--state", "granted", *WHY).code == 0
        found = report(process)
    assert (found["overtaken"], found["failed"], found["applied"]) == (0, 0, {"grant": 12, "revoke": 0})


def test_a_pin_during_an_undo(sandbox: Sandbox, program: Program, users: Sequence[str]) -> None:
    run = program("roles", "sync", "--yes", "--json").json["run"]
    with at_work(sandbox, "undo", run) as process:
        assert program("roles", "pin", users[-1], "--state", "granted", *WHY).code == 0
        found = report(process, 5)
    assert (found["overtaken"], found["restored"]) == (1, 11)
    assert sandbox.roles(users[-1]) == ["other", EDITOR]


@pytest.mark.parametrize("command", [("roles", "sync"), ("undo", "last")])
def test_a_hold_stops_the_run_before_its_next_write(
    sandbox: Sandbox, program: Program, users: Sequence[str], command: tuple[str, ...]
) -> None:
    if command[0] == "undo":
        assert program("roles", "sync", "--yes").code == 0
    with at_work(sandbox, *command) as process:
        held = program("roles", "hold", *WHY, "--json")
        written = len(sandbox.writes())
        assert (held.code, held.json["held"], held.json["stopped"]["pid"]) == (0, True, process.pid)
        assert f"process {process.pid} on" in held.err
        code, out, err = ended(process)
    assert (code, out, json.loads(err.splitlines()[-1])["error"]["code"]) == (4, "", "refused")
    assert len(sandbox.writes()) == written < 24
    states = sandbox.query("SELECT DISTINCT state FROM musicctl.changes ORDER BY 1")
    assert states == [("applied",), ("unsent",)]
    assert program("roles", "release").code == 0
    assert program("roles", "sync", "--yes").code == 0


def test_a_hold_that_does_not_wait(sandbox: Sandbox, program: Program, users: Sequence[str]) -> None:
    with at_work(sandbox, "roles", "sync") as process:
        held = program("roles", "hold", "--no-wait", *WHY, "--json")
        assert (held.code, held.json["stopped"]["pid"]) == (0, process.pid)
        assert ended(process)[0] == 4
    assert len(sandbox.writes()) < 12
    assert program("roles", "hold", *WHY, "--json").json["stopped"] is None


def test_a_hold_reaches_a_run_that_waits_for_the_rate_limit(
    sandbox: Sandbox, program: Program, users: Sequence[str], fault: Switch
) -> None:
    with at_work(sandbox, "roles", "sync") as process:
        fault("status=429", endpoint="GET /users")
        time.sleep(2.0)
        began = time.monotonic()
        held = program("roles", "hold", *WHY, "--json")
        assert held.json["stopped"]["pid"] == process.pid
        assert time.monotonic() - began < 10
        assert ended(process)[0] == 4
    assert sandbox.query("SELECT outcome FROM musicctl.runs") == [("refused",)]


def test_a_hold_waits_no_longer_than_the_lease_of_a_run_that_is_stopped(
    sandbox: Sandbox, program: Program, users: Sequence[str]
) -> None:
    with at_work(sandbox, "roles", "sync") as process:
        os.kill(process.pid, signal.SIGSTOP)
        sandbox.query("UPDATE musicctl.lease SET expires_at = clock_timestamp() + interval '1 s'")
        held = program("roles", "hold", *WHY, "--json")
        assert (held.code, held.json["stopped"]["pid"]) == (0, process.pid)
        written = len(sandbox.writes())
        os.kill(process.pid, signal.SIGCONT)
        assert ended(process)[0] in (4, 75)
    assert len(sandbox.writes()) <= written + 1  # what the socket had already
