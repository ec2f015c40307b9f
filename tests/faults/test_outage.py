"""A tenant that goes away in the middle of a run: told once for all threads, and the next run goes on."""

from collections.abc import Callable

import pytest

from tests.faults.outages import IMPATIENT, WAYS, await_writes, behind, over
from tests.faults.processes import (
    EDITOR,
    effects,
    ended,
    listeners,
    require_free,
    require_truth,
    running,
)
from tests.program import Program, Sandbox
from tests.tenant.relay import relay

USERS = 24


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_a_sync_whose_tenant_goes_away_ends_69_and_the_next_goes_on(
    sandbox: Sandbox, program: Program, set_up: Callable[..., None], way: str
) -> None:
    users = listeners(sandbox, USERS)
    with relay(sandbox.state) as between:
        set_up(domain=between.url, max_grant="100%")
        environment = behind(sandbox, between, rate="40")
        with running(environment, "roles", "sync", "--yes", module=IMPATIENT) as process:
            await_writes(sandbox, 3)
            WAYS[way](between)
            code, out, err = ended(process)
        assert (code, out) == (69, ""), err
        require_free(sandbox)
        require_truth(sandbox)
        states = {state for (state,) in sandbox.query("SELECT state FROM musicctl.changes")}
        assert states <= {"applied", "unsent", "sent"}
        over(between)
        assert program("roles", "sync", "--yes").code == 0
    require_truth(sandbox)
    assert {each for each, _ in effects(sandbox)} == set(users)
    assert all(EDITOR in sandbox.roles(user_id) for user_id in users)
