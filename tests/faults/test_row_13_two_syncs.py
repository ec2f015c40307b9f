"""Two syncs at once: one runs, the other is told who does; one stopped past its lease sends nothing more."""

import json
import os
import signal
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from musicctl.secret import Secret
from musicctl.store.database import Database
from tests.faults.processes import EDITOR, LONG, effects, ended, expire, listeners, run, running, settings
from tests.program import Sandbox
from tests.tenant.relay import Relay, answering, relay


@pytest.fixture
def slow(sandbox: Sandbox) -> Iterator[Relay]:
    """A way to the tenant on which every read takes a while."""

    def late(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        time.sleep(0.1)
        answering(status, body)(handler, body, status)

    with relay(sandbox.state) as between:
        between.misbehave("GET", late)
        yield between


def writing(sandbox: Sandbox, at_least: int) -> None:
    """Wait until a run has written so many users."""
    deadline = time.monotonic() + LONG
    while len(sandbox.writes()) < at_least:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_second_of_two_is_told_who_runs(sandbox: Sandbox, slow: Relay) -> None:
    users = listeners(sandbox, 40)
    # The mirror belongs to one address of the tenant.
    over = settings(sandbox, domain=slow.url, threads="1")
    with running(over, "roles", "sync", "--json") as first:
        writing(sandbox, 1)
        code, out, err = run(over, "roles", "sync", "--json")
        assert (code, out) == (75, "")
        error = json.loads(err.splitlines()[-1])["error"]
        assert (error["code"], error["pid"]) == ("busy", first.pid)
        assert f"process {first.pid} on {os.uname().nodename}" in error["message"]
        code, out, _ = ended(first)
    assert (code, json.loads(out)["applied"]["grant"]) == (0, len(users))
    assert sorted(effects(sandbox)) == [(user_id, ["other", EDITOR]) for user_id in users]


def test_two_cron_starts_at_the_same_second(sandbox: Sandbox, slow: Relay) -> None:
    users = listeners(sandbox, 20)
    over = settings(sandbox, domain=slow.url, threads="4")
    with (
        running(over, "roles", "sync", "--json") as one,
        running(over, "roles", "sync", "--json") as other,
    ):
        codes = sorted([ended(one)[0], ended(other)[0]])
    assert codes == [0, 75]
    assert sorted(effects(sandbox)) == [(user_id, ["other", EDITOR]) for user_id in users]


def test_who_waits_runs_afterwards(sandbox: Sandbox, slow: Relay) -> None:
    listeners(sandbox, 20)
    over = settings(sandbox, domain=slow.url, threads="1")
    with running(over, "roles", "sync", "--json") as first:
        writing(sandbox, 1)
        code, out, err = run(over, "roles", "sync", "--json", "--wait", "2m")
        assert (code, ended(first)[0]) == (0, 0)
    assert json.loads(out)["applied"] == {"grant": 0, "revoke": 0}
    assert "waiting for " in err
    assert len(sandbox.writes()) == 20


def test_one_that_was_stopped_past_its_lease_sends_nothing_more(sandbox: Sandbox, slow: Relay) -> None:
    users = listeners(sandbox, 40)
    over = settings(sandbox, domain=slow.url, threads="1", settle="1s")
    database = Database(Secret(sandbox.state.database_url))
    with running(over, "roles", "sync", "--json") as first:
        writing(sandbox, 3)
        first.send_signal(signal.SIGSTOP)
        expire(database)
        code, out, _ = run(over, "roles", "sync", "--json")
        assert code == 0
        written = len(sandbox.writes())
        assert written == len(users)
        first.send_signal(signal.SIGCONT)
        code, out, err = ended(first)
        assert (code, out) == (75, "")
        assert "lost the lease" in err
    database.close()
    assert len(sandbox.writes()) == written
    assert {tuple(roles) for _, roles in effects(sandbox)} == {("other", EDITOR)}  # type: ignore[arg-type]
    states = sandbox.query("SELECT state, count(*) FROM musicctl.changes GROUP BY 1 ORDER BY 1")
    assert {state for state, _ in states} <= {"applied", "already", "failed", "unsent"}
