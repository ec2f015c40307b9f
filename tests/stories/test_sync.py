"""The main job, told through the program: who gains the role, who loses it, and what stays untouched."""

import json
import re

import pytest

from tests.program import Program, Sandbox

EDITOR = "playlist editor"


@pytest.fixture
def crowd(sandbox: Sandbox) -> Sandbox:
    """People on both sides of the bar, with roles in every shape."""
    add = sandbox.add_user
    add("auth0|at-the-bar", plays=100)
    add("auth0|just-below", plays=99, app_metadata={"roles": []})
    add("auth0|stale", plays=62, app_metadata={"plan": "premium", "roles": ["beta", EDITOR, "moderator"]})
    add("auth0|keeps", plays=240, app_metadata={"roles": [EDITOR]})
    add("auth0|unknown", app_metadata={"roles": [EDITOR]})
    add("auth0|string", plays=500, app_metadata={"roles": "beta", "nested": {"a": [1]}})
    add("auth0|null", plays=100, app_metadata={"roles": None})
    add("auth0|twice", plays=0, app_metadata={"roles": [EDITOR, "beta", EDITOR]})
    add("auth0|odd", plays=500, app_metadata={"roles": 7})
    add("auth0|odder", plays=3, app_metadata={"roles": [EDITOR, {"x": 1}]})
    sandbox.set_plays("auth0|stranger", 1000)
    return sandbox


def test_the_plan_says_what_would_happen_and_writes_nothing(crowd: Sandbox, program: Program) -> None:
    ended = program("roles", "plan", "--json")
    plan = ended.json
    assert ended.code == 0
    assert plan["counts"] == {
        "grant": 3,
        "revoke": 2,
        "keep": 1,
        "unknown": 1,
        "pinned": 0,
        "unreadable": 2,
        "missing": 1,
    }
    assert (plan["role"], plan["threshold"], plan["dangers"]) == (EDITOR, 100, [])
    assert [(each["verdict"], each["user_id"], each["plays"]) for each in plan["changes"]] == [
        ("grant", "auth0|at-the-bar", 100),
        ("grant", "auth0|null", 100),
        ("grant", "auth0|string", 500),
        ("revoke", "auth0|stale", 62),
        ("revoke", "auth0|twice", 0),
    ]
    assert plan["changes"][3]["roles_before"] == ["beta", EDITOR, "moderator"]
    assert plan["changes"][3]["roles_after"] == ["beta", "moderator"]
    assert program("roles", "plan", "--check").code == 6
    assert program("roles", "sync", "--dry-run", "--json").json["plan"] == plan["plan"]
    assert program("roles", "sync", "--check").code == 6
    assert crowd.writes() == []


def test_a_sync_changes_our_role_and_nothing_else(crowd: Sandbox, program: Program) -> None:
    before = {user_id: crowd.profile(user_id) for user_id in ("auth0|stale", "auth0|string", "auth0|odd")}
    ended = program("roles", "sync", "--json")
    assert ended.code == 0
    assert ended.json["applied"] == {"grant": 3, "revoke": 2}
    assert {
        name: ended.json[name] for name in ("already", "overtaken", "gone", "failed", "conflict", "unknown")
    } == {
        "already": 0,
        "overtaken": 0,
        "gone": 0,
        "failed": 0,
        "conflict": 0,
        "unknown": 0,
    }
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", ended.json["run"])
    assert ended.json["problems"] == []
    assert crowd.roles("auth0|at-the-bar") == [EDITOR]
    assert crowd.roles("auth0|just-below") == []
    assert crowd.roles("auth0|keeps") == [EDITOR]
    assert crowd.roles("auth0|unknown") == [EDITOR]
    assert crowd.roles("auth0|null") == [EDITOR]
    assert crowd.roles("auth0|twice") == ["beta"]
    assert crowd.profile("auth0|stale") == before["auth0|stale"] | {
        "app_metadata": {"plan": "premium", "roles": ["beta", "moderator"]}
    }
    assert crowd.profile("auth0|string") == before["auth0|string"] | {
        "app_metadata": {"roles": ["beta", EDITOR], "nested": {"a": [1]}}
    }
    assert crowd.profile("auth0|odd") == before["auth0|odd"]
    assert crowd.roles("auth0|odder") == [EDITOR, {"x": 1}]
    assert [list(json.loads(write.body)) for write in crowd.writes()] == [["app_metadata"]] * 5


def test_a_second_sync_plans_nothing_and_sends_nothing(crowd: Sandbox, program: Program) -> None:
    first = program("roles", "sync", "--json")
    assert first.json["requests"] <= 2 * 5 + 3 + 1  # a stranger at the bar is looked up once
    writes = crowd.writes()
    asked = len(crowd.requests())
    assert program("roles", "plan", "--check").code == 0
    second = program("roles", "sync", "--json")
    assert second.code == 0
    assert second.json["applied"] == {"grant": 0, "revoke": 0}
    assert crowd.writes() == writes
    crowd.query("DELETE FROM playlists WHERE user_id = 'auth0|stranger'")
    asked = len(crowd.requests())
    third = program("roles", "sync", "--json")
    assert third.json["requests"] == 0
    assert len(crowd.requests()) == asked


def test_an_even_change_of_plays_moves_two_and_leaves_the_rest(crowd: Sandbox, program: Program) -> None:
    program("roles", "sync")
    done = len(crowd.writes())
    crowd.set_plays("auth0|keeps", 99)
    crowd.set_plays("auth0|just-below", 100)
    ended = program("roles", "sync", "--json")
    assert ended.json["applied"] == {"grant": 1, "revoke": 1}
    assert {write.user_id for write in crowd.writes()[done:]} == {"auth0|keeps", "auth0|just-below"}
    assert crowd.roles("auth0|keeps") == []
    assert crowd.roles("auth0|just-below") == [EDITOR]


def test_someone_who_signed_up_after_the_mirror_was_filled_is_found(crowd: Sandbox, program: Program) -> None:
    program("roles", "sync")
    crowd.add_user("auth0|newcomer", plays=100, app_metadata={"roles": ["beta"]})
    ended = program("roles", "sync", "--json")
    assert ended.json["applied"] == {"grant": 1, "revoke": 0}
    assert crowd.roles("auth0|newcomer") == ["beta", EDITOR]


def test_what_another_admin_did_meanwhile_is_respected(crowd: Sandbox, program: Program) -> None:
    program("roles", "plan")
    state = crowd.tenant
    for user_id, roles in (
        ("auth0|at-the-bar", ["auditor"]),
        ("auth0|null", [EDITOR, "auditor"]),
        ("auth0|stale", ["beta", "moderator"]),
        ("auth0|twice", ["junk", 7]),
    ):
        user = state.get_user(user_id)
        assert user is not None
        state.put_user(user._replace(app_metadata=json.dumps({"roles": roles})))
    ended = program("roles", "sync", "--json")
    assert ended.code == 5
    assert ended.json["applied"] == {"grant": 2, "revoke": 0}
    assert (ended.json["already"], ended.json["conflict"]) == (2, 1)
    assert ended.json["problems"] == [
        {"user_id": "auth0|twice", "state": "conflict", "detail": "roles contain a number"}
    ]
    assert crowd.roles("auth0|at-the-bar") == ["auditor", EDITOR]
    assert crowd.roles("auth0|null") == [EDITOR, "auditor"]
    assert program("roles", "sync").code == 0


def test_an_accepted_plan_applies_what_was_shown_and_is_still_wanted(
    crowd: Sandbox, program: Program
) -> None:
    fingerprint = program("roles", "plan", "--json").json["plan"]
    crowd.set_plays("auth0|just-below", 100)
    crowd.set_plays("auth0|stale", 100)
    ended = program("roles", "sync", "--accept-plan", fingerprint, "--json")
    assert ended.code == 0
    assert ended.json["applied"] == {"grant": 3, "revoke": 1}
    assert crowd.roles("auth0|just-below") == []
    assert crowd.roles("auth0|stale") == ["beta", EDITOR, "moderator"]


def test_a_plan_that_was_never_shown_is_refused(crowd: Sandbox, program: Program) -> None:
    ended = program("roles", "sync", "--accept-plan", "0123456789ab", "--json")
    assert (ended.code, ended.out) == (4, "")
    assert ended.error["code"] == "refused"
    assert "roles plan" in ended.error["hint"]
    assert crowd.writes() == []


def test_an_old_mirror_is_refreshed_and_a_young_one_is_not(crowd: Sandbox, program: Program) -> None:
    program("roles", "plan")
    program("roles", "plan")
    crowd.query("UPDATE musicctl.mirror SET as_of = now() - interval '23 hours'")
    program("roles", "plan")
    exports = [request for request in crowd.requests() if request.endswith("users-exports")]
    assert len(exports) == 1
    crowd.query("UPDATE musicctl.mirror SET as_of = now() - interval '25 hours'")
    program("roles", "plan")
    program("roles", "plan", "--refresh")
    exports = [request for request in crowd.requests() if request.endswith("users-exports")]
    assert len(exports) == 3


def test_promote_applies_the_same_rule_to_those_named(crowd: Sandbox, program: Program) -> None:
    ended = program(
        "promote", "auth0|at-the-bar", "stale@example.com", "auth0|keeps", "auth0|unknown", "--json"
    )
    assert ended.code == 0
    assert ended.json["applied"] == {"grant": 1, "revoke": 1}
    assert crowd.roles("auth0|at-the-bar") == [EDITOR]
    assert crowd.roles("auth0|stale") == ["beta", "moderator"]
    assert crowd.roles("auth0|unknown") == [EDITOR]
    assert crowd.roles("auth0|string") == "beta"
    again = program("promote", "auth0|at-the-bar", "stale@example.com", "--json")
    assert again.json["applied"] == {"grant": 0, "revoke": 0}
    assert len(crowd.writes()) == 2


def test_promote_does_what_can_be_done(crowd: Sandbox, program: Program) -> None:
    ended = program("promote", "auth0|nobody", "auth0|at-the-bar", "nobody@example.com", "--json")
    assert ended.code == 5
    assert ended.json["applied"]["grant"] == 1
    assert {problem["user_id"] for problem in ended.json["problems"]} == {
        "auth0|nobody",
        "nobody@example.com",
    }
    nobody = program("promote", "auth0|nobody", "nobody@example.com", "--json")
    assert (nobody.code, nobody.out, nobody.error["code"]) == (3, "", "not_found")
    assert len(crowd.writes()) == 1


def test_promote_dry_run_shows_the_plan(crowd: Sandbox, program: Program) -> None:
    ended = program("promote", "--dry-run", "auth0|at-the-bar", "auth0|just-below", "auth0|odd", "--json")
    assert ended.code == 0
    assert ended.json["counts"] == {
        "grant": 1,
        "revoke": 0,
        "keep": 0,
        "unknown": 0,
        "pinned": 0,
        "unreadable": 1,
        "missing": 0,
    }
    assert crowd.writes() == []
