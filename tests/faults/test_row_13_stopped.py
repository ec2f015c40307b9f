"""Stopped beyond its lease at any moment, and resumed when another has taken over: it sends nothing more.

MUSICCTL_STOPS sets how many stops at random moments are tried besides those at the critical points; the
oracle is the tenant's own log of what took effect, held against the journal.
"""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from musicctl.secret import Secret
from musicctl.store.database import Database
from tests.faults.processes import EDITOR, LONG, ended, expire, listeners, run, running, settings
from tests.faults.stopping import POINTS
from tests.program import Sandbox

STOPS = int(os.environ.get("MUSICCTL_STOPS", "1"))
USERS = 40


def is_stopped(process: subprocess.Popen[str]) -> bool:
    state = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8", errors="replace")
    return state.rpartition(")")[2].split()[0] == "T"


def take_over(sandbox: Sandbox, environment: dict[str, str], users: list[str]) -> None:
    """Let the lease run out, have another run do the rest, and another admin add a role to everyone."""
    database = Database(Secret(sandbox.state.database_url))
    expire(database)
    database.close()
    code, _, err = run(environment, "roles", "sync", "--yes")
    assert code == 0, err
    for user_id in users:
        user = sandbox.tenant.get_user(user_id)
        assert user is not None
        roles = [*json.loads(user.app_metadata or "{}")["roles"], "vip"]
        sandbox.tenant.put_user(user._replace(app_metadata=json.dumps({"roles": roles})))
    time.sleep(1.0)  # what others did is to have been visible for a second


def wrong_rows(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Return the journal's rows that say something else than the tenant's log."""
    effects = {effect.correlation_id for effect in sandbox.writes()}
    rows = sandbox.query("SELECT run || '/' || seq, state FROM musicctl.changes")
    known = [(name, state) for name, state in rows if state != "unknown"]
    return [(name, state) for name, state in known if (state == "applied") is not (name in effects)]


def stopped_and_resumed(
    sandbox: Sandbox, process: subprocess.Popen[str], environment: dict[str, str], users: list[str]
) -> None:
    """Take over from a stopped process, resume it, and look that it neither did nor said anything wrong."""
    take_over(sandbox, environment, users)
    written = len(sandbox.writes())
    process.send_signal(signal.SIGCONT)
    code, out, err = ended(process)
    assert (code, out) == (75, ""), err
    assert len(sandbox.writes()) == written
    assert {tuple(sandbox.roles(user_id)) for user_id in users} == {("other", EDITOR, "vip")}
    # Rows that it held locks on were left to the next run.
    code, _, err = run(environment, "history", "recover")
    assert code in {0, 5}, err  # of what the other admin edited since nobody can know it
    assert wrong_rows(sandbox) == []


@pytest.mark.parametrize("point", POINTS)
def test_one_stopped_at_a_critical_point_sends_nothing_more(sandbox: Sandbox, point: str) -> None:
    users = listeners(sandbox, 6)
    environment = settings(sandbox, threads="2", settle="0.1s")
    module = ("tests.faults.stopping", point, "2")
    with running(environment, "roles", "sync", "--yes", module=module) as process:
        deadline = time.monotonic() + LONG
        while not is_stopped(process):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        stopped_and_resumed(sandbox, process, environment, users)


@pytest.mark.timeout(120 + 30 * STOPS)
def test_one_stopped_at_any_moment_sends_nothing_more(sandbox: Sandbox) -> None:
    chance = random.Random(13)
    environment = settings(sandbox, threads="8", settle="0.1s")
    tried = 0
    while tried < STOPS:
        sandbox.clear()
        users = listeners(sandbox, USERS)
        with running(environment, "roles", "sync", "--yes") as process:
            while len(sandbox.writes()) < chance.randrange(1, USERS // 2) and process.poll() is None:
                time.sleep(chance.random() / 200)
            process.send_signal(signal.SIGSTOP)
            while process.poll() is None and not is_stopped(process):
                time.sleep(0.001)
            time.sleep(0.1)  # what had left by then arrives
            if process.poll() is None and len(sandbox.writes()) < USERS:
                stopped_and_resumed(sandbox, process, environment, users)
                tried += 1
