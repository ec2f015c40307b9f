"""However a sync ends, what it says of itself is what the journal has, and what `history` shows of it."""

import json
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from subprocess import Popen

import pytest

from tests.faults.conftest import Switch
from tests.faults.processes import ended, listeners, run, running, settings
from tests.program import Program, Sandbox
from tests.tenant.relay import Relay, answering, relay

USERS = 40
GONE = "auth0|u002"
STOPPED = re.compile(r"run (\S+) was stopped: (granted [^\n]*? left)")
DOWN = answering(503, b'{"statusCode":503,"message":"Service unavailable"}')


def journal(sandbox: Sandbox, run_id: str) -> dict[tuple[str, str], int]:
    """Return how many changes of a run the journal has, by verdict and state."""
    rows = sandbox.query(
        "SELECT verdict, state, count(*) FROM musicctl.changes WHERE run = %s GROUP BY verdict, state", run_id
    )
    return {(verdict, state): count for verdict, state, count in rows}


def by_state(sandbox: Sandbox, run_id: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for (_, state), count in journal(sandbox, run_id).items():
        found[state] += count
    return dict(found)


def require_history(program: Program, sandbox: Sandbox, run_id: str) -> None:
    """Hold what `history` says of a run against the journal's rows."""
    states = by_state(sandbox, run_id)
    shown = program("history", "show", run_id, "--json").json
    listed = {each["run"]: each["counts"] for each in program("history", "list", "--json").json}
    assert (shown["counts"], listed[run_id]) == (states, states)
    assert Counter(change["state"] for change in shown["changes"]) == states


def require_numbers(program: Program, sandbox: Sandbox, err: str) -> dict[str, int]:
    """Hold what a sync that was stopped said against the journal, and return its states."""
    found = STOPPED.search(" ".join(err.split()))
    assert found is not None, err
    run_id, rows = found[1], journal(sandbox, found[1])
    states = by_state(sandbox, run_id)
    said = {
        f"granted {rows.get(('grant', 'applied'), 0)}",
        f"revoked {rows.get(('revoke', 'applied'), 0)}",
        *(
            f"{count} {state}"
            for state, count in states.items()
            if state not in ("applied", "unsent", "sent")
        ),
        *(f"{count} sent and not yet known" for state, count in states.items() if state == "sent"),
        f"{states.get('unsent', 0)} left",
    }
    assert set(found[2].split(", ")) == said
    assert sum(states.values()) == USERS
    require_history(program, sandbox, run_id)
    return states


@contextmanager
def under_way(sandbox: Sandbox, between: Relay, after: int) -> Iterator[Popen[str]]:
    """Run a sync in which some are refused and one is gone, and yield when it has come so far."""
    over = settings(
        sandbox, domain=between.url, threads="4", settle="0.1s", max_grant="100%", max_revoke="100%"
    )
    assert run(over, "mirror", "refresh")[0] == 0
    sandbox.tenant.delete_user(GONE)
    with running(over, "roles", "sync", "--yes") as process:
        deadline = time.monotonic() + 60
        while len(sandbox.writes()) < after:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        yield process


@pytest.fixture
def users(sandbox: Sandbox, fault: Switch, set_up: Callable[..., None]) -> list[str]:
    """Users to be granted the role, of whom some are refused."""
    found = listeners(sandbox, USERS)
    for user_id in found[::10]:
        fault("status=400", endpoint=f"PATCH /users/{user_id}")
    fault("latency=0.05", endpoint="PATCH /users")
    return found


@pytest.mark.parametrize("signalled", [signal.SIGTERM, signal.SIGINT])
def test_one_that_is_stopped(
    sandbox: Sandbox, program: Program, users: list[str], signalled: signal.Signals
) -> None:
    with relay(sandbox.state) as between, under_way(sandbox, between, 6) as process:
        process.send_signal(signalled)
        code, out, err = ended(process)
    assert (code, out) == (128 + signalled, ""), err
    states = require_numbers(program, sandbox, err)
    assert states["unsent"] > 0
    assert states["failed"] >= 1


@pytest.mark.long
@pytest.mark.timeout(240)
def test_one_whose_tenant_goes_away(sandbox: Sandbox, program: Program, users: list[str]) -> None:
    with relay(sandbox.state) as between, under_way(sandbox, between, 6) as process:
        between.misbehave("GET", DOWN)
        code, out, err = ended(process)
    assert (code, out) == (69, ""), err
    assert require_numbers(program, sandbox, err)["unsent"] > 0


def test_one_that_loses_its_lease(sandbox: Sandbox, program: Program, users: list[str]) -> None:
    with relay(sandbox.state) as between, under_way(sandbox, between, 6) as process:
        sandbox.query("UPDATE musicctl.lease SET token = token + 1 WHERE name = 'roles'")
        code, out, err = ended(process)
    assert (code, out) == (75, ""), err
    states = require_numbers(program, sandbox, err)
    assert states["unsent"] > 0
    [(run_id,)] = sandbox.query("SELECT run FROM musicctl.runs")
    sandbox.query("UPDATE musicctl.lease SET released = true")
    assert program("history", "recover").code == 0
    require_history(program, sandbox, run_id)
    assert by_state(sandbox, run_id)["applied"] == len(sandbox.writes())


def test_one_that_comes_to_its_end(
    sandbox: Sandbox, program: Program, users: list[str], set_up: Callable[..., None]
) -> None:
    set_up(threads="4", max_grant="100%")
    assert program("mirror", "refresh").code == 0
    sandbox.tenant.delete_user(GONE)
    odd = sandbox.tenant.get_user(users[5])
    assert odd is not None
    sandbox.tenant.put_user(odd._replace(app_metadata=json.dumps({"roles": 7})))
    done = program("roles", "sync", "--json")
    assert done.code == 5
    report, run_id = done.json, done.json["run"]
    states = by_state(sandbox, run_id)
    kinds = ("already", "overtaken", "gone", "failed", "conflict", "unknown", "unsent")
    said = {state: report[state] for state in kinds if report[state]}
    assert {**said, "applied": sum(report["applied"].values())} == states
    assert report["applied"]["grant"] == journal(sandbox, run_id)["grant", "applied"] == len(sandbox.writes())
    assert (report["gone"], report["conflict"], report["failed"]) == (1, 1, 4)
    assert len(report["problems"]) == report["failed"] + report["conflict"] == 5
    require_history(program, sandbox, run_id)
