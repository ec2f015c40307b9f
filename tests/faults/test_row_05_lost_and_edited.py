"""A write whose reply is lost while another admin edits the user: applied or unknown, never `already`."""

import json
import time
from collections.abc import Callable

import pytest

from tests.faults.conftest import Switch
from tests.faults.processes import EDITOR, ended, listeners, run, running, settings
from tests.faults.test_row_07_08_other_admins import PATCH, edit
from tests.program import Program, Sandbox

SETTLE = "1.5s"
GUARDS_OFF = {"max_revoke": "100%", "max_grant": "100%"}


def edited_before_it_is_looked_at(
    sandbox: Sandbox, environment: dict[str, str], editing: Callable[[], None], *arguments: str
) -> tuple[int, str, str]:
    """Run a command whose one write takes effect without a reply, edit, and return how it ended."""
    with running(environment, *arguments, "--json") as process:
        while not sandbox.writes():
            assert process.poll() is None
            time.sleep(0.005)
        editing()
        return ended(process)


def state(sandbox: Sandbox) -> tuple[str, str]:
    """Return what the journal has of the only change, and why."""
    [found] = sandbox.query("SELECT state, coalesce(detail, '') FROM musicctl.changes")
    return found


@pytest.mark.parametrize("roles", [["other", "vip", EDITOR], [EDITOR], ["vip", EDITOR, "other"]])
def test_what_is_edited_before_we_look_is_unknown_and_undone(
    sandbox: Sandbox, fault: Switch, roles: list[str]
) -> None:
    [user_id] = listeners(sandbox, 1)
    environment = settings(sandbox, settle=SETTLE, **GUARDS_OFF)
    fault("cut-after", endpoint=PATCH, count=1)
    editing = lambda: edit(sandbox, user_id, roles)  # noqa: E731
    code, out, _ = edited_before_it_is_looked_at(sandbox, environment, editing, "roles", "sync")
    report = json.loads(out)
    assert (code, report["unknown"], report["already"]) == (5, 1, 0)
    assert state(sandbox)[0] == "unknown"
    assert "somebody else has edited the user since" in state(sandbox)[1]
    assert len(sandbox.writes()) == 1
    code, out, err = run(environment, "undo", "last", "--yes", "--json")
    assert (code, json.loads(out)["applied"]["revoke"]) == (0, 1), err
    assert sandbox.roles(user_id) == [role for role in roles if role != EDITOR]


def test_a_revoke_that_is_unknown_counts_in_the_guards(sandbox: Sandbox, fault: Switch) -> None:
    users = [f"auth0|e{number:02}" for number in range(10)]
    for number, user_id in enumerate(users):
        sandbox.add_user(user_id, app_metadata={"roles": ["a", EDITOR]}, plays=5 if number == 0 else 100)
    environment = settings(sandbox, settle=SETTLE, max_revoke="1")
    fault("cut-after", endpoint=PATCH, count=1)
    editing = lambda: edit(sandbox, users[0], ["a", "vip"])  # noqa: E731
    code, out, _ = edited_before_it_is_looked_at(sandbox, environment, editing, "roles", "sync")
    report = json.loads(out)
    assert (code, report["unknown"]) == (5, 1)
    sandbox.set_plays(users[1], 5)
    code, out, err = run(environment, "roles", "sync", "--json")
    assert (code, "revoke" in err) == (4, True), (out, err)
    assert EDITOR in sandbox.roles(users[1])


def test_what_arrives_after_we_looked_is_applied(sandbox: Sandbox, program: Program, fault: Switch) -> None:
    """The settle time is too short for this tenant: the first look does not show what the second does."""
    listeners(sandbox, 1)
    fault("late=0.25", endpoint=PATCH, count=1)
    fault("latency=0.3", endpoint="GET /users/*")
    report = program("roles", "sync", "--json")
    assert (report.code, report.json["applied"]["grant"], report.json["already"]) == (0, 1, 0)
    assert state(sandbox)[0] == "applied"


def test_a_name_that_somebody_else_gave_since_is_unknown(sandbox: Sandbox, fault: Switch) -> None:
    sandbox.add_user("auth0|n", user_metadata={})
    environment = settings(sandbox, settle=SETTLE)
    fault("cut-after", endpoint=PATCH, count=1)

    def editing() -> None:
        user = sandbox.tenant.get_user("auth0|n")
        assert user is not None
        sandbox.tenant.put_user(user._replace(user_metadata=json.dumps({"displayName": "Nina by hand"})))

    command = ("profile", "fill-names", "--yes")
    code, out, _ = edited_before_it_is_looked_at(sandbox, environment, editing, *command)
    report = json.loads(out)
    assert (code, report["unknown"], report["already"]) == (5, 1, 0), report
    assert state(sandbox)[0] == "unknown"


def test_a_name_that_is_set_is_not_written_over_one_that_somebody_gave_since(
    sandbox: Sandbox, fault: Switch
) -> None:
    sandbox.add_user("auth0|n", user_metadata={"displayName": "Nina before"})
    environment = settings(sandbox, settle=SETTLE)
    fault("cut-after", endpoint=PATCH, count=1)
    by_hand = json.dumps({"displayName": "Nina by hand"})

    def editing() -> None:
        user = sandbox.tenant.get_user("auth0|n")
        assert user is not None
        sandbox.tenant.put_user(user._replace(user_metadata=by_hand))

    command = ("profile", "set-name", "auth0|n", "Nina of ours")
    code, out, err = edited_before_it_is_looked_at(sandbox, environment, editing, *command)
    assert (code, out, "it is not known whether the display name was changed" in err) == (1, "", True)
    assert state(sandbox)[0] == "unknown"
    assert sandbox.profile("auth0|n")["user_metadata"] == {"displayName": "Nina by hand"}
    assert sandbox.query("SELECT before FROM musicctl.changes") == [("Nina before",)]
