"""The post-login Actions from nothing to bound and away again, beside those of others."""

import json

import pytest

from musicctl.policy.actions import DEFAULT_NAME, MARK, NAMES, ROLES_CLAIM
from musicctl.sandbox.local_tenant import fault_words, rules, stored_actions
from musicctl.sandbox.local_tenant.settings import TenantSettings
from musicctl.sandbox.local_tenant.stored_actions import Content, StoredVersion
from tests.program import Program, Sandbox
from tests.stories.actions_world import OTHERS, OURS, THEIRS, bind, bound, furnish, stored, writes


def test_ours_are_bound_behind_three_of_others_and_a_second_run_writes_nothing(
    at_once: Sandbox, program: Program
) -> None:
    furnish(at_once)
    first = program("actions", "deploy", "--json")
    assert (first.code, bound(at_once)) == (0, THEIRS + OURS)
    assert [(each["action"], each["step"], each["state"]) for each in first.json["steps"]] == [
        (ROLES_CLAIM, "create", "applied"),
        (DEFAULT_NAME, "create", "applied"),
        (ROLES_CLAIM, "deploy", "applied"),
        (DEFAULT_NAME, "deploy", "applied"),
        ("post-login", "bind", "applied"),
    ]
    assert first.json["bound"] == [*OTHERS, *NAMES]
    sent = at_once.writes()
    assert len(sent) == 5
    named = [f"{first.json['run']}/{seq}" for seq in range(5)]
    assert [each.correlation_id for each in sent] == named
    again = program("actions", "deploy", "--json")
    assert (again.code, again.json["run"], again.json["steps"]) == (0, None, [])
    assert at_once.writes() == sent
    assert program("actions", "plan", "--check").code == 0
    [(command, outcome)] = at_once.query("SELECT command, outcome FROM musicctl.runs")
    assert (command, outcome) == ("actions deploy", "ok")
    undone = program("undo", "last", "--yes")
    assert (undone.code, "cannot be undone" in undone.err) == (2, True)


def test_the_deployed_code_has_the_namespace_as_a_text(
    at_once: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = 'https://m.example.com/"+evil()+"\u2028\\'
    monkeypatch.setenv("MUSICCTL_CLAIM_NAMESPACE", odd)
    assert program("actions", "deploy").code == 0
    codes = {each.name: each.content.code for each in stored_actions.actions(at_once.tenant)}
    [line] = [line for line in codes[ROLES_CLAIM].split("\n") if line.startswith("const NAMESPACE")]
    assert json.loads(line.removeprefix("const NAMESPACE = ").removesuffix(";")) == odd
    assert line.isascii()
    assert all(code.startswith(MARK) for code in codes.values())


def test_a_plan_shows_what_would_change_and_writes_nothing(at_once: Sandbox, program: Program) -> None:
    furnish(at_once)
    shown = program("actions", "plan", "--check")
    assert shown.code == 6
    assert f"{ROLES_CLAIM}: to be created, deployed and bound" in shown.out
    assert '+const NAMESPACE = "https://music.example.com";' in shown.out
    assert [line for line in shown.out.split("\n")[-7:] if line] == [
        "post-login runs, in this order:",
        "  first",
        "  second \\x1b[31m\\u202e",
        "  third",
        f"+ {ROLES_CLAIM}",
        f"+ {DEFAULT_NAME}",
    ]
    planned = program("actions", "plan", "--json").json
    assert planned["bound_after"] == [*OTHERS, *NAMES]
    assert [each["steps"] for each in planned["changes"]] == [["create", "deploy", "bind"]] * 2
    dry = program("actions", "deploy", "--dry-run", "--json")
    assert (dry.code, dry.json) == (0, planned)
    assert program("actions", "plan", "-o", "ids").out.split() == list(NAMES)
    assert at_once.writes() == []
    assert at_once.query("SELECT * FROM musicctl.runs") == []


def test_a_run_is_in_the_history_with_what_it_was_about(at_once: Sandbox, program: Program) -> None:
    at_once.tenant.change_settings(TenantSettings(build_time=0.3))
    done = program("actions", "deploy")
    assert done.out.split("\n")[:5] == [
        f"{ROLES_CLAIM}: created.",
        f"{DEFAULT_NAME}: created.",
        f"{ROLES_CLAIM}: deployed.",
        f"{DEFAULT_NAME}: deployed.",
        "post-login: ours bound.",
    ]
    assert f"waiting for Auth0: {ROLES_CLAIM} is " in done.err
    shown = program("history", "show", "last").out
    rows = [line.split() for line in shown.split("\n") if "applied" in line.split()]
    assert [row[:3] for row in rows] == [
        [ROLES_CLAIM, "create", "applied"],
        [DEFAULT_NAME, "create", "applied"],
        [ROLES_CLAIM, "deploy", "applied"],
        [DEFAULT_NAME, "deploy", "applied"],
        ["post-login", "bind", "applied"],
    ]
    assert shown.count(", ".join(NAMES)) == 1


def test_what_somebody_edited_is_shown_and_put_right(at_once: Sandbox, program: Program) -> None:
    furnish(at_once)
    assert program("actions", "deploy").code == 0
    bind(at_once, ROLES_CLAIM, *OTHERS)
    mine = next(each for each in stored_actions.actions(at_once.tenant) if each.name == DEFAULT_NAME)
    edited = mine.content.code.replace('"user"', '"\x1b[2Jguest\u202e"')
    content = Content(edited, "node18-actions", "post-login", "v3", [{"name": "left-pad", "version": "1.0"}])
    stored_actions.change_action(at_once.tenant, mine._replace(content=content, drafted_at=9, built_at=9))
    shown = program("actions", "plan")
    assert f"{DEFAULT_NAME}: to be updated and bound; what differs: code, runtime and dependencies" in (
        " ".join(shown.out.split())
    )
    assert '-    api.user.setUserMetadata("displayName", "\\x1b[2Jguest\\u202e");' in shown.out
    assert '+    api.user.setUserMetadata("displayName", "user");' in shown.out
    [change] = program("actions", "plan", "--json").json["changes"]
    assert "\x1b[2Jguest\u202e" in change["diff"]
    before = len(at_once.writes())
    assert program("actions", "deploy").code == 0
    assert writes(at_once)[before:] == ["PATCH actions", "PATCH triggers"]
    assert bound(at_once) == [(ROLES_CLAIM, f"shown {ROLES_CLAIM}"), *THEIRS, OURS[1]]
    assert program("actions", "plan", "--check").code == 0
    version = StoredVersion("v", mine.id, 2, content, 9, 9)
    stored_actions.add_version(at_once.tenant, version)
    [change] = program("actions", "plan", "--json").json["changes"]
    assert (change["steps"], change["differences"]) == (["deploy"], ["code", "runtime", "dependencies"])
    assert program("actions", "deploy").code == 0
    assert writes(at_once)[before:] == ["PATCH actions", "PATCH triggers", "POST actions"]


@pytest.mark.parametrize("stage", ["draft", "version"])
def test_an_action_of_our_name_that_is_not_ours_is_left_alone(
    at_once: Sandbox, program: Program, stage: str
) -> None:
    stored(at_once, DEFAULT_NAME, running=stage == "version")
    for words in (["plan"], ["deploy"], ["deploy", "--remove", "--yes"]):
        refused = program("actions", *words, "--json")
        assert (refused.code, refused.error["code"]) == (4, "refused")
        assert DEFAULT_NAME in refused.error["message"]
        assert "rename" in refused.error["hint"]
    assert at_once.writes() == []


def test_remove_takes_ours_alone(at_once: Sandbox, program: Program) -> None:
    furnish(at_once)
    assert program("actions", "deploy").code == 0
    bind(at_once, OTHERS[0], NAMES[1], OTHERS[1], NAMES[0], OTHERS[2])
    asked = program("actions", "deploy", "--remove", "--json")
    assert (asked.code, "--yes" in asked.error["hint"]) == (2, True)
    dry = program("actions", "deploy", "--remove", "--dry-run")
    assert f"{ROLES_CLAIM}: to be unbound and deleted" in dry.out
    assert f"- {NAMES[1]}" in dry.out
    before = len(at_once.writes())
    removed = program("actions", "deploy", "--remove", "--yes", "--json")
    assert (removed.code, bound(at_once)) == (0, THEIRS)
    assert {each.name for each in stored_actions.actions(at_once.tenant)} == set(OTHERS)
    assert writes(at_once)[before:] == ["PATCH triggers", "DELETE actions", "DELETE actions"]
    again = program("actions", "deploy", "--remove", "--yes", "--json")
    assert (again.code, again.json["run"], len(at_once.writes())) == (0, None, before + 3)


def test_rules_that_still_do_our_job_are_warned_of(at_once: Sandbox, program: Program) -> None:
    scripts = {
        "claims \x1b[31m": "context.idToken[ns + 'roles'] = user.app_metadata.roles",
        "names": "user.user_metadata.displayName = 'user'",
        "editors": "user.app_metadata.roles.push('x'); auth0.users.updateAppMetadata(id, user.app_metadata)",
        "geo": "context.idToken[ns + 'country'] = 'DE'",
    }
    for position, (name, script) in enumerate(scripts.items(), 1):
        rules.add(at_once.tenant, rules.Rule(f"rul_{position}", name, script, position))
    rules.add(at_once.tenant, rules.Rule("rul_9", "off", "displayName", 9, enabled=False))
    found = program("actions", "plan", "--json")
    assert [(each["rule"], each["job"]) for each in found.json["rules"]] == [
        ("claims \x1b[31m", ROLES_CLAIM),
        ("names", DEFAULT_NAME),
        ("editors", "musicctl roles sync"),
    ]
    warned = program("actions", "deploy")
    assert warned.code == 0
    assert "the Rule claims \\x1b[31m is still enabled" in warned.err
    assert program("actions", "deploy", "--quiet").err == ""


def test_a_tenant_without_rules_any_more_is_not_warned_of(at_once: Sandbox, program: Program) -> None:
    for status in (404, 410):
        fault_words.switch_on(at_once.tenant, f"status={status}", endpoint="GET /rules")
        refused = program("actions", "plan", "--json")
        assert (refused.code, refused.json["rules"], refused.err) == (0, None, "")


def test_rules_that_may_not_be_looked_at_are_told_of(at_once: Sandbox, program: Program) -> None:
    all_but_rules = "read:actions create:actions update:actions delete:actions"
    at_once.tenant.change_settings(TenantSettings(build_time=0, scopes=all_but_rules))
    planned = program("actions", "plan", "--json")
    assert (planned.code, planned.json["rules"]) == (0, None)
    assert "one of these scopes: read:rules, to be warned of old Rules" in " ".join(planned.err.split())
    assert program("actions", "deploy").code == 0


def test_a_namespace_that_auth0_does_not_take_is_a_wrong_setting(
    at_once: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    for namespace in ("https://x.auth0.com/", "http://webtask.io", "urn:auth0:x", "/", "https://["):
        monkeypatch.setenv("MUSICCTL_CLAIM_NAMESPACE", namespace)
        assert (program("actions", "plan").code, namespace) == (78, namespace)
    monkeypatch.delenv("MUSICCTL_CLAIM_NAMESPACE")
    refused = program("actions", "deploy")
    assert (refused.code, "claim_namespace" in refused.err) == (78, True)
    assert program("actions", "deploy", "--remove", "--yes").code == 0
    assert not any("/actions" in each and "GET" not in each for each in at_once.requests())


def test_a_trigger_that_is_full_is_refused_before_anything_is_written(
    at_once: Sandbox, program: Program
) -> None:
    bind(at_once, *([stored(at_once, "one")] * 19))
    refused = program("actions", "deploy")
    assert (refused.code, "takes 20" in refused.err) == (4, True)
    assert at_once.writes() == []


def test_one_deploys_at_a_time(at_once: Sandbox, program: Program) -> None:
    at_once.query(
        "INSERT INTO musicctl.lease VALUES ('actions', 7, 'eve@far', 'far', 'boot', 1,"
        " clock_timestamp(), clock_timestamp() + interval '1 minute')"
    )
    busy = program("actions", "deploy", "--json")
    assert (busy.code, busy.error["holder"]) == (75, "eve@far")
    assert at_once.writes() == []
