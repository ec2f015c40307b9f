"""Writes whose reply is cut, garbled or an error, and reads and writes that are refused for a while."""

from collections import Counter
from collections.abc import Callable

import pytest

from musicctl.sandbox.local_tenant import faults
from tests.faults.conftest import Switch
from tests.faults.processes import EDITOR, effects, listeners
from tests.program import Program, Sandbox

PATCH = "PATCH /users/*"
OTHER = ["other"]


def patches(sandbox: Sandbox) -> Counter[str]:
    """Count the writes on the wire by user."""
    return Counter(request for request in sandbox.requests() if request.startswith("PATCH"))


def states(sandbox: Sandbox) -> Counter[str]:
    return Counter(state for (state,) in sandbox.query("SELECT state FROM musicctl.changes"))


@pytest.mark.parametrize("word", ["cut-after", "html", "half-json"])
def test_what_was_applied_without_a_sound_reply_is_read_back(
    sandbox: Sandbox, program: Program, fault: Switch, word: str
) -> None:
    users = listeners(sandbox, 5)
    fault(word, endpoint=PATCH)
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["applied"]["grant"], ended.json["problems"]) == (0, 5, [])
    assert sorted(effects(sandbox)) == [(user_id, [*OTHER, EDITOR]) for user_id in users]
    assert set(patches(sandbox).values()) == {1}
    assert states(sandbox) == {"applied": 5}


def test_what_was_not_applied_is_read_and_sent_again(
    sandbox: Sandbox, program: Program, fault: Switch
) -> None:
    listeners(sandbox, 5)
    fault("cut-before", endpoint=PATCH, count=3)
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["applied"]["grant"]) == (0, 5)
    assert (len(effects(sandbox)), patches(sandbox).total()) == (5, 5 + 3)


@pytest.mark.parametrize("status", [409, 500, 502, 503])
@pytest.mark.parametrize("endpoint", [PATCH, "GET /users/*"])
def test_trouble_for_a_while_is_ridden_out(
    sandbox: Sandbox, program: Program, fault: Switch, status: int, endpoint: str
) -> None:
    users = listeners(sandbox, 4)
    fault(f"status={status}", endpoint=endpoint, count=6)
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["applied"]["grant"]) == (0, 4)
    assert sorted(effects(sandbox)) == [(user_id, [*OTHER, EDITOR]) for user_id in users]
    if endpoint != PATCH:
        assert ended.json["retries"] == 6


def test_trouble_that_stays_ends_5_and_the_next_run_goes_on(
    sandbox: Sandbox, program: Program, fault: Switch
) -> None:
    users = listeners(sandbox, 4)
    fault("status=503", endpoint="PATCH /users/auth0%7Cu000")
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["applied"]["grant"], ended.json["failed"]) == (5, 3, 1)
    [problem] = ended.json["problems"]
    assert (problem["user_id"], problem["state"]) == ("auth0|u000", "failed")
    assert "answered 503" in problem["detail"]
    assert sandbox.roles("auth0|u000") == OTHER
    faults.clear(sandbox.tenant)
    again = program("roles", "sync", "--json")
    assert (again.code, again.json["applied"]["grant"]) == (0, 1)
    assert sandbox.roles(users[0]) == [*OTHER, EDITOR]


@pytest.mark.parametrize("endpoint", [PATCH, "GET /users/*"])
@pytest.mark.parametrize("header", ["past", "junk", "-1"])
def test_a_429_whose_reset_makes_no_sense_is_waited_out(
    sandbox: Sandbox, program: Program, fault: Switch, header: str, endpoint: str
) -> None:
    users = listeners(sandbox, 4)
    fault("status=429", f"ratelimit-header={header}", endpoint=endpoint, count=3)
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["applied"]["grant"]) == (0, 4)
    assert sorted(effects(sandbox)) == [(user_id, [*OTHER, EDITOR]) for user_id in users]


def test_a_429_with_a_reset_in_2_s_is_waited_for(sandbox: Sandbox, program: Program, fault: Switch) -> None:
    listeners(sandbox, 4)
    fault("status=429", endpoint=PATCH, count=1)
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["applied"]["grant"]) == (0, 4)
    assert ended.json["throttled"] >= 1
    assert patches(sandbox).total() == 5


def test_under_a_plan_s_limits_the_run_completes_without_a_429(
    sandbox: Sandbox, program: Program, set_up: Callable[..., None]
) -> None:
    settings = sandbox.tenant.settings()
    users = listeners(sandbox, 35)
    sandbox.tenant.change_settings(type(settings)(plan="enterprise"))
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["applied"]["grant"]) == (0, len(users))
    refused = [request for request in sandbox.tenant.requests() if request.status == 429]
    assert refused == []
