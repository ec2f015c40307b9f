"""A tenant with one of everything in it, and a request for every endpoint, to test its conformance with."""

import json
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from musicctl.sandbox.local_tenant import passwords, rules
from musicctl.sandbox.local_tenant.app import ROUTES
from musicctl.sandbox.local_tenant.jobs import connection_id
from musicctl.sandbox.local_tenant.settings import SCOPES, TenantSettings
from tests.sandbox.tenant_fixtures import Reply, RunningTenant

API = "/api/v2"
CODE = "exports.onExecutePostLogin = async (event, api) => {};"
POST_LOGIN = [{"id": "post-login", "version": "v3"}]
DATABASE = "Username-Password-Authentication"
EVERY_SCOPE = f"{SCOPES} create:rules update:rules delete:rules"


@dataclass(frozen=True)
class Furnished:
    """The tenant, a token for everything in it, and the names of that, to be put into an example."""

    tenant: RunningTenant
    token: str
    names: dict[str, str] = field(default_factory=dict)

    def send(self, example: "Example") -> Reply:
        """Send the example's request."""
        text = re.sub(r"<(\w+)>", lambda found: self.names[found[1]], json.dumps(example.body))
        headers = {"Authorization": f"Bearer {self.token}"} if example.token else {}
        path = example.path.format(**self.names)
        body = None if example.body is None else text.encode()
        return self.tenant.send(example.method, path, body, headers)

    def made(self, method: str, path: str, body: object = None) -> Any:
        """Send a request to the Management API that must succeed, and return the reply's JSON."""
        headers = {"Authorization": f"Bearer {self.token}"}
        reply = self.tenant.send(method, f"{API}{path}", body, headers)
        assert reply.status < 300, reply.body
        return reply.json


@dataclass(frozen=True, kw_only=True)
class Example:
    """One request to one route; `{name}` in its path and `<name>` in its body are names of Furnished."""

    method: str
    route: str
    path: str = ""
    body: object = None
    status: int = 200
    token: bool = field(default=True)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


def furnished(tenant: RunningTenant) -> Furnished:
    """Put users, a job, Actions, a binding and a Rule into an empty tenant; Actions are built at once."""
    tenant.storage.change_settings(TenantSettings(build_time=0, scopes=EVERY_SCOPE))
    tenant.put("auth0|ringo", app_metadata='{"roles":["x"]}', user_metadata='{"displayName":"R ⭐"}')
    tenant.put("google-oauth2|1", email=None, root='{"blocked":true,"name":"G"}')
    rules.add(tenant.storage, rules.Rule("rul_0123456789abcdef", "old", "function () {}", 1))
    full = Furnished(tenant, tenant.token())
    _furnish_actions(full)
    full.names["job"] = full.made("POST", "/jobs/users-exports", {})["id"]
    location = full.made("GET", f"/jobs/{full.names['job']}")["location"]
    full.names["link"] = location.removeprefix(tenant.url)
    full.names["connection"] = connection_id(tenant.storage)
    full.names["secret"] = tenant.state.auth0_client_secret
    full.names["audience"] = tenant.state.auth0_audience
    return full


def without_example(examples: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """The routes, as method and path, that are not among these."""
    return {(route.method, route.path) for route in ROUTES} - set(examples)


def _furnish_actions(full: Furnished) -> None:
    """Make one Action that is a draft, and one that is deployed and bound."""
    for name in ("draft", "running"):
        payload = {"name": name, "supported_triggers": POST_LOGIN, "code": CODE}
        full.names[name] = full.made("POST", "/actions/actions", payload)["id"]
    full.names["version"] = full.made("POST", f"/actions/actions/{full.names['running']}/deploy")["id"]
    asked = {"bindings": [{"ref": {"type": "action_name", "value": "running"}}]}
    bound = full.made("PATCH", "/actions/triggers/post-login/bindings", asked)
    full.names["binding"] = bound["bindings"][0]["id"]


def _api(method: str, route: str, path: str = "", body: object = None, status: int = 200) -> Example:
    """An example for a route of the Management API; without a path the route has no arguments."""
    return Example(
        method=method, route=f"{API}{route}", path=f"{API}{path or route}", body=body, status=status
    )


USERS, USER, ACTIONS, ACTION = "/users", "/users/*", "/actions/actions", "/actions/actions/*"
BINDINGS, RINGO, NOBODY = "/actions/triggers/*/bindings", "/users/auth0%7Cringo", "/users/auth0%7Cnobody"
RUNNING, DRAFT, NO_ACTION = "/actions/actions/{running}", "/actions/actions/{draft}", "/actions/actions/x"
NEW_USER = {"connection": DATABASE, "email": "paul@example.com", "password": "bass-1942"}
NEW_ACTION = {
    "name": "new",
    "supported_triggers": POST_LOGIN,
    "code": CODE,
    "secrets": [{"name": "a", "value": "b"}],
}
CSV = {"format": "csv", "connection_id": "<connection>", "limit": 5, "fields": [{"name": "email"}]}
BOUND = {"bindings": [{"ref": {"type": "binding_id", "value": "<binding>"}, "display_name": "Shown"}]}
TOKEN = {
    "grant_type": "client_credentials",
    "client_id": "sandbox-client",
    "client_secret": "<secret>",
    "audience": "<audience>",
}
LOGIN = {
    **TOKEN,
    "grant_type": "password",
    "username": "auth0|ringo",
    "password": passwords.COMMON,
    "audience": "https://api",
    "scope": "openid profile",
}
LOGINS = tuple(
    Example(method="POST", route="/oauth/token", path="/oauth/token", body=body, status=status, token=False)
    for body, status in ((LOGIN, 200), ({**LOGIN, "password": "wrong"}, 403))
)
EXAMPLES = (
    *(LOGINS if shutil.which("node") else ()),
    Example(method="POST", route="/oauth/token", path="/oauth/token", body=TOKEN, token=False),
    Example(
        method="POST",
        route="/oauth/token",
        path="/oauth/token",
        body={**TOKEN, "client_secret": "wrong"},
        status=401,
        token=False,
    ),
    Example(method="GET", route="/.well-known/jwks.json", path="/.well-known/jwks.json", token=False),
    Example(
        method="GET",
        route="/.well-known/openid-configuration",
        path="/.well-known/openid-configuration",
        token=False,
    ),
    Example(method="GET", route="/exports/*", path="{link}", token=False),
    _api("GET", USER, RINGO),
    _api("GET", USER, "/users/google-oauth2|1"),
    _api("GET", USER, f"{RINGO}?fields=email&include_fields=true"),
    _api("GET", USER, NOBODY, status=404),
    _api("GET", USER, f"{RINGO}?colour=red", status=400),
    _api("PATCH", USER, RINGO, {"app_metadata": {"roles": []}, "user_metadata": {}}),
    _api("PATCH", USER, RINGO, {"app_metadata": {"email": "x"}}, 400),
    _api("PATCH", USER, NOBODY, {"app_metadata": {}}, 404),
    _api("DELETE", USER, RINGO, status=204),
    _api("POST", USERS, body=NEW_USER, status=201),
    _api("POST", USERS, body={**NEW_USER, "email": "ringo@example.com"}, status=409),
    _api("GET", "/users-by-email", "/users-by-email?email=ringo@example.com"),
    _api("GET", "/users-by-email", "/users-by-email?email=nobody@example.com"),
    _api("GET", "/users-by-email", status=400),
    _api("GET", USERS),
    _api("GET", USERS, "/users?include_totals=true&sort=user_id:1&q=email:ringo*"),
    _api("GET", USERS, "/users?page=10&per_page=100", status=400),
    _api("POST", "/jobs/users-exports", body={"format": "json", "fields": [{"name": "app_metadata"}]}),
    _api("POST", "/jobs/users-exports", body=CSV),
    _api("POST", "/jobs/users-exports", body={"limit": 0}, status=400),
    _api("POST", "/jobs/users-exports", body={"connection_id": "con_0000000000000001"}, status=400),
    _api("GET", "/jobs/*", "/jobs/{job}"),
    _api("GET", "/jobs/*", "/jobs/job_nobody", status=404),
    _api("GET", "/jobs/*/errors", "/jobs/{job}/errors", status=204),
    _api("GET", "/jobs/*/errors", "/jobs/job_nobody/errors", status=404),
    _api("GET", ACTIONS),
    _api("GET", ACTIONS, f"{ACTIONS}?page=7&per_page=50&deployed=true"),
    _api("GET", ACTIONS, f"{ACTIONS}?per_page=101", status=400),
    _api("POST", ACTIONS, body=NEW_ACTION, status=201),
    _api("POST", ACTIONS, body={"name": "new"}, status=400),
    _api("POST", ACTIONS, body={**NEW_ACTION, "name": "draft"}, status=409),
    _api("GET", ACTION, RUNNING),
    _api("GET", ACTION, NO_ACTION, status=404),
    _api("PATCH", ACTION, RUNNING, {"code": "// new", "dependencies": [{"name": "a", "version": "1"}]}),
    _api("PATCH", ACTION, RUNNING, {"code": 7}, 400),
    _api("PATCH", ACTION, NO_ACTION, {}, 404),
    _api("DELETE", ACTION, DRAFT, status=204),
    _api("DELETE", ACTION, f"{RUNNING}?force=true", status=204),
    _api("DELETE", ACTION, RUNNING, status=409),
    _api("DELETE", ACTION, NO_ACTION, status=404),
    _api("POST", f"{ACTION}/deploy", f"{DRAFT}/deploy"),
    _api("POST", f"{ACTION}/deploy", f"{NO_ACTION}/deploy", status=404),
    _api("GET", f"{ACTION}/versions", f"{RUNNING}/versions"),
    _api("GET", f"{ACTION}/versions/*", f"{RUNNING}/versions/{{version}}"),
    _api("GET", f"{ACTION}/versions/*", f"{RUNNING}/versions/x", status=404),
    _api("GET", "/actions/triggers"),
    _api("GET", BINDINGS, "/actions/triggers/post-login/bindings?per_page=50"),
    _api("GET", BINDINGS, "/actions/triggers/no-such/bindings", status=400),
    _api("PATCH", BINDINGS, "/actions/triggers/post-login/bindings", BOUND),
    _api("PATCH", BINDINGS, "/actions/triggers/post-login/bindings", {"bindings": 7}, 400),
    _api("GET", "/rules"),
    _api("GET", "/rules", "/rules?include_totals=true"),
    _api("GET", "/rules/*", "/rules/rul_0123456789abcdef"),
    _api("GET", "/rules/*", "/rules/x", status=404),
    _api("POST", "/rules", body={"name": "new", "script": CODE}, status=403),
    _api("PATCH", "/rules/*", "/rules/rul_0123456789abcdef", {"enabled": False}, 403),
    _api("DELETE", "/rules/*", "/rules/rul_0123456789abcdef", status=403),
)
"""At least one for every route: its success, and the refusals that are its own."""
