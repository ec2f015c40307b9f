"""Requests about Actions, as the tests of them send them."""

from typing import Any

from tests.sandbox.tenant_fixtures import Reply, RunningTenant

ACTIONS = "/api/v2/actions/actions"
BINDINGS = "/api/v2/actions/triggers/post-login/bindings"
CODE = "exports.onExecutePostLogin = async (event, api) => {};"
POST_LOGIN = [{"id": "post-login", "version": "v3"}]


def create(tenant: RunningTenant, name: str = "roles", **other: object) -> Reply:
    payload = {"name": name, "supported_triggers": POST_LOGIN, "code": CODE, **other}
    return tenant.send("POST", ACTIONS, payload)


def created(tenant: RunningTenant, name: str = "roles", **other: object) -> str:
    reply = create(tenant, name, **other)
    assert reply.status == 201, reply.body
    action_id: str = reply.json["id"]
    return action_id


def deployed(tenant: RunningTenant, name: str = "roles", **other: object) -> str:
    action_id = created(tenant, name, **other)
    assert deploy(tenant, action_id).status == 200
    return action_id


def read(tenant: RunningTenant, action_id: str) -> Any:
    return tenant.send("GET", f"{ACTIONS}/{action_id}").json


def deploy(tenant: RunningTenant, action_id: str) -> Reply:
    return tenant.send("POST", f"{ACTIONS}/{action_id}/deploy")


def change(tenant: RunningTenant, action_id: str, **payload: object) -> Reply:
    return tenant.send("PATCH", f"{ACTIONS}/{action_id}", payload)


def bind(tenant: RunningTenant, *refs: tuple[str, str], path: str = BINDINGS) -> Reply:
    wanted = [{"ref": {"type": kind, "value": value}} for kind, value in refs]
    return tenant.send("PATCH", path, {"bindings": wanted})


def keys(shown: dict[str, object]) -> str:
    return " ".join(shown)


def bound(tenant: RunningTenant) -> list[str]:
    return [binding["action"]["name"] for binding in tenant.send("GET", BINDINGS).json["bindings"]]
