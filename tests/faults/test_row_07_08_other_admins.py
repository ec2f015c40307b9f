"""Another admin edits the roles at any moment: no role of theirs is ever lost, and ours follows the rule."""

import json

import pytest

from tests.faults.conftest import Switch
from tests.faults.processes import EDITOR, listeners
from tests.program import Program, Sandbox

PATCH, READ = "PATCH /users/*", "GET /users/*"


def edit(sandbox: Sandbox, user_id: str, roles: list[str]) -> None:
    """Set a user's roles as another admin does, in the dashboard."""
    user = sandbox.tenant.get_user(user_id)
    assert user is not None
    sandbox.tenant.put_user(user._replace(app_metadata=json.dumps({"roles": roles, "by": "an admin"})))


def test_a_role_added_between_plan_and_apply_stays(sandbox: Sandbox, program: Program, fault: Switch) -> None:
    [gains] = listeners(sandbox, 1)
    sandbox.add_user("auth0|loses", app_metadata={"roles": [EDITOR, "b"]}, plays=5)
    assert program("roles", "plan").code == 0
    edit(sandbox, gains, ["other", "vip"])
    edit(sandbox, "auth0|loses", ["vip", EDITOR, "b"])
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["applied"]) == (0, {"grant": 1, "revoke": 1})
    assert sandbox.profile(gains)["app_metadata"] == {"roles": ["other", "vip", EDITOR], "by": "an admin"}
    assert sandbox.roles("auth0|loses") == ["vip", "b"]


@pytest.mark.parametrize("delay", ["status=429", "status=503", "cut-before"])
def test_a_role_added_while_we_wait_to_write_stays(
    sandbox: Sandbox, program: Program, fault: Switch, delay: str
) -> None:
    """The edit comes after our first read, and our first write is refused: what is read again has it."""
    [user_id] = listeners(sandbox, 1)
    fault("outside-edit=+vip@read", endpoint=READ, count=1)
    fault(delay, endpoint=PATCH, count=1)
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["applied"]["grant"]) == (0, 1)
    assert sandbox.roles(user_id) == ["other", "vip", EDITOR]


def test_whom_another_admin_granted_it_already(sandbox: Sandbox, program: Program, fault: Switch) -> None:
    [user_id] = listeners(sandbox, 1)
    assert program("roles", "plan").code == 0
    edit(sandbox, user_id, [EDITOR, "other"])
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["already"], sandbox.writes()) == (0, 1, [])
    assert sandbox.roles(user_id) == [EDITOR, "other"]
    assert program("roles", "plan", "--check").code == 0


def test_what_another_admin_takes_away_while_we_wait_is_given_again(
    sandbox: Sandbox, program: Program, fault: Switch
) -> None:
    """The write was applied and its reply lost; then somebody takes the role away, and the rule stands."""
    [user_id] = listeners(sandbox, 1)
    fault("cut-after", endpoint=PATCH, count=1)
    assert program("roles", "sync", "--json").code == 0
    edit(sandbox, user_id, ["other"])
    assert program("roles", "plan", "--check").code == 0  # the mirror does not know yet
    assert program("roles", "plan", "--check", "--refresh").code == 6
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["applied"]["grant"]) == (0, 1)
    assert sandbox.roles(user_id) == ["other", EDITOR]


def test_whose_plays_fall_meanwhile_is_overtaken(sandbox: Sandbox, program: Program, fault: Switch) -> None:
    [user_id] = listeners(sandbox, 1)
    plan = program("roles", "plan", "--json").json["plan"]
    sandbox.set_plays(user_id, 99)
    ended = program("roles", "sync", "--accept-plan", plan, "--json")
    assert (ended.code, ended.json["applied"]["grant"], sandbox.writes()) == (0, 0, [])
