"""A refused read in the middle of a run: no thread waits for what another keeps, and it costs little."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import httpx
import pytest

from musicctl.sandbox.local_tenant.settings import TenantSettings
from musicctl.settings.sandbox_state import SandboxState
from tests.faults.conftest import Switch
from tests.faults.processes import EDITOR, effects, ended, listeners, running, settings
from tests.program import Program, Sandbox
from tests.tenant.relay import answering, relay


@pytest.mark.timeout(60)
def test_a_refused_read_does_not_wait_for_the_writes_of_others(
    sandbox: Sandbox, program: Program, fault: Switch, set_up: Callable[..., None]
) -> None:
    set_up(threads="8")
    users = listeners(sandbox, 40)
    sandbox.tenant.change_settings(TenantSettings(plan="enterprise"))
    fault("status=429", endpoint="GET /users", rate=0.1, count=1)
    began = time.monotonic()
    assert program("roles", "sync", "--yes", "--json").code == 0
    assert time.monotonic() - began < 20
    assert sorted(effects(sandbox)) == [(user_id, ["other", EDITOR]) for user_id in users]


@pytest.mark.timeout(120)
def test_scattered_refusals_without_headers_cost_about_a_second_each(sandbox: Sandbox) -> None:
    users, seen = listeners(sandbox, 40), [0]

    def now_and_then(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        seen[0] += 1
        refusing = seen[0] % 6 == 0
        answering(429 if refusing else status, b"{}" if refusing else body)(handler, body, status)

    with relay(sandbox.state) as between:
        between.misbehave("GET", now_and_then)
        over = settings(sandbox, domain=between.url, threads="1")
        began = time.monotonic()
        with running(over, "roles", "sync", "--json") as process:
            code, out, _ = ended(process)
    assert (code, json.loads(out)["applied"]["grant"]) == (0, len(users))
    assert time.monotonic() - began < 25  # six or seven refusals; doubling each time they were 63 and more


@pytest.mark.timeout(120)
def test_another_client_that_bursts_holds_a_sync_up_and_loses_nothing(
    sandbox: Sandbox, program: Program, set_up: Callable[..., None]
) -> None:
    set_up(threads="8", max_grant="100%")
    users = listeners(sandbox, 60)
    sandbox.tenant.change_settings(TenantSettings(plan="enterprise"))
    with ThreadPoolExecutor(1) as other:
        bursts = other.submit(burst, sandbox.state, 3.0)
        began = time.monotonic()
        done = program("roles", "sync", "--yes", "--json")
        took = time.monotonic() - began
    assert 429 in bursts.result()
    assert (done.code, json.loads(done.out)["applied"]["grant"]) == (0, 60)
    assert took < 45
    assert sorted(effects(sandbox)) == [(user_id, ["other", EDITOR]) for user_id in users]


def burst(state: SandboxState, seconds: float) -> list[int]:
    """Ask for as much as the tenant answers, and return the statuses."""
    statuses, until = [], time.monotonic() + seconds
    with httpx.Client(base_url=state.auth0_domain) as client:
        asked = {
            "grant_type": "client_credentials",
            "client_id": state.auth0_client_id,
            "client_secret": state.auth0_client_secret,
            "audience": state.auth0_audience,
        }
        token = client.post("/oauth/token", json=asked).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        while time.monotonic() < until:
            statuses.append(client.get("/api/v2/users/auth0%7C0").status_code)
    return statuses
