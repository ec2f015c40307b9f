"""A tenant that goes away in the middle of a run: told once for all threads, and the next run goes on."""

import time

import pytest

from tests.faults.processes import EDITOR, ended, listeners, run, running, settings
from tests.program import Sandbox
from tests.tenant.relay import Misbehaviour, answering, cut, relay

USERS = 60
LONGEST = 110.0
DOWN = answering(503, b'{"statusCode":503,"message":"Service unavailable"}')


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", [DOWN, cut], ids=["503", "reset"])
def test_a_run_whose_tenant_goes_away_ends_69_and_the_next_goes_on(
    sandbox: Sandbox, how: Misbehaviour
) -> None:
    users = listeners(sandbox, USERS)
    with relay(sandbox.state) as between:
        environment = settings(sandbox, domain=between.url, settle="0.1s", max_grant="100%")
        with running(environment, "roles", "sync", "--yes") as process:
            while len(sandbox.writes()) < 5:
                assert process.poll() is None
                time.sleep(0.005)
            between.misbehave("GET", how)
            began = time.monotonic()
            code, _, err = ended(process)
        assert (code, time.monotonic() - began < LONGEST) == (69, True), err
        assert "no sound reply" in err
        states = {state for (state,) in sandbox.query("SELECT state FROM musicctl.changes")}
        assert states <= {"applied", "unsent", "sent", "unknown"}
        between.misbehaviour = None
        assert run(environment, "roles", "sync", "--yes")[0] == 0
    assert all(EDITOR in sandbox.roles(user_id) for user_id in users)
