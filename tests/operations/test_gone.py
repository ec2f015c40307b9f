"""Users who are gone, and tenants that only say so: the mirror keeps whom it cannot be believed about."""

import pytest

from musicctl.cli import main
from tests.faults.processes import EDITOR, listeners, settings
from tests.program import Program, Sandbox
from tests.tenant.relay import answering, relay

OWN = b'{"statusCode":404,"message":"The user does not exist.","errorCode":"inexistent_user"}'
PAGE = b"<html><title>404 Not Found</title></html>"


def over(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Make the tenant at `url` that of the profile `env`."""
    monkeypatch.delenv("MUSICCTL_PROFILE", raising=False)
    for name, value in settings(sandbox, domain=url, settle="0.1s").items():
        monkeypatch.setenv(name, value)


def mirrored(sandbox: Sandbox) -> int:
    return int(sandbox.query("SELECT count(*) FROM musicctl.tenant_users")[0][0])


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_too_many_who_are_gone_end_the_run_and_stay_in_the_mirror(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    listeners(sandbox, 30)
    with relay(sandbox.state) as between:
        over(sandbox, monkeypatch, between.url)
        assert main(["mirror", "refresh"]) == 0
        between.misbehave(method, answering(404, OWN))
        ended = program("roles", "sync", "--json")
        assert (ended.code, ended.error["code"]) == (4, "refused")
        assert "too many to be believed" in ended.error["message"]
        assert mirrored(sandbox) == 30
        between.misbehave(method, answering(404, OWN), "/nowhere")
        again = program("roles", "sync", "--json")
        assert (again.code, mirrored(sandbox)) == (0, 30)
    assert all(EDITOR in sandbox.roles(user_id) for user_id in listeners(sandbox, 30))


def test_a_gateway_that_answers_for_a_while_makes_nobody_gone(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = listeners(sandbox, 12)
    with relay(sandbox.state) as between:
        over(sandbox, monkeypatch, between.url)
        assert main(["mirror", "refresh"]) == 0
        between.misbehave("GET", answering(404, PAGE, "text/html"), times=10)
        ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["gone"], ended.json["applied"]["grant"]) == (0, 0, 12)
    assert mirrored(sandbox) == len(users)


def test_few_who_are_gone_leave_the_mirror_when_the_run_has_ended(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    listeners(sandbox, 12)
    with relay(sandbox.state) as between:
        over(sandbox, monkeypatch, between.url)
        assert main(["mirror", "refresh"]) == 0
        between.misbehave("GET", answering(404, OWN), "/api/v2/users/auth0%7Cu00", times=3)
        ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["gone"], ended.json["applied"]["grant"]) == (0, 3, 9)
    assert mirrored(sandbox) == 9


def test_those_who_are_not_believed_to_be_gone_keep_nobody_else_from_being_tried(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six accounts were deleted, and are neighbours in the plan: the next run comes to the others first."""
    listeners(sandbox, 40)
    with relay(sandbox.state) as between:
        over(sandbox, monkeypatch, between.url)
        assert main(["mirror", "refresh"]) == 0
        between.misbehave("GET", answering(404, OWN), "/api/v2/users/auth0%7Cu00")
        ended = program("roles", "sync", "--json")
        assert ended.code == 4
        again = program("roles", "sync", "--json")
        assert again.code == 4
        assert len(sandbox.writes()) == 30
        failed = sandbox.query("SELECT count(DISTINCT user_id) FROM musicctl.changes WHERE state = 'failed'")
    assert failed[0][0] >= 5
    assert mirrored(sandbox) == 40


FORBIDDEN = (
    b'{"statusCode":403,"message":"This user cannot be modified","errorCode":"operation_not_supported"}'
)


def test_one_user_whom_the_tenant_forbids_fails_alone_and_all_of_them_end_the_run(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    listeners(sandbox, 30)
    with relay(sandbox.state) as between:
        over(sandbox, monkeypatch, between.url)
        between.misbehave("PATCH", answering(403, FORBIDDEN), "/api/v2/users/auth0%7Cu007")
        one = program("roles", "sync", "--json")
        assert (one.code, one.json["applied"]["grant"], one.json["failed"]) == (5, 29, 1)
        between.misbehave("PATCH", answering(403, FORBIDDEN))
        for number in range(10):
            sandbox.add_user(f"auth0|new{number}", plays=100)
        every = program("roles", "sync", "--refresh", "--json")
    assert (every.code, every.error["code"]) == (7, "denied")
