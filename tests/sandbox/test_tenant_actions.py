"""Actions: built, deployed and shown as recorded, and refused where Auth0 refuses."""

import json
import re
import time

import pytest

from musicctl.sandbox.local_tenant import action_shapes, rules
from musicctl.sandbox.local_tenant.settings import TenantSettings
from musicctl.sandbox.local_tenant.stored_actions import Content, StoredAction
from tests.sandbox.action_requests import (
    ACTIONS,
    BINDINGS,
    CODE,
    POST_LOGIN,
    bind,
    bound,
    change,
    create,
    created,
    deploy,
    deployed,
    keys,
    read,
)
from tests.sandbox.tenant_fixtures import RunningTenant

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
DRAFT = (
    "id name supported_triggers created_at updated_at code dependencies runtime status secrets"
    " all_changes_deployed"
)


def test_a_new_action_is_shown_as_recorded(tenant: RunningTenant) -> None:
    reply = create(tenant)
    assert (reply.status, reply.headers["content-type"]) == (201, "application/json; charset=utf-8")
    action = reply.json
    assert keys(action) == DRAFT
    assert re.fullmatch(UUID, action["id"])
    assert re.fullmatch(MOMENT, action["created_at"])
    assert re.fullmatch(MOMENT, action["updated_at"])
    changing = ("id", "created_at", "updated_at")
    assert {key: value for key, value in action.items() if key not in changing} == {
        "name": "roles",
        "supported_triggers": POST_LOGIN,
        "code": CODE,
        "dependencies": [],
        "runtime": "node22",
        "status": "pending",
        "secrets": [],
        "all_changes_deployed": False,
    }


def test_a_build_is_pending_then_building_then_built() -> None:
    content = Content(CODE, "node22", "post-login", "v3")
    action = StoredAction("a", "roles", 1000, 1000, content, 1000, 2000)
    stages = [action_shapes.status(action, now) for now in (1000, 1400, 1600, 1999, 2000, 9000)]
    assert stages == ["pending", "pending", "building", "building", "built", "built"]
    at_once = action._replace(built_at=1000)
    assert [action_shapes.status(at_once, now) for now in (1000, 1001)] == ["pending", "built"]


def test_an_action_is_built_after_the_time_that_is_set(tenant: RunningTenant) -> None:
    tenant.storage.change_settings(TenantSettings(build_time=3600))
    slow = created(tenant)
    assert read(tenant, slow)["status"] == "pending"
    tenant.storage.change_settings(TenantSettings(build_time=0.05))
    fast = created(tenant, "fast")
    seen = set()
    while "built" not in seen:
        seen.add(read(tenant, fast)["status"])
        time.sleep(0.01)
    assert seen <= {"pending", "building", "built"}
    assert read(tenant, slow)["status"] == "pending"


def test_only_a_built_draft_can_be_deployed(tenant: RunningTenant) -> None:
    tenant.storage.change_settings(TenantSettings(build_time=3600))
    action_id = created(tenant)
    reply = deploy(tenant, action_id)
    assert reply.status == 400
    assert reply.json == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": "A draft must be in the 'built' state before it can be deployed.",
    }
    assert "deployed_version" not in read(tenant, action_id)


def test_a_deployment_is_shown_as_recorded(quick: RunningTenant) -> None:
    action_id = created(quick, secrets=[{"name": "KEY", "value": "s3cret"}])
    reply = deploy(quick, action_id)
    assert reply.status == 200
    assert keys(reply.json) == (
        "code dependencies id deployed number secrets status created_at updated_at runtime"
        " supported_triggers action"
    )
    assert (reply.json["deployed"], reply.json["number"], reply.json["status"]) == (False, 1, "built")
    assert (
        keys(reply.json["action"]) == "id name supported_triggers created_at updated_at all_changes_deployed"
    )
    action = read(quick, action_id)
    assert keys(action) == DRAFT.replace(" all", " current_version deployed_version all")
    assert action["all_changes_deployed"] is True
    current, running = action["current_version"], action["deployed_version"]
    assert keys(current) == "id code runtime status number build_time created_at updated_at"
    assert (current["status"], current["id"]) == ("BUILT", reply.json["id"])
    assert keys(running) == (
        "code dependencies id deployed number built_at secrets status created_at updated_at runtime"
        " supported_triggers"
    )
    assert (running["status"], running["deployed"], running["id"]) == ("built", True, reply.json["id"])
    assert "s3cret" not in json.dumps(action)


def test_a_change_leaves_what_is_deployed(quick: RunningTenant) -> None:
    action_id = deployed(quick)
    before = read(quick, action_id)
    reply = change(quick, action_id, code="// new", name="other")
    assert reply.status == 200
    after = reply.json
    assert (after["status"], after["code"], after["name"]) == ("pending", "// new", "other")
    assert after["all_changes_deployed"] is False
    assert after["deployed_version"] == before["deployed_version"]
    assert after["created_at"] == before["created_at"]
    assert after["updated_at"] > before["updated_at"]
    assert read(quick, action_id)["status"] == "built"

    assert deploy(quick, action_id).json["number"] == 2
    again = read(quick, action_id)
    assert again["all_changes_deployed"] is True
    assert again["deployed_version"]["code"] == "// new"


def test_a_change_of_one_thing_keeps_the_others(quick: RunningTenant) -> None:
    lodash = [{"name": "lodash", "version": "4.17.21"}]
    action_id = created(quick, runtime="node18-actions", dependencies=lodash)
    before = read(quick, action_id)
    change(quick, action_id, code="// new")
    after = read(quick, action_id)
    assert {key for key in after if after[key] != before[key]} == {"code", "updated_at"}
    change(quick, action_id, dependencies=[], supported_triggers=[{"id": "post-login"}], runtime="node22")
    assert (read(quick, action_id)["dependencies"], read(quick, action_id)["runtime"]) == ([], "node22")


def test_secrets_are_replaced_as_a_list_and_keep_their_places(quick: RunningTenant) -> None:
    action_id = created(quick, secrets=[{"name": "foo", "value": "1"}])
    first = read(quick, action_id)["secrets"]
    assert list(first[0]) == ["name", "updated_at"]
    change(quick, action_id, secrets=[{"name": "bar", "value": "2"}, {"name": "foo"}])
    second = read(quick, action_id)["secrets"]
    assert [secret["name"] for secret in second] == ["foo", "bar"]
    assert second[0] == first[0]
    change(quick, action_id, secrets=[{"name": "foo", "value": "3"}])
    [third] = read(quick, action_id)["secrets"]
    assert third["updated_at"] > first[0]["updated_at"]
    change(quick, action_id, secrets=[])
    assert read(quick, action_id)["secrets"] == []


def test_an_action_can_be_deployed_as_soon_as_it_is_built(tenant: RunningTenant) -> None:
    tenant.storage.change_settings(TenantSettings(build_time=3600))
    waiting = create(tenant, deploy=True)
    assert (waiting.json["status"], waiting.json["all_changes_deployed"]) == ("pending", False)
    assert "deployed_version" not in read(tenant, waiting.json["id"])
    tenant.storage.change_settings(TenantSettings(build_time=0))
    change(tenant, waiting.json["id"], code="// too early for the first one")
    assert "deployed_version" not in read(tenant, waiting.json["id"])
    at_once = read(tenant, created(tenant, "at once", deploy=True))
    assert (at_once["all_changes_deployed"], at_once["deployed_version"]["number"]) == (True, 1)


def test_versions_are_kept(quick: RunningTenant) -> None:
    action_id = deployed(quick)
    change(quick, action_id, code="// second")
    second = deploy(quick, action_id).json["id"]
    listed = quick.send("GET", f"{ACTIONS}/{action_id}/versions").json
    assert (list(listed), listed["total"]) == (["versions", "total", "per_page"], 2)
    assert [(one["number"], one["deployed"], one["code"]) for one in listed["versions"]] == [
        (2, True, "// second"),
        (1, False, CODE),
    ]
    one = quick.send("GET", f"{ACTIONS}/{action_id}/versions/{second}")
    assert one.json == listed["versions"][0]
    assert one.json["action"]["id"] == action_id
    assert quick.send("GET", f"{ACTIONS}/{action_id}/versions/{action_id}").status == 404
    assert quick.send("GET", f"{ACTIONS}/{second}/versions").status == 404


def test_lists_are_shown_as_recorded(quick: RunningTenant) -> None:
    assert quick.send("GET", ACTIONS).json == {"actions": [], "per_page": 20}
    ids = [created(quick, f"a{number}") for number in range(3)]
    page = quick.send("GET", f"{ACTIONS}?page=1&per_page=2").json
    assert (list(page), page["total"], page["page"]) == (["actions", "total", "page", "per_page"], 3, 1)
    assert [action["id"] for action in page["actions"]] == ids[2:]
    assert page["actions"][0] == read(quick, ids[2])
    assert quick.send("GET", f"{ACTIONS}?page=2&per_page=2").json == {
        "actions": [],
        "page": 2,
        "per_page": 2,
    }


def test_a_list_can_be_filtered(quick: RunningTenant) -> None:
    deployed(quick, "runs it")
    created(quick, "draft")
    created(quick, "signup", supported_triggers=[{"id": "pre-user-registration"}])

    def names(query: str) -> list[str]:
        return [action["name"] for action in quick.send("GET", f"{ACTIONS}?{query}").json["actions"]]

    assert names("actionName=draft") == ["draft"]
    assert names("actionName=runs+it&triggerId=post-login") == ["runs it"]
    assert names("actionName=dra") == []
    assert names("triggerId=pre-user-registration") == ["signup"]
    assert names("deployed=true") == ["runs it"]
    assert names("deployed=false") == ["draft", "signup"]
    assert names("installed=true") == []
    assert names("installed=false") == ["runs it", "draft", "signup"]


@pytest.mark.parametrize("query", ["per_page=101", "page=-1", "page=x", "deployed=yes", "colour=red"])
def test_refuses_a_query_that_is_none(tenant: RunningTenant, query: str) -> None:
    reply = tenant.send("GET", f"{ACTIONS}?{query}")
    assert (reply.status, reply.json["errorCode"]) == (400, "invalid_query_string")


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"name": None}, "'Expected type string but found type null' on property name"),
        ({"name": ""}, "'String is too short (0 chars), minimum 1' on property name"),
        ({"colour": "red"}, "'Additional properties not allowed: colour'"),
        ({"code": 7}, "'Expected type string but found type integer' on property code"),
        ({"code": "é" * 50_001}, "'String is too long (100002 chars), maximum 100000' on property code"),
        ({"runtime": "node8"}, "'No enum match for: node8' on property runtime"),
        ({"supported_triggers": []}, "'Array is too short (0), minimum 1' on property supported_triggers"),
        ({"supported_triggers": POST_LOGIN * 2}, "'Array is too long (2), maximum 1'"),
        ({"supported_triggers": ["post-login"]}, "on property supported_triggers"),
        ({"supported_triggers": [{"id": "no-such"}]}, "'No enum match for: no-such'"),
        (
            {"supported_triggers": [{"id": "post-login", "version": "v9"}]},
            "'No enum match for: post-login v9'",
        ),
        ({"dependencies": [{"name": "lodash"}]}, "on property dependencies"),
        ({"dependencies": [{"name": "a", "version": "1", "x": "y"}]}, "on property dependencies"),
        ({"secrets": [{"value": "x"}]}, "on property secrets"),
    ],
)
def test_refuses_what_no_action_can_be(quick: RunningTenant, payload: dict[str, object], said: str) -> None:
    action_id = created(quick, "other")
    before = read(quick, action_id)
    new = {"name": "roles", "supported_triggers": POST_LOGIN, **payload}
    for reply in (quick.send("POST", ACTIONS, new), change(quick, action_id, **payload)):
        assert (reply.status, reply.json["errorCode"]) == (400, "invalid_body")
        assert said in reply.json["message"]
    assert read(quick, action_id) == before
    assert quick.send("GET", ACTIONS).json["total"] == 1


def test_a_new_action_needs_a_name_and_a_trigger(tenant: RunningTenant) -> None:
    for payload, missing in (
        ({"name": "x"}, "supported_triggers"),
        ({"supported_triggers": POST_LOGIN}, "name"),
    ):
        reply = tenant.send("POST", ACTIONS, payload)
        assert (reply.status, missing in reply.json["message"]) == (400, True)
    plain = tenant.send("POST", ACTIONS, {"name": "x", "supported_triggers": [{"id": "post-login"}]})
    assert (plain.status, plain.json["supported_triggers"]) == (201, POST_LOGIN)
    assert change(tenant, plain.json["id"], deploy=True).status == 400


def test_the_longest_code(quick: RunningTenant) -> None:
    assert create(quick, code="é" * 50_000).status == 201


def test_a_name_is_taken_once(quick: RunningTenant) -> None:
    first, second = created(quick, "one"), created(quick, "two")
    for reply in (create(quick, "one"), change(quick, second, name="one")):
        assert reply.status == 409
        assert reply.json["message"] == "An action with the same name already exists."
    assert change(quick, first, name="one").status == 200


def test_a_tenant_may_have_a_hundred_actions(quick: RunningTenant) -> None:
    for number in range(100):
        created(quick, f"a{number}")
    reply = create(quick, "one too many")
    assert reply.status == 403
    assert reply.json["message"] == "You reached the limit of entities of this type for this tenant."


def test_an_unknown_action(tenant: RunningTenant) -> None:
    unknown = f"{ACTIONS}/00000000-0000-4000-8000-000000000000"
    for method, path in (
        ("GET", unknown),
        ("PATCH", unknown),
        ("DELETE", unknown),
        ("POST", f"{unknown}/deploy"),
        ("GET", f"{unknown}/versions"),
    ):
        reply = tenant.send(method, path, {} if method == "PATCH" else None)
        assert reply.status == 404
        assert reply.json == {
            "statusCode": 404,
            "error": "Not Found",
            "message": "That action does not exist.",
        }


def test_an_action_that_nothing_runs_can_be_removed(quick: RunningTenant) -> None:
    action_id = deployed(quick)
    reply = quick.send("DELETE", f"{ACTIONS}/{action_id}")
    assert (reply.status, reply.body) == (204, b"")
    assert quick.send("GET", ACTIONS).json == {"actions": [], "per_page": 20}
    assert read(quick, deployed(quick))["deployed_version"]["number"] == 1


def test_every_write_is_an_effect_and_no_secret_is_in_it(quick: RunningTenant) -> None:
    action_id = created(quick, secrets=[{"name": "KEY", "value": "s3cret"}])
    change(quick, action_id, secrets=[{"name": "KEY", "value": "s3cret"}])
    deploy(quick, action_id)
    bind(quick, ("action_id", action_id))
    quick.send(
        "DELETE", f"{ACTIONS}/{action_id}?force=true", headers={**quick.headers, "X-Correlation-ID": "c1"}
    )
    effects = quick.storage.effects()
    assert [(effect.method, effect.path) for effect in effects] == [
        ("POST", ACTIONS),
        ("PATCH", f"{ACTIONS}/{action_id}"),
        ("POST", f"{ACTIONS}/{action_id}/deploy"),
        ("PATCH", BINDINGS),
        ("DELETE", f"{ACTIONS}/{action_id}"),
    ]
    assert {effect.user_id for effect in effects} == {None}
    assert [effect.correlation_id for effect in effects] == [None] * 4 + ["c1"]
    assert json.loads(effects[1].body) == {"secrets": [{"name": "KEY", "value": "***"}]}
    assert "s3cret" not in "".join(effect.body for effect in effects)


def test_what_is_refused_is_no_effect(quick: RunningTenant) -> None:
    action_id = created(quick)
    count = len(quick.storage.effects())
    create(quick)
    change(quick, action_id, code=7)
    bind(quick, ("action_id", action_id))
    quick.send("POST", "/api/v2/rules", {"name": "x", "script": "y"})
    assert len(quick.storage.effects()) == count


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", ACTIONS, "read:actions"),
        ("POST", ACTIONS, "create:actions"),
        ("GET", f"{ACTIONS}/x", "read:actions"),
        ("PATCH", f"{ACTIONS}/x", "update:actions"),
        ("DELETE", f"{ACTIONS}/x", "delete:actions"),
        ("POST", f"{ACTIONS}/x/deploy", "create:actions"),
        ("GET", "/api/v2/actions/triggers", "read:actions"),
        ("GET", BINDINGS, "read:actions"),
        ("PATCH", BINDINGS, "update:actions"),
        ("GET", "/api/v2/rules", "read:rules"),
    ],
)
def test_each_endpoint_needs_its_scope(tenant: RunningTenant, method: str, path: str, scope: str) -> None:
    tenant.storage.change_settings(TenantSettings(scopes="read:users"))
    headers = {"Authorization": f"Bearer {tenant.token()}"}
    reply = tenant.send(method, path, {}, headers=headers)
    assert (reply.status, reply.json["errorCode"]) == (403, "insufficient_scope")
    assert reply.json["message"] == f"Insufficient scope, expected any of: {scope}"


def test_actions_are_tested_elsewhere(tenant: RunningTenant) -> None:
    assert tenant.send("POST", f"{ACTIONS}/x/test", {}).status == 501


def test_a_reset_leaves_no_action_and_no_rule(quick: RunningTenant) -> None:
    bind(quick, ("action_id", deployed(quick)))
    rules.add(quick.storage, rules.Rule("rul_1", "old", "function () {}", 1))
    quick.storage.clear()
    assert quick.send("GET", ACTIONS).json == {"actions": [], "per_page": 20}
    assert bound(quick) == []
    assert quick.send("GET", "/api/v2/rules").json == []
