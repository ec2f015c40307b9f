"""A deployment that is stopped beyond its lease, and resumed when another has taken over, sends nothing."""

import signal
import time

import pytest

from musicctl.sandbox.local_tenant.settings import TenantSettings
from musicctl.secret import Secret
from musicctl.store.database import Database
from tests.faults.processes import LONG, ended, expire, run, running, settings
from tests.faults.stopping import SHORT
from tests.faults.test_row_13_stopped import is_stopped, wrong_rows
from tests.program import Sandbox
from tests.stories.actions_world import OTHERS, OURS, THEIRS, bind, bound, furnish, writes

LEASE = 3
"""Seconds for which the lease of one that is stopped holds by its own clock."""

CLAIMS = {"claim_namespace": "https://music.example.com"}
DEPLOY = ("actions", "deploy", "--yes")
CREATING, DEPLOYING, BINDING = 1, 3, 5
"""Which of the five writes of a deployment is one of these."""


def sent(sandbox: Sandbox) -> list[str]:
    """Return what the tenant was asked to change, whether or not it did."""
    return [each for each in sandbox.requests() if "/actions/" in each and not each.startswith("GET ")]


@pytest.mark.parametrize(
    ("point", "turn"),
    [
        ("with a token", CREATING),
        ("with a token", DEPLOYING),
        ("with a token", BINDING),
        ("before the headers", DEPLOYING),
    ],
)
def test_one_stopped_before_a_write_sends_nothing_more(sandbox: Sandbox, point: str, turn: int) -> None:
    furnish(sandbox)
    sandbox.tenant.change_settings(TenantSettings(build_time=0))
    environment = settings(sandbox, settle="0.1s", freshness="60s", **CLAIMS) | {SHORT: str(LEASE)}
    module = ("tests.faults.stopping", point, str(turn))
    with running(environment, *DEPLOY, module=module) as process:
        deadline = time.monotonic() + LONG
        while not is_stopped(process):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert len(writes(sandbox)) == turn - 1
        ends = time.monotonic() + LEASE
        database = Database(Secret(sandbox.state.database_url))
        expire(database)
        database.close()
        code, _, err = run(environment, *DEPLOY)
        assert (code, bound(sandbox)) == (0, THEIRS + OURS), err
        bind(sandbox, OTHERS[1])
        asked, written = sent(sandbox), writes(sandbox)
        time.sleep(max(0.0, ends - time.monotonic()))
        process.send_signal(signal.SIGCONT)
        code, out, err = ended(process)
    assert (code, out) == (75, ""), err
    assert (sent(sandbox), writes(sandbox)) == (asked, written)
    assert bound(sandbox) == [THEIRS[1]]
    assert wrong_rows(sandbox) == []
    assert ("unknown",) not in sandbox.query("SELECT state FROM musicctl.changes")
