"""What was taken away within 24 hours counts by users, whatever took it, unless a person decided it."""

import pytest

from tests.faults.conftest import Switch
from tests.faults.processes import EDITOR
from tests.faults.test_row_10_to_12_guards import editors, refused
from tests.program import Program, Sandbox


def synced(program: Program, **applied: int) -> None:
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["applied"]) == (0, {"grant": 0, "revoke": 0} | applied), ended


def test_who_goes_up_and_down_is_one_user(sandbox: Sandbox, program: Program) -> None:
    users = editors(sandbox, 40)
    for _ in range(3):
        for user_id in users[:5]:
            sandbox.set_plays(user_id, 0)
        synced(program, revoke=5)
        for user_id in users[:5]:
            sandbox.set_plays(user_id, 100)
        synced(program, grant=5)
    sandbox.set_plays(users[5], 0)
    ended = program("roles", "plan", "--json").json
    assert ended["lost"] == {"sync": 5, "promote": 0, "by_hand": 0}
    assert ended["dangers"] == [
        "max_revoke: 1 revokes, after 5 by syncs of the last 24 hours, of 40 holders;"
        " at most 5 may lose the role"
    ]


@pytest.mark.parametrize(("guard", "codes"), [("on", [0] * 6 + [4] * 2), ("off", [0] * 8)])
def test_an_app_that_promotes_one_by_one_meets_the_limit(
    sandbox: Sandbox, program: Program, set_up: Switch, guard: str, codes: list[int]
) -> None:
    set_up(guard_promote=guard)
    users = editors(sandbox, 60, lapsing=9)
    assert program("mirror", "refresh").code == 0
    assert [program("promote", user_id).code for user_id in users[:8]] == codes
    [danger] = program("roles", "plan", "--json").json["dangers"] or [""]
    assert ("after 6 by promote" in danger) is (guard == "on")


def test_what_a_person_decided_is_shown_and_does_not_count(sandbox: Sandbox, program: Program) -> None:
    users = editors(sandbox, 60)
    assert program("mirror", "refresh").code == 0
    for user_id in users[:3]:
        assert program("roles", "revoke", user_id).code == 0
        sandbox.set_plays(user_id, 0)
    for user_id in users[3:7]:
        sandbox.set_plays(user_id, 0)
    refused(sandbox, program, "max_revoke")  # 4 after 3 by hand, with nobody there
    sandbox.query("UPDATE musicctl.runs SET present = true WHERE command = 'roles revoke'")
    assert "by hand" in program("roles", "plan").out
    synced(program, revoke=4)


@pytest.mark.parametrize("state", ["applied", "unknown", "sent"])
def test_what_may_have_been_done_counts_as_done(sandbox: Sandbox, program: Program, state: str) -> None:
    users = editors(sandbox, 60)
    for user_id in users[:6]:
        sandbox.set_plays(user_id, 0)
    synced(program, revoke=6)
    sandbox.query("UPDATE musicctl.changes SET state = %s", state)
    sandbox.set_plays(users[6], 0)
    ended = program("roles", "plan", "--json").json
    assert ended["dangers"] == [
        "max_revoke: 1 revokes, after 6 by syncs of the last 24 hours, of 60 holders;"
        " at most 6 may lose the role"
    ]


def test_what_an_undo_gave_back_does_not_count_unless_that_was_undone(
    sandbox: Sandbox, program: Program
) -> None:
    users = editors(sandbox, 60)
    for user_id in users[:6]:
        sandbox.set_plays(user_id, 0)
    synced(program, revoke=6)
    undone = program("undo", "last", "--yes", "--json").json
    assert undone["restored"] == 6
    assert program("roles", "plan", "--json").json["lost"]["sync"] == 0
    assert program("undo", undone["run"], "--yes", "--json").json["restored"] == 6
    assert program("roles", "plan", "--json").json["lost"]["sync"] == 6
    assert all(sandbox.roles(user_id) == [] for user_id in users[:6])
    assert sandbox.roles(users[6]) == [EDITOR]
