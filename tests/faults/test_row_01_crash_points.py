"""The process dies at each point of the protocol; the next run leaves nothing untrue and nothing undone."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from musicctl.sandbox.local_tenant import faults
from tests.faults.crashing import DIED, POINTS
from tests.faults.processes import EDITOR, LONG, ended, listeners, run, running, settings
from tests.program import Sandbox

CHANGES = 6
TENANT = {"applied": "", "not applied": "cut-before", "applied late": "late=0.5"}
"""What the tenant makes of the write at which the process dies, as a fault of the local tenant."""


@pytest.mark.parametrize("tenant", TENANT)
@pytest.mark.parametrize("turn", [1, CHANGES // 2, CHANGES], ids=["first", "middle", "last"])
@pytest.mark.parametrize("point", POINTS)
def test_the_next_run_records_the_truth_and_ends_where_it_should(
    sandbox: Sandbox, sandbox_folder: Path, point: str, turn: int, tenant: str
) -> None:
    users = listeners(sandbox, CHANGES)
    alone = settings(sandbox, threads="1", settle="1s")
    deadly = ("tests.faults.crashing", str(sandbox_folder), point, str(turn), TENANT[tenant])
    with running(alone, "roles", "sync", "--json", module=deadly) as process:
        code, _, _ = ended(process)
    assert code == DIED
    faults.clear(sandbox.tenant)
    if point in ("after the intent", "after the send", "after the reply"):
        assert "may be done already" in run(alone, "roles", "plan")[2]
    code, out, err = run(alone, "roles", "sync", "--json")
    assert code == 0, err
    assert eventually([["other", EDITOR]] * CHANGES, lambda: [sandbox.roles(user_id) for user_id in users])
    assert_the_journal_is_true(sandbox)
    code, out, _ = run(alone, "roles", "plan", "--check", "--json")
    assert (code, json.loads(out)["changes"]) == (0, [])


def eventually(wanted: object, found: Callable[[], object]) -> bool:
    """Wait for what a late write leaves: where its outcome was known already, nothing else waits for it."""
    deadline = time.monotonic() + LONG
    while found() != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return found() == wanted


def assert_the_journal_is_true(sandbox: Sandbox) -> None:
    """Compare the journal with the tenant's own log of what took effect."""
    effects = [effect.correlation_id for effect in sandbox.writes()]
    assert len(effects) == len(set(effects))
    journal = sandbox.query("SELECT run || '/' || seq, state FROM musicctl.changes")
    states = dict(journal)
    assert set(effects) <= set(states)
    for name, state in journal:
        assert state in ("applied", "already", "failed", "unsent"), (name, state)
        assert (state == "applied") is (name in effects), (name, state)
    runs = sandbox.query("SELECT outcome, count(*) FROM musicctl.runs GROUP BY 1")
    assert dict(runs) == {"crashed": 1, "ok": 1}
