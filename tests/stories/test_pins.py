"""Pins and the hold, told through the program: what staff decide stands above the plays."""

import pytest

from tests.program import Program, Sandbox

EDITOR = "playlist editor"


@pytest.fixture
def house(sandbox: Sandbox) -> Sandbox:
    """A staff editor without plays, a banned listener with many, and two whom nobody pinned."""
    sandbox.add_user("auth0|staff", plays=0, app_metadata={"roles": ["staff"]})
    sandbox.add_user("auth0|banned", plays=10_000, app_metadata={"roles": [EDITOR, "x"]})
    sandbox.add_user("auth0|earned", plays=100)
    sandbox.add_user("auth0|stays", plays=400, app_metadata={"roles": [EDITOR]})
    return sandbox


def pinned(program: Program) -> None:
    for user, state in (("auth0|staff", "granted"), ("banned@example.com", "revoked")):
        ended = program("roles", "pin", user, "--state", state, "--reason", "house rules")
        assert ended.code == 0, ended.err


def test_a_sync_does_as_the_pins_say(house: Sandbox, program: Program) -> None:
    pinned(program)
    plan = program("roles", "plan", "--json").json
    assert plan["counts"] == {
        "grant": 2,
        "revoke": 1,
        "keep": 1,
        "unknown": 0,
        "pinned": 2,
        "unreadable": 0,
        "missing": 0,
    }
    assert [(change["verdict"], change["user_id"]) for change in plan["changes"]] == [
        ("revoke", "auth0|banned"),
        ("grant", "auth0|earned"),
        ("grant", "auth0|staff"),
    ]
    synced = program("roles", "sync", "--yes", "--json")
    assert (synced.code, synced.json["applied"]) == (0, {"grant": 2, "revoke": 1})
    assert house.roles("auth0|staff") == ["staff", EDITOR]
    assert house.roles("auth0|banned") == ["x"]
    again = program("roles", "plan", "--check", "--json")
    assert (again.code, again.json["changes"], again.json["counts"]["pinned"]) == (0, [], 2)
    assert again.json["counts"]["keep"] == 2


def test_without_the_pins_the_plays_decide_again(house: Sandbox, program: Program) -> None:
    pinned(program)
    program("roles", "sync", "--yes")
    for user in ("auth0|staff", "auth0|banned"):
        assert program("roles", "unpin", user).code == 0
    assert program("roles", "sync", "--yes", "--json").json["applied"] == {"grant": 1, "revoke": 1}
    assert house.roles("auth0|staff") == ["staff"]
    assert house.roles("auth0|banned") == ["x", EDITOR]


def test_a_pin_that_has_ended_is_reported_until_a_sync_has_seen_it(house: Sandbox, program: Program) -> None:
    pinned(program)
    program("roles", "sync", "--yes")
    house.query("UPDATE musicctl.pins SET until = clock_timestamp() WHERE user_id = 'auth0|staff'")
    told = program("roles", "plan", "--json")
    assert "1 pin has expired since the last sync" in told.err
    assert told.json["counts"]["revoke"] == 1
    synced = program("roles", "sync", "--yes", "--json")
    assert "1 pin has expired" in synced.err
    assert house.roles("auth0|staff") == ["staff"]
    assert "expired" not in program("roles", "plan").err
    assert [pin["user_id"] for pin in program("roles", "pins", "--json").json] == ["auth0|banned"]
    assert len(program("roles", "pins", "--all", "--json").json) == 2


def test_promote_does_as_the_pins_say(house: Sandbox, program: Program) -> None:
    pinned(program)
    ended = program("promote", "auth0|staff", "auth0|banned", "auth0|stays", "--json")
    assert ended.json["applied"] == {"grant": 1, "revoke": 1}
    assert house.roles("auth0|staff") == ["staff", EDITOR]
    shown = program("promote", "auth0|staff", "auth0|banned", "--dry-run", "--json").json
    assert (shown["counts"]["pinned"], shown["counts"]["keep"], shown["changes"]) == (2, 0, [])


def test_a_pin_shows_wherever_a_user_is_shown(house: Sandbox, program: Program) -> None:
    assert program("users", "show", "auth0|banned", "--json").json["standing"] == "editor"
    pinned(program)
    assert program("users", "show", "auth0|banned", "--json").json["standing"] == "pinned"


def test_a_grant_by_hand_stands_until_the_next_sync_unless_it_is_pinned(
    house: Sandbox, program: Program
) -> None:
    given = program("roles", "grant", "auth0|staff", "auth0|earned", "--json")
    assert (given.code, given.json["applied"]) == (0, {"grant": 2, "revoke": 0})
    assert house.roles("auth0|staff") == ["staff", EDITOR]
    pin = "musicctl roles pin 'auth0|staff' --state granted --reason ... -P sandbox"
    assert f"auth0|staff: the next sync would take it away again; to keep it so: {pin}" in given.err
    assert "auth0|earned: the next sync" not in given.err
    assert program("roles", "sync", "--yes", "--json").json["applied"] == {"grant": 0, "revoke": 1}
    program("roles", "pin", "auth0|staff", "--state", "granted", "--reason", "staff")
    assert "next sync" not in program("roles", "grant", "auth0|staff").err
    assert program("roles", "sync", "--yes", "--json").json["applied"] == {"grant": 0, "revoke": 0}
    assert house.roles("auth0|staff") == ["staff", EDITOR]


def test_a_revoke_by_hand(house: Sandbox, program: Program) -> None:
    dry = program("roles", "revoke", "auth0|banned", "auth0|staff", "--dry-run", "--json")
    assert [(change["verdict"], change["user_id"]) for change in dry.json["changes"]] == [
        ("revoke", "auth0|banned")
    ]
    assert house.writes() == []
    taken = program("roles", "revoke", "auth0|banned", "auth0|staff", "auth0|nobody", "--json")
    assert (taken.code, taken.json["applied"]) == (5, {"grant": 0, "revoke": 1})
    assert house.roles("auth0|banned") == ["x"]
    assert "would grant it again" in taken.err
    assert "--state revoked" in taken.err
    assert program("roles", "revoke", "auth0|nobody", "--json").code == 3
    assert house.query("SELECT DISTINCT command FROM musicctl.runs") == [("roles revoke",)]


def test_by_hand_those_whose_roles_cannot_be_read_are_reported(house: Sandbox, program: Program) -> None:
    house.add_user("auth0|odd", plays=500, app_metadata={"roles": 7})
    ended = program("roles", "grant", "auth0|odd", "auth0|earned", "--json")
    assert (ended.code, ended.json["applied"]["grant"], ended.json["conflict"]) == (5, 1, 1)
    assert ended.json["problems"] == [
        {"user_id": "auth0|odd", "state": "conflict", "detail": "roles are a number"}
    ]
    assert house.profile("auth0|odd")["app_metadata"] == {"roles": 7}


def test_nothing_is_written_while_roles_are_held(house: Sandbox, program: Program) -> None:
    held = program("roles", "hold", "--reason", "audit", "--json")
    assert (held.code, held.json["held"], held.json["reason"]) == (0, True, "audit")
    for arguments in (
        ["roles", "sync", "--yes"],
        ["promote", "auth0|earned"],
        ["roles", "grant", "auth0|staff"],
    ):
        ended = program(*arguments, "--json")
        assert (ended.code, ended.error["code"]) == (4, "refused")
        assert "roles release" in ended.error["hint"]
    assert house.writes() == []
    assert program("roles", "plan", "--json").json["counts"]["grant"] == 1
    assert program("roles", "release", "--json").json["held"] is False
    assert program("roles", "sync", "--yes", "--json").json["applied"] == {"grant": 1, "revoke": 0}
