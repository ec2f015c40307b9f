"""An export that fails, never ends, breaks off or cannot be true: refused, and the last good mirror stays."""

import json
import signal
import time

import pytest

from tests.faults.conftest import Switch
from tests.faults.processes import LONG, ended, listeners, running, settings
from tests.program import Program, Sandbox

DOWNLOAD = "GET /exports/*"


def mirrored(sandbox: Sandbox) -> list[tuple[object, ...]]:
    return sandbox.query("SELECT user_id, roles FROM musicctl.tenant_users ORDER BY user_id")


@pytest.fixture
def filled(sandbox: Sandbox, program: Program) -> list[tuple[object, ...]]:
    """A mirror that was filled, of a tenant that has gained a user since."""
    listeners(sandbox, 3)
    assert program("roles", "plan").code == 0
    sandbox.add_user("auth0|new", app_metadata={"roles": []})
    return mirrored(sandbox)


@pytest.mark.parametrize(
    ("word", "endpoint", "code", "said"),
    [
        ("job-failed", "GET /jobs/*", 1, "failed; the mirror keeps its last good state"),
        ("truncate-export", DOWNLOAD, 69, "ends in the middle; the mirror keeps its last good state"),
        ("truncate-export=half-line", DOWNLOAD, 69, "cannot be read"),
        ("html", DOWNLOAD, 69, "no gzip file; the mirror keeps its last good state"),
    ],
)
def test_the_last_good_state_stays(
    sandbox: Sandbox,
    program: Program,
    filled: list[tuple[object, ...]],
    fault: Switch,
    word: str,
    endpoint: str,
    code: int,
    said: str,
) -> None:
    fault(word, endpoint=endpoint)
    told = program("roles", "sync", "--refresh", "--json")
    assert (told.code, told.out) == (code, "")
    assert said in told.error["message"]
    assert told.error["hint"]
    assert mirrored(sandbox) == filled
    assert sandbox.writes() == []


def test_a_link_that_has_expired_is_renewed(
    sandbox: Sandbox, program: Program, filled: list[tuple[object, ...]], fault: Switch
) -> None:
    fault("status=403", endpoint=DOWNLOAD, count=1)
    assert program("mirror", "refresh").code == 0
    assert len(mirrored(sandbox)) == len(filled) + 1


def test_a_job_that_is_stuck_can_be_left(
    sandbox: Sandbox, program: Program, filled: list[tuple[object, ...]], fault: Switch
) -> None:
    fault("job-stuck", endpoint="GET /jobs/*")
    before = len(sandbox.requests())
    with running(settings(sandbox), "mirror", "refresh") as process:
        deadline = time.monotonic() + LONG
        while len(sandbox.requests()) < before + 4:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        code, _, _ = ended(process)
    assert code == 143
    assert mirrored(sandbox) == filled


def test_a_tenant_without_users_is_not_believed(
    sandbox: Sandbox, program: Program, filled: list[tuple[object, ...]], fault: Switch
) -> None:
    sandbox.tenant.write("DELETE FROM users")
    told = program("mirror", "refresh", "--json")
    assert told.code == 1
    assert "no users at all" in told.error["message"]
    assert mirrored(sandbox) == filled


def test_one_odd_user_is_counted_and_everyone_else_goes_on(
    sandbox: Sandbox, program: Program, fault: Switch
) -> None:
    listeners(sandbox, 3)
    odd: dict[str, object] = {
        "auth0|array": [],
        "auth0|text": "x",
        "auth0|number": {"roles": 7},
        "auth0|nested": {"roles": [["playlist editor"]]},
        "auth0|null-in-it": {"roles": [None]},
    }
    for user_id, app_metadata in odd.items():
        sandbox.add_user(user_id, app_metadata=app_metadata, plays=500)
    sandbox.add_user("auth0|string", app_metadata={"roles": "other"}, plays=500)
    sandbox.add_user("auth0|named", user_metadata={"displayName": 7}, plays=500)
    plan = program("roles", "plan", "--json")
    assert (plan.json["counts"]["unreadable"], plan.json["counts"]["grant"]) == (len(odd), 5)
    told = program("roles", "sync", "--json")
    assert (told.code, told.json["applied"]["grant"]) == (0, 5)
    for user_id, app_metadata in odd.items():
        assert sandbox.profile(user_id)["app_metadata"] == app_metadata
    assert sandbox.roles("auth0|string") == ["other", "playlist editor"]
    rows = sandbox.query("SELECT user_id FROM musicctl.tenant_users WHERE unreadable IS NOT NULL ORDER BY 1")
    assert json.loads(json.dumps(rows)) == [[user_id] for user_id in sorted(odd)]
