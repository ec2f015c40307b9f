"""Logging in by password: who may, what the deployed Actions do in Node, the tokens, the user afterwards."""

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest

from musicctl.sandbox.local_tenant import login_tokens, passwords
from musicctl.sandbox.local_tenant.settings import TenantSettings
from tests.sandbox import action_requests as actions
from tests.sandbox.tenant_fixtures import Reply, RunningTenant, running_tenant

RINGO = "auth0|ringo"
REALM = "http://auth0.com/oauth/grant-type/password-realm"
DATABASE = "Username-Password-Authentication"
BLOCKED = {"error": "unauthorized", "error_description": "user is blocked"}
BAD = {"error": "invalid_grant", "error_description": "Wrong email or password."}

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")


def log_in(tenant: RunningTenant, **other: object) -> Reply:
    asked = {
        "grant_type": "password",
        "client_id": tenant.state.auth0_client_id,
        "client_secret": tenant.state.auth0_client_secret,
        "username": RINGO,
        "password": passwords.COMMON,
        "scope": "openid",
        **other,
    }
    kept = {name: value for name, value in asked.items() if value is not None}
    return tenant.send("POST", "/oauth/token", kept, headers={})


def claims(tenant: RunningTenant, reply: Reply, kind: str = "id_token") -> dict[str, Any]:
    """The claims of a token, whose signature is checked with the published key."""
    assert reply.status == 200, reply.body
    [key] = tenant.send("GET", "/.well-known/jwks.json", headers={}).json["keys"]
    options: Any = {"verify_aud": False}
    return jwt.decode(reply.json[kind], jwt.PyJWK(key), algorithms=["RS256"], options=options)


def run(tenant: RunningTenant, *bodies: str, **other: object) -> None:
    """Deploy an Action for each body of a handler, and bind them in this order."""
    refs = []
    for place, body in enumerate(bodies):
        code = f"exports.onExecutePostLogin = async (event, api) => {{ {body} }};"
        refs.append(("action_id", actions.deployed(tenant, f"action {place}", code=code, **other)))
    assert actions.bind(tenant, *refs).status == 200


def denied(reply: Reply) -> str:
    assert (reply.status, reply.json["error"]) == (403, "access_denied"), reply.body
    description: str = reply.json["error_description"]
    return description


@pytest.fixture
def ringo(quick: RunningTenant) -> RunningTenant:
    """A tenant with a user."""
    quick.put(RINGO, app_metadata='{"roles":["drummer"],"plan":"x"}', root='{"given_name":"Richard"}')
    return quick


@needs_node
def test_a_listener_gets_tokens_for_the_app_and_for_its_api(ringo: RunningTenant) -> None:
    reply = log_in(ringo, scope="openid profile email")
    assert reply.headers["cache-control"] == "no-store"
    assert {name: reply.json[name] for name in ("scope", "expires_in", "token_type")} == {
        "scope": "openid profile email",
        "expires_in": 86400,
        "token_type": "Bearer",
    }
    issuer, client = f"{ringo.url}/", ringo.state.auth0_client_id
    identity, access = claims(ringo, reply), claims(ringo, reply, "access_token")
    assert identity.pop("exp") - identity["iat"] == 36_000
    assert abs(identity.pop("iat") - time.time()) < 60
    assert isinstance(identity.pop("updated_at"), str)
    assert identity.pop("picture").startswith("https://")
    assert identity == {
        "iss": issuer,
        "sub": RINGO,
        "aud": client,
        "name": "ringo@example.com",
        "nickname": "ringo",
        "given_name": "Richard",
        "email": "ringo@example.com",
        "email_verified": False,
    }
    assert access.pop("exp") - access.pop("iat") == 86400
    assert access == {
        "iss": issuer,
        "sub": RINGO,
        "aud": [client, f"{issuer}userinfo"],
        "azp": client,
        "gty": "password",
        "scope": "openid profile email",
    }
    assert jwt.get_unverified_header(reply.json["id_token"])["typ"] == "JWT"


@needs_node
def test_without_openid_there_is_no_id_token(ringo: RunningTenant) -> None:
    reply = log_in(ringo, scope=None, audience="https://api.music.example.com")
    assert set(reply.json) == {"access_token", "expires_in", "token_type"}
    access = claims(ringo, reply, "access_token")
    assert (access["aud"], "scope" in access) == ("https://api.music.example.com", False)
    assert log_in(ringo, audience=ringo.state.auth0_audience).status == 501


@needs_node
def test_a_listeners_token_is_none_for_the_management_api(ringo: RunningTenant) -> None:
    token = log_in(ringo, scope="openid read:users").json["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert ringo.send("GET", "/api/v2/users/auth0%7Cringo", headers=headers).status == 401


@needs_node
def test_who_may_log_in(ringo: RunningTenant) -> None:
    ringo.put("google-oauth2|1", email="ringo@example.com")
    ringo.put("google-oauth2|2", email="George@example.com")
    for name, sub in (
        ("Ringo@example.com", RINGO),
        ("george@example.com", "google-oauth2|2"),
        ("google-oauth2|1", "google-oauth2|1"),
    ):
        assert claims(ringo, log_in(ringo, username=name))["sub"] == sub
    realm = log_in(ringo, grant_type=REALM, realm=DATABASE)
    assert claims(ringo, realm)["sub"] == RINGO


@needs_node
@pytest.mark.parametrize(
    ("changed", "status", "body"),
    [
        ({"password": "wrong"}, 403, BAD),
        ({"username": "auth0|nobody"}, 403, BAD),
        ({"username": "nobody@example.com"}, 403, BAD),
        ({"username": "auth0|blocked"}, 401, BLOCKED),
        ({"client_secret": "wrong"}, 401, {"error": "access_denied", "error_description": "Unauthorized"}),
        ({"username": None}, 400, "Missing required parameter: username"),
        ({"password": 7}, 400, "Missing required parameter: password"),
        ({"grant_type": REALM}, 400, "Missing required parameter: realm"),
        ({"grant_type": REALM, "realm": "other"}, 400, "the connection was not found"),
    ],
)  # fmt: skip
def test_who_may_not(ringo: RunningTenant, changed: dict[str, object], status: int, body: object) -> None:
    ringo.put("auth0|blocked", email="b@example.com", root='{"blocked":true}')
    reply = log_in(ringo, **changed)
    bad = {"error": "invalid_request", "error_description": body}
    assert (reply.status, reply.json) == (status, body if isinstance(body, dict) else bad)


@needs_node
def test_a_password_that_was_set_replaces_the_common_one(tenant: RunningTenant) -> None:
    new = {"connection": DATABASE, "email": "paul@example.com", "user_id": "paul", "password": "bass-1942"}
    assert tenant.send("POST", "/api/v2/users", new).status == 201

    def statuses(*given: str) -> list[int]:
        return [log_in(tenant, username="auth0|paul", password=each).status for each in given]

    assert statuses("bass-1942", passwords.COMMON, "Bass-1942") == [200, 403, 403]
    assert tenant.send("PATCH", "/api/v2/users/auth0%7Cpaul", {"password": "höfner"}).status == 200
    assert statuses("höfner", "bass-1942") == [200, 403]
    stored = b"".join(path.read_bytes() for path in tenant.folder.glob("tenant.sqlite*"))
    assert b"bass-1942" not in stored
    assert "höfner".encode() not in stored
    tenant.send("DELETE", "/api/v2/users/auth0%7Cpaul")
    tenant.put("auth0|paul", email=None)
    assert statuses("höfner", passwords.COMMON) == [403, 200]


@needs_node
def test_actions_run_in_the_order_of_their_bindings_and_see_the_event_as_it_was(ringo: RunningTenant) -> None:
    ringo.put("auth0|paul", email=None)
    note = "api.idToken.setCustomClaim('https://x/seen', [...(event.seen ?? []), NAME]); event.seen = [NAME];"
    run(ringo, note.replace("NAME", "'first'"), note.replace("NAME", "'second'"))
    assert claims(ringo, log_in(ringo, username="auth0|paul"))["https://x/seen"] == ["second"]
    first, second = (binding["id"] for binding in ringo.send("GET", actions.BINDINGS).json["bindings"])
    actions.bind(ringo, ("binding_id", second), ("binding_id", first))
    assert claims(ringo, log_in(ringo))["https://x/seen"] == ["first"]
    actions.bind(ringo)
    assert "https://x/seen" not in claims(ringo, log_in(ringo))


@needs_node
def test_only_what_is_deployed_runs(ringo: RunningTenant) -> None:
    run(ringo, "api.idToken.setCustomClaim('v', 1)")
    [action] = ringo.send("GET", actions.ACTIONS).json["actions"]
    code = "exports.onExecutePostLogin = (event, api) => { api.idToken.setCustomClaim('v', 2) }"
    actions.change(ringo, action["id"], code=code)
    assert claims(ringo, log_in(ringo))["v"] == 1
    assert actions.deploy(ringo, action["id"]).status == 200
    assert claims(ringo, log_in(ringo))["v"] == 2


@needs_node
def test_what_an_action_is_told(ringo: RunningTenant) -> None:
    run(
        ringo,
        "api.accessToken.setCustomClaim('event', event)",
        secrets=[{"name": "KEY", "value": "s3cret"}],
    )
    asked = {"audience": "https://api", "scope": "openid x", "device": "phone"}
    event = claims(ringo, log_in(ringo, **asked), "access_token")["event"]
    assert event["user"]["app_metadata"] == {"roles": ["drummer"], "plan": "x"}
    assert event["user"]["user_metadata"] == {}
    assert (event["user"]["user_id"], event["user"]["email"]) == (RINGO, "ringo@example.com")
    assert event["secrets"] == {"KEY": "s3cret"}
    assert event["client"]["client_id"] == ringo.state.auth0_client_id
    assert event["connection"]["name"] == DATABASE
    assert event["stats"] == {"logins_count": 1}
    assert event["authorization"] == {"roles": []}
    assert event["transaction"]["requested_scopes"] == ["openid", "x"]
    assert event["resource_server"] == {"identifier": "https://api"}
    assert event["request"]["body"] == {
        "grant_type": "password",
        "client_id": ringo.state.auth0_client_id,
        "username": RINGO,
        **asked,
    }
    told = json.dumps(event)
    assert passwords.COMMON not in told
    assert ringo.state.auth0_client_secret not in told


@needs_node
def test_metadata_is_merged_into_the_user_and_the_login_is_counted(ringo: RunningTenant) -> None:
    run(
        ringo,
        "api.user.setAppMetadata('plan', null).user.setUserMetadata('displayName', 'R ⭐')",
        "api.idToken.setCustomClaim('name', event.user.user_metadata.displayName ?? 'none yet')",
    )
    assert log_in(ringo).status == 200
    user = ringo.send("GET", "/api/v2/users/auth0%7Cringo").json
    assert (user["app_metadata"], user["user_metadata"]) == ({"roles": ["drummer"]}, {"displayName": "R ⭐"})
    assert (user["logins_count"], user["last_ip"]) == (1, "127.0.0.1")
    assert user["last_login"] == user["updated_at"] > user["created_at"]
    [effect] = ringo.storage.effects()[-1:]
    assert (effect.path, effect.user_id) == ("/oauth/token", RINGO)
    assert json.loads(effect.body)["user_metadata"] == {"displayName": "R ⭐"}
    log_in(ringo)
    assert ringo.send("GET", "/api/v2/users/auth0%7Cringo").json["logins_count"] == 2


@needs_node
def test_claims_that_are_auth0s_are_dropped_in_silence(ringo: RunningTenant) -> None:
    own = ("iss", "sub", "exp", "roles", "https://my.auth0.com/x", "HTTPS://webtask.io", "urn:auth0:x")
    others = {
        "https://music.example.com/roles": ["a"],
        "https://notauth0.com/x": 1,
        "nick": None,
        "deep": {"a": 1},
    }
    names = json.dumps([*own, *others])
    both = "api.idToken.setCustomClaim(name, value); api.accessToken.setCustomClaim(name, value);"
    values = json.dumps({**dict.fromkeys(own, "mine"), **others})
    run(ringo, f"for (const name of {names}) {{ const value = ({values})[name]; {both} }}")
    reply = log_in(ringo)
    for kind in ("id_token", "access_token"):
        found = claims(ringo, reply, kind)
        assert "mine" not in found.values()
        assert {name: found[name] for name in others} == others
    assert "roles" in login_tokens.RESTRICTED


@needs_node
def test_an_action_may_deny_the_login(ringo: RunningTenant) -> None:
    run(
        ringo,
        "api.user.setAppMetadata('tried', true); return api.access.deny('Not you.');",
        "api.user.setAppMetadata('second', true)",
    )
    assert denied(log_in(ringo)) == "Not you."
    user = ringo.send("GET", "/api/v2/users/auth0%7Cringo").json
    assert user["app_metadata"] == {"roles": ["drummer"], "plan": "x", "tried": True}
    assert "last_login" not in user


FAILING = {
    "throws": ("throw new Error('no favourite')", "no favourite"),
    "throws no error": ("throw null", "null"),
    "reads nothing": ("event.user.nothing.at", "Cannot read properties of undefined (reading 'at')"),
    "is no JavaScript": ("(", "Unexpected token"),
    "wants a package": (
        "require('axios')",
        "The local tenant installs no npm modules, so there is no axios.",
    ),
    "wants more of Auth0": (
        "api.accessToken.addScope('x')",
        "The local tenant does not emulate api.accessToken.addScope().",
    ),
    "wants much more": (
        "api.multifactor.enable('any')",
        "The local tenant does not emulate api.multifactor.enable().",
    ),
    "exits": ("process.exit(0)", "The Action ended without completing."),
    "fails later": ("setTimeout(() => { throw new Error('late') }); await new Promise(() => {})", "late"),
    "never ends": ("await new Promise(() => {})", "The Action ended without completing."),
    "claims a function": (
        "api.idToken.setCustomClaim('x', () => 1)",
        "The value of x cannot be written as JSON.",
    ),
    "sets what is not to be": (
        "api.user.setAppMetadata('email', 1)",
        "Payload validation error: 'Additional properties not allowed: email' on property app_metadata"
        " (User metadata to which this user has read-only access).",
    ),
}


@needs_node
@pytest.mark.parametrize(("body", "reason"), FAILING.values(), ids=FAILING)
def test_a_failing_action_fails_the_login(ringo: RunningTenant, body: str, reason: str) -> None:
    run(ringo, f"api.user.setUserMetadata('x', 1); {body}", "api.user.setUserMetadata('y', 1)")
    before = ringo.send("GET", "/api/v2/users/auth0%7Cringo").json
    assert denied(log_in(ringo)).startswith(reason)
    assert ringo.send("GET", "/api/v2/users/auth0%7Cringo").json == before


@needs_node
def test_an_action_must_have_a_handler(ringo: RunningTenant) -> None:
    assert (
        actions.bind(ringo, ("action_id", actions.deployed(ringo, "bare", code="exports.x = 1"))).status
        == 200
    )
    assert denied(log_in(ringo)) == "The Action bare exports no onExecutePostLogin."


@needs_node
def test_actions_print_to_nowhere_see_no_environment_and_may_use_what_node_has(ringo: RunningTenant) -> None:
    run(
        ringo,
        "console.log('x'.repeat(100000)); process.stdout.write('{'); setInterval(() => {}, 1000);"
        "api.idToken.setCustomClaim('env', Object.keys(process.env));"
        "api.idToken.setCustomClaim('hash', require('node:crypto').createHash('md5').digest('hex'))",
    )
    found = claims(ringo, log_in(ringo))
    assert (found["env"], found["hash"][:6]) == ([], "d41d8c")


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def is_running(pid: str) -> bool:
    """Whether a process runs; one that has ended may stay in the list for a while."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@needs_node
@pytest.mark.parametrize("body", ["while (true) {}", "setInterval(() => {}, 9); await new Promise(() => {})"])
def test_actions_have_a_time_limit(ringo: RunningTenant, body: str) -> None:
    ringo.storage.change_settings(TenantSettings(build_time=0, action_time=0.5))
    run(ringo, body)
    assert denied(log_in(ringo)) == "The Actions did not complete within 0.5 seconds."
    assert not Path("/proc/self/task").exists() or children(ringo.process.pid) == []


@needs_node
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes where Linux shows them")
def test_an_endless_action_ends_with_the_tenant(tmp_path: Path) -> None:
    with running_tenant(tmp_path) as tenant, ThreadPoolExecutor(1) as beside:
        tenant.storage.change_settings(TenantSettings(build_time=0, action_time=600))
        tenant.put(RINGO)
        run(tenant, "while (true) {}")
        waiting = beside.submit(log_in, tenant)
        while not (started := children(tenant.process.pid)):
            time.sleep(0.01)
        tenant.process.kill()
        tenant.process.wait(30)
        with pytest.raises(ConnectionError):
            waiting.result()
        while any(map(is_running, started)):  # nobody tells it: it has to notice
            time.sleep(0.01)


@pytest.fixture
def without_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningTenant]:
    """A tenant that was started where nothing is on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with running_tenant(tmp_path) as tenant:
        tenant.storage.change_settings(TenantSettings(build_time=0))
        tenant.put(RINGO)
        yield tenant


def test_without_node_a_login_is_not_emulated(without_node: RunningTenant) -> None:
    reply = log_in(without_node)
    assert (reply.status, reply.json["errorCode"]) == (501, "not_emulated")
    assert "Node" in reply.json["message"]
    assert without_node.token()
    broken = without_node.folder / "node"
    broken.write_text("#!/nowhere/at/all\n")
    broken.chmod(0o755)
    assert log_in(without_node).status == 200  # with nothing to run it is not started
    run(without_node, "")
    assert log_in(without_node).status == 501
