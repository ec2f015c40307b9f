"""Triggers and their bindings: shown as recorded, replaced as one list, and only of what is deployed."""

import pytest

from tests.sandbox.action_requests import (
    ACTIONS,
    BINDINGS,
    bind,
    bound,
    change,
    created,
    deployed,
    keys,
)
from tests.sandbox.tenant_fixtures import RunningTenant


def test_bindings_are_shown_as_recorded(quick: RunningTenant) -> None:
    action_id = deployed(quick)
    assert quick.send("GET", BINDINGS).json == {"bindings": [], "per_page": 20}
    asked = {"bindings": [{"ref": {"type": "action_id", "value": action_id}, "display_name": "Shown"}]}
    reply = quick.send("PATCH", BINDINGS, asked)
    assert (reply.status, list(reply.json)) == (200, ["bindings"])
    [binding] = reply.json["bindings"]
    assert keys(binding) == "id trigger_id action created_at updated_at display_name"
    assert (binding["trigger_id"], binding["display_name"]) == ("post-login", "Shown")
    assert keys(binding["action"]) == (
        "id name supported_triggers created_at updated_at current_version deployed_version"
        " all_changes_deployed"
    )
    assert quick.send("GET", f"{BINDINGS}?per_page=50&page=0").json == {
        "bindings": [binding],
        "total": 1,
        "per_page": 50,
    }
    assert quick.send("GET", f"{BINDINGS}?page=1").json == {"bindings": [], "page": 1, "per_page": 20}


def test_bindings_are_replaced_as_a_whole_list(quick: RunningTenant) -> None:
    one, two = deployed(quick, "one"), deployed(quick, "two")
    first = bind(quick, ("action_id", one), ("action_name", "two")).json["bindings"]
    assert bound(quick) == ["one", "two"]
    assert [binding["display_name"] for binding in first] == ["one", "two"]
    second = bind(quick, ("binding_id", first[1]["id"]), ("action_id", one)).json["bindings"]
    assert bound(quick) == ["two", "one"]
    assert {binding["id"] for binding in first}.isdisjoint(binding["id"] for binding in second)
    assert bind(quick, ("action_id", two)).status == 200
    assert bound(quick) == ["two"]
    assert bind(quick).json == {"bindings": []}
    assert bound(quick) == []


def test_each_trigger_has_bindings_of_its_own(quick: RunningTenant) -> None:
    deployed(quick, "login")
    deployed(quick, "signup", supported_triggers=[{"id": "pre-user-registration"}])
    other = BINDINGS.replace("post-login", "pre-user-registration")
    assert bind(quick, ("action_name", "login")).status == 200
    assert bind(quick, ("action_name", "signup"), path=other).status == 200
    assert bound(quick) == ["login"]
    assert bind(quick, path=other).status == 200
    assert bound(quick) == ["login"]
    wrong = bind(quick, ("action_name", "login"), path=other)
    assert (wrong.status, bound(quick)) == (400, ["login"])


def test_only_a_deployed_action_can_be_bound(quick: RunningTenant) -> None:
    kept = deployed(quick, "kept")
    bind(quick, ("action_id", kept))
    draft = created(quick, "draft")
    reply = bind(quick, ("action_id", draft))
    assert reply.status == 400
    assert reply.json["message"] == (
        "Trying to create a binding for an action that has not been deployed yet"
    )
    assert bind(quick, ("action_name", "nobody")).status == 404
    assert bind(quick, ("binding_id", kept)).status == 404
    assert bound(quick) == ["kept"]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"bindings": None},
        {"bindings": {}},
        {"bindings": ["x"]},
        {"bindings": [{}]},
        {"bindings": [{"id_type": "action_id", "id_value": "x"}]},
        {"bindings": [{"ref": {"type": "action_id"}}]},
        {"bindings": [], "colour": "red"},
        {"bindings": [{"ref": {"type": "action_name", "value": "roles"}}] * 21},
    ],
)
def test_refuses_what_is_no_list_of_bindings(quick: RunningTenant, payload: dict[str, object]) -> None:
    bind(quick, ("action_id", deployed(quick)))
    reply = quick.send("PATCH", BINDINGS, payload)
    assert (reply.status, reply.json["errorCode"]) == (400, "invalid_body")
    assert bound(quick) == ["roles"]


def test_a_trigger_runs_twenty_actions(quick: RunningTenant) -> None:
    action_id = deployed(quick)
    assert len(bind(quick, *[("action_id", action_id)] * 20).json["bindings"]) == 20


def test_an_unknown_trigger(tenant: RunningTenant) -> None:
    for method in ("GET", "PATCH"):
        path = BINDINGS.replace("post-login", "no-such")
        reply = tenant.send(method, path, {"bindings": []} if method == "PATCH" else None)
        assert (reply.status, reply.json["errorCode"]) == (400, "invalid_uri")
    assert tenant.send("GET", BINDINGS.replace("post-login", "event-stream")).status == 501


def test_triggers_are_listed(tenant: RunningTenant) -> None:
    listed = tenant.send("GET", "/api/v2/actions/triggers").json["triggers"]
    assert listed[0] == {
        "id": "post-login",
        "version": "v3",
        "status": "CURRENT",
        "runtimes": ["node18-actions", "node22"],
        "default_runtime": "node22",
        "binding_policy": "trigger-bound",
        "compatible_triggers": [{"id": "post-login", "version": "v2"}],
    }
    current = [trigger["id"] for trigger in listed if trigger["status"] == "CURRENT"]
    assert len(current) == len(set(current)) == len({trigger["id"] for trigger in listed})


def test_a_bound_action_stays_unless_it_is_forced(quick: RunningTenant) -> None:
    action_id, other = deployed(quick), deployed(quick, "other")
    bind(quick, ("action_id", action_id), ("action_id", other))
    path = f"{ACTIONS}/{action_id}"
    for query in ("", "?force=false"):
        reply = quick.send("DELETE", path + query)
        assert reply.status == 409
        assert reply.json["message"] == "Unable to delete an action bound to a trigger."
    assert quick.send("DELETE", f"{path}?force=perhaps").status == 400
    assert bound(quick) == ["roles", "other"]
    assert quick.send("DELETE", f"{path}?force=true").status == 204
    assert bound(quick) == ["other"]
    assert quick.send("GET", path).status == 404


def test_a_bound_action_cannot_change_its_trigger(quick: RunningTenant) -> None:
    action_id = deployed(quick)
    signup = [{"id": "pre-user-registration"}]
    bind(quick, ("action_id", action_id))
    reply = change(quick, action_id, supported_triggers=signup)
    assert (reply.status, reply.json["message"]) == (400, "can't upgrade to this trigger.")
    bind(quick)
    assert change(quick, action_id, supported_triggers=signup).status == 200
