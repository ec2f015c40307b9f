"""Auth0's Node SDK against every endpoint of the local tenant, where Node and the package are present.

The package `auth0` is looked for in the folder that MUSICCTL_NODE_MODULES names (a `node_modules`), else in
npm's global folder. Nothing is installed or downloaded; where Node or the package is not there, the calls are
skipped.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.furnished_tenant import Furnished, furnished, without_example
from tests.sandbox.tenant_fixtures import RunningTenant

NAMED = os.environ.get("MUSICCTL_NODE_MODULES")
CALLS = Path(__file__).with_name("node_sdk_calls.cjs")
NO_METHOD = {
    ("POST", "/oauth/token"),  # asked by the SDK itself, for all the other calls
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/exports/*"),
}


@pytest.fixture(scope="module")
def command() -> tuple[str, Path]:
    """The program and the package; of a wider scope than what hides our variables and home from tests."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on the PATH")
    modules = NAMED or global_modules()
    if modules is None or not (Path(modules) / "auth0").is_dir():
        pytest.skip("the npm package auth0 is neither in MUSICCTL_NODE_MODULES nor in npm's global folder")
    return node, Path(modules) / "auth0"


def test_every_call_works_unchanged(tenant: RunningTenant, command: tuple[str, Path]) -> None:
    full = furnished(tenant)
    results = called(full, *command)
    refused = {name: result["thrown"] for name, result in results.items() if "thrown" in result}
    assert refused == {
        "POST /api/v2/rules": 403,
        "PATCH /api/v2/rules/*": 403,
        "DELETE /api/v2/rules/*": 403,
        "GET /api/v2/users/* of nobody": 404,
    }, results
    returned = {name: result["returned"] for name, result in results.items() if "returned" in result}
    assert_returned(full, returned)
    assert results["GET /api/v2/users/* of nobody"]["body"]["errorCode"] == "inexistent_user"
    [changed] = [effect for effect in tenant.storage.effects() if effect.method == "PATCH" and effect.user_id]
    assert json.loads(changed.body)["user_metadata"] == {"displayName": "P ⭐"}


def test_the_calls_cover_every_endpoint() -> None:
    named = {
        tuple(line.split('"')[1].split()[:2]) for line in CALLS.read_text().splitlines() if '": () =>' in line
    }
    assert without_example((method, path) for method, path in named) == NO_METHOD


def assert_returned(full: Furnished, returned: dict[str, Any]) -> None:
    assert [user["user_id"] for user in returned["GET /api/v2/users"]] == ["auth0|ringo"]
    assert returned["GET /api/v2/users/*"]["email"] == "paul@example.com"
    assert returned["PATCH /api/v2/users/*"]["app_metadata"] == {"roles": ["x"]}
    assert [user["user_id"] for user in returned["GET /api/v2/users-by-email"]] == ["auth0|a/b"]
    assert returned["POST /api/v2/jobs/users-exports"]["status"] == "pending"
    assert returned["GET /api/v2/jobs/*"]["location"].startswith(full.tenant.url)
    assert returned["GET /api/v2/jobs/*/errors"] is None
    assert {action["name"] for action in returned["GET /api/v2/actions/actions"]} == {"draft", "running"}
    assert returned["GET /api/v2/actions/actions/*"]["deployed_version"]["id"] == full.names["version"]
    assert returned["POST /api/v2/actions/actions/*/deploy"]["number"] == 1
    assert [one["number"] for one in returned["GET /api/v2/actions/actions/*/versions"]] == [1]
    bound = [one["display_name"] for one in returned["GET /api/v2/actions/triggers/*/bindings"]]
    assert bound == ["first", "second"]
    assert [rule["name"] for rule in returned["GET /api/v2/rules"]] == ["old"]


def called(full: Furnished, node: str, package: Path) -> dict[str, Any]:
    """What each call of the script came to."""
    state = full.tenant.state
    given = {
        "host": state.auth0_domain.removeprefix("http://"),
        "client_id": state.auth0_client_id,
        "client_secret": state.auth0_client_secret,
        "audience": state.auth0_audience,
        "rule": "rul_0123456789abcdef",
        **full.names,
    }
    done = subprocess.run(
        [node, CALLS, package],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    results: dict[str, Any] = json.loads(done.stdout)
    return results


def global_modules() -> str | None:
    npm = shutil.which("npm")
    if npm is None:
        return None
    done = subprocess.run([npm, "root", "--global"], capture_output=True, text=True, check=False, timeout=30)
    return done.stdout.strip() or None
