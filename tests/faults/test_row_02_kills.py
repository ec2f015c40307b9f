"""kill -9 at random, again and again, over a tenant that applies writes late: nothing untrue ever remains.

The oracle is the tenant's own log of what took effect. The same loop with the settle time set to 0 must find
untruths, or it would not be looking. Forty kills are four loops of ten, so that they can run side by side.
"""

import random
import subprocess
import time
from dataclasses import dataclass, field

import pytest

from musicctl.sandbox.local_tenant import fault_words, faults
from tests.faults.processes import EDITOR, LONG, listeners, run, running, settings
from tests.program import Sandbox

USERS = 300
KILLS = 10
LOOPS = 4
LATEST = 3.0
"""Seconds by which a write may take effect after its reply; the settle time is above it."""

PATIENCE = 900
"""Seconds after which a loop counts as hanging; it takes one minute, most of it settling."""


@dataclass
class Findings:
    """What the oracle has against the journal."""

    without_intent: list[str] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)


def kill_again_and_again(sandbox: Sandbox, *, settle: str, seed: int) -> list[str]:
    """Start a sync KILLS times and kill each after some of its writes; then let one run to its end."""
    users = listeners(sandbox, USERS)
    fault_words.switch_on(sandbox.tenant, f"late={LATEST}", endpoint="PATCH /users/*", rate=0.3, seed=seed)
    fault_words.switch_on(sandbox.tenant, "late=0.5", endpoint="PATCH /users", rate=0.3, seed=seed)
    fault_words.switch_on(sandbox.tenant, "latency=0.03", endpoint="GET /users/*", seed=seed)
    environment = settings(sandbox, threads="4", settle=settle, max_grant="100%")
    chance = random.Random(seed)
    for _ in range(KILLS):
        with running(environment, "roles", "sync", "--quiet") as process:
            wait_for_writes(sandbox, process, chance.randrange(1, 8))
            process.kill()
    assert run(environment, "roles", "sync", "--json")[0] == 0
    settled(sandbox)
    return users


def wait_for_writes(sandbox: Sandbox, process: subprocess.Popen[str], count: int) -> None:
    """Wait until the process has sent so many writes, or has ended."""
    before, deadline = sent(sandbox), time.monotonic() + LONG
    while sent(sandbox) < before + count and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def sent(sandbox: Sandbox) -> int:
    rows = sandbox.tenant.rows("SELECT count(*) FROM requests WHERE method = 'PATCH'")
    return int(rows[0][0])


def settled(sandbox: Sandbox) -> None:
    """Wait until the last late write has taken effect."""
    time.sleep(LATEST + 1.0)
    faults.clear(sandbox.tenant)


def compared(sandbox: Sandbox) -> Findings:
    """Hold the journal against what took effect."""
    findings = Findings()
    effects = {effect.correlation_id or "" for effect in sandbox.writes()}
    states = dict(sandbox.query("SELECT run || '/' || seq, state FROM musicctl.changes"))
    findings.without_intent = sorted(effects - set(states))
    findings.wrong = sorted(
        (name, state) for name, state in states.items() if (state == "applied") is not (name in effects)
    )
    return findings


@pytest.mark.long
@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize("seed", range(LOOPS))
def test_nothing_untrue_remains(sandbox: Sandbox, seed: int) -> None:
    users = kill_again_and_again(sandbox, settle="4s", seed=seed)
    findings = compared(sandbox)
    assert findings == Findings()
    assert {tuple(sandbox.roles(user_id)) for user_id in users} == {("other", EDITOR)}
    states = {state for (state,) in sandbox.query("SELECT DISTINCT state FROM musicctl.changes")}
    assert states <= {"applied", "already", "failed", "unsent"}
    [(crashed,)] = sandbox.query("SELECT count(*) FROM musicctl.runs WHERE outcome = 'crashed'")
    assert crashed >= KILLS // 2


@pytest.mark.long
@pytest.mark.timeout(PATIENCE)
def test_without_a_settle_time_the_same_loop_finds_untruths(sandbox: Sandbox) -> None:
    """Which of the kills fall into the wait for a late write is up to the machine: not every loop has one."""
    for seed in range(1, 6):
        sandbox.clear()
        kill_again_and_again(sandbox, settle="0s", seed=seed)
        if wrong := compared(sandbox).wrong:
            break
    assert wrong
