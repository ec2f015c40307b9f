"""Auth0's own SDK against every endpoint of the local tenant: its models accept what they get."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.request import urlopen

import httpx
import pytest
from auth0.authentication import GetToken
from auth0.authentication.exceptions import Auth0Error
from auth0.management.client import Auth0
from auth0.management.core.api_error import ApiError
from auth0.management.errors import (
    BadRequestError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnauthorizedError,
)

from musicctl.sandbox.local_tenant.settings import TenantSettings
from tests.sandbox.furnished_tenant import furnished, without_example
from tests.sandbox.tenant_fixtures import RunningTenant

DATABASE = "Username-Password-Authentication"
OLD_RULE = "rul_0123456789abcdef"


def asking_for_a_token(tenant: RunningTenant, secret: str | None = None) -> GetToken:
    state = tenant.state
    host = state.auth0_domain.removeprefix("http://")
    secret = secret or state.auth0_client_secret
    return GetToken(host, state.auth0_client_id, client_secret=secret, protocol="http")


@pytest.fixture
def sdk(tenant: RunningTenant) -> Iterator[Auth0]:
    token = asking_for_a_token(tenant).client_credentials(tenant.state.auth0_audience)["access_token"]
    yield from opened(tenant, token)


def opened(tenant: RunningTenant, token: str) -> Iterator[Auth0]:
    with closing(httpx.Client(trust_env=False)) as client:
        yield Auth0(base_url=f"{tenant.url}/api/v2", token=token, httpx_client=client, max_retries=0)


def test_users(tenant: RunningTenant, sdk: Auth0) -> None:
    made = sdk.users.create(
        connection=DATABASE,
        email="ringo@example.com",
        password="drums-1940",
        user_id="a/b",
        email_verified=True,
    )
    assert made.user_id == "auth0|a/b"
    assert made.email_verified is True
    assert isinstance(made.created_at, datetime)
    assert made.created_at.tzinfo == UTC

    changed = sdk.users.update(
        "auth0|a/b", app_metadata={"roles": ["x"]}, user_metadata={"displayName": "R ⭐"}
    )
    assert changed.app_metadata == {"roles": ["x"]}
    found = sdk.users.get("auth0|a/b")
    assert found.model_dump() == changed.model_dump()
    assert found.identities is not None
    assert found.identities[0].connection == DATABASE
    assert sdk.users.get("auth0|a/b", fields="email", include_fields=True).user_id is None
    [by_email] = sdk.users.list_users_by_email(email="ringo@example.com")
    assert by_email.user_id == "auth0|a/b"
    assert sdk.users.list_users_by_email(email="nobody@example.com") == []

    # None is sent as null and removes the key; an empty dict removes them all.
    assert sdk.users.update("auth0|a/b", app_metadata={"roles": None}).app_metadata is None
    assert sdk.users.update("auth0|a/b", user_metadata={}).user_metadata == {}


def test_exports(tenant: RunningTenant, sdk: Auth0) -> None:
    tenant.put("auth0|ringo", app_metadata='{"roles":["x"]}')
    fields = [{"name": "user_id"}, {"name": "app_metadata"}]
    job = sdk.jobs.users_exports.create(format="json", fields=fields)
    assert (job.status, job.type, job.format) == ("pending", "users_export", "json")
    done = sdk.jobs.get(job.id)
    assert done.status == "completed"
    assert done.location is not None
    with urlopen(done.location) as reply:
        [line] = gzip.decompress(reply.read()).splitlines()
    assert json.loads(line) == {"user_id": "auth0|ringo", "app_metadata": {"roles": ["x"]}}


def test_refusals_are_the_errors_of_the_sdk(tenant: RunningTenant, sdk: Auth0) -> None:
    tenant.put("auth0|ringo")
    with pytest.raises(NotFoundError) as gone:
        sdk.users.get("auth0|nobody")
    assert gone.value.body["errorCode"] == "inexistent_user"
    with pytest.raises(NotFoundError):
        sdk.jobs.get("job_nobody")
    with pytest.raises(ConflictError):
        sdk.users.create(connection=DATABASE, email="ringo@example.com", password="x")
    with pytest.raises(BadRequestError):
        sdk.users.update("auth0|ringo", app_metadata={"email": "x"})
    for broken in opened(tenant, "a.b.c"):
        with pytest.raises(UnauthorizedError):
            broken.users.get("auth0|ringo")
    tenant.storage.change_settings(TenantSettings(scopes="read:users"))
    for narrow in opened(tenant, tenant.token()):
        with pytest.raises(ForbiddenError):
            narrow.users.update("auth0|ringo", app_metadata={"a": 1})


Call: TypeAlias = Callable[[Auth0, dict[str, str]], object]
RINGO = "auth0|ringo"
NEW_USER: dict[str, Any] = {"connection": DATABASE, "email": "paul@example.com", "password": "bass-1942"}
NEW_ACTION: dict[str, Any] = {
    "name": "new",
    "supported_triggers": [{"id": "post-login", "version": "v3"}],
    "code": "// new",
    "runtime": "node22",
}
RETIRED = "Insufficient privileges to use this deprecated feature"
CALLS: dict[tuple[str, str], tuple[Call, object]] = {
    ("GET", "/users"): (
        lambda sdk, _: [one.user_id for one in sdk.users.list(q="email:ri*")],
        ["auth0|ringo"],
    ),
    ("POST", "/users"): (lambda sdk, _: sdk.users.create(**NEW_USER).email, "paul@example.com"),
    ("GET", "/users/*"): (lambda sdk, _: sdk.users.get(RINGO).user_metadata, {"displayName": "R ⭐"}),
    ("PATCH", "/users/*"): (lambda sdk, _: sdk.users.update(RINGO, app_metadata={"a": 1}).blocked, None),
    ("DELETE", "/users/*"): (lambda sdk, _: sdk.users.delete(RINGO), None),
    ("GET", "/users-by-email"): (lambda sdk, _: sdk.users.list_users_by_email(email="no@example.com"), []),
    ("POST", "/jobs/users-exports"): (
        lambda sdk, names: sdk.jobs.users_exports.create(connection_id=names["connection"]).status,
        "pending",
    ),
    ("GET", "/jobs/*"): (lambda sdk, names: sdk.jobs.get(names["job"]).status, "completed"),
    ("GET", "/jobs/*/errors"): (lambda sdk, names: sdk.jobs.errors.get(names["job"]), None),
    ("GET", "/actions/actions"): (
        lambda sdk, _: [one.name for one in sdk.actions.list(trigger_id="post-login", per_page=1)],
        ["draft", "running"],
    ),
    ("POST", "/actions/actions"): (lambda sdk, _: sdk.actions.create(**NEW_ACTION).status, "pending"),
    ("GET", "/actions/actions/*"): (
        lambda sdk, names: sdk.actions.get(names["running"]).all_changes_deployed,
        True,
    ),
    ("PATCH", "/actions/actions/*"): (
        lambda sdk, names: sdk.actions.update(names["draft"], code="// x").code,
        "// x",
    ),
    ("DELETE", "/actions/actions/*"): (lambda sdk, names: sdk.actions.delete(names["draft"]), None),
    ("POST", "/actions/actions/*/deploy"): (lambda sdk, names: sdk.actions.deploy(names["draft"]).number, 1),
    ("GET", "/actions/actions/*/versions"): (
        lambda sdk, names: [one.deployed for one in sdk.actions.versions.list(names["running"])],
        [True],
    ),
    ("GET", "/actions/actions/*/versions/*"): (
        lambda sdk, names: sdk.actions.versions.get(names["running"], names["version"]).status,
        "built",
    ),
    ("GET", "/actions/triggers"): (lambda sdk, _: sdk.actions.triggers.list().triggers[0].id, "post-login"),
    ("GET", "/actions/triggers/*/bindings"): (
        lambda sdk, _: [one.display_name for one in sdk.actions.triggers.bindings.list("post-login")],
        ["running"],
    ),
    ("PATCH", "/actions/triggers/*/bindings"): (
        lambda sdk, _: sdk.actions.triggers.bindings.update_many("post-login", bindings=[]).bindings,
        [],
    ),
    ("GET", "/rules"): (lambda sdk, _: [one.name for one in sdk.rules.list()], ["old"]),
    ("GET", "/rules/*"): (lambda sdk, _: sdk.rules.get(OLD_RULE).order, 1),
    ("POST", "/rules"): (lambda sdk, _: refused(lambda: sdk.rules.create(name="new", script="x")), RETIRED),
    ("PATCH", "/rules/*"): (
        lambda sdk, _: refused(lambda: sdk.rules.update(OLD_RULE, enabled=False)),
        RETIRED,
    ),
    ("DELETE", "/rules/*"): (lambda sdk, _: refused(lambda: sdk.rules.delete(OLD_RULE)), RETIRED),
}
"""The SDK's own calls, one for every endpoint of the Management API, and what they return."""


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ForbiddenError) as error:
        call()
    message: str = error.value.body["message"]
    return message


def test_the_calls_cover_every_endpoint() -> None:
    missing = without_example((method, f"/api/v2{path}") for method, path in CALLS)
    assert missing == {
        ("POST", "/oauth/token"),  # asked by every test here, through GetToken
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/exports/*"),
    }


@pytest.mark.parametrize("endpoint", CALLS, ids=" ".join)
def test_every_call_works_unchanged(tenant: RunningTenant, endpoint: tuple[str, str]) -> None:
    full = furnished(tenant)
    for sdk in opened(tenant, full.token):
        call, returned = CALLS[endpoint]
        assert call(sdk, full.names) == returned
    method, path = endpoint
    asked = re.compile(re.escape(f"/api/v2{path}").replace(r"\*", "[^/]+"))
    assert any(one.method == method and asked.fullmatch(one.path) for one in tenant.storage.requests())


def test_an_action_from_its_code_to_its_place(tenant: RunningTenant, sdk: Auth0) -> None:
    tenant.storage.change_settings(TenantSettings(build_time=3600))
    made = sdk.actions.create(**NEW_ACTION)
    assert isinstance(made.created_at, datetime)
    with pytest.raises(BadRequestError) as early:
        sdk.actions.deploy(made.id)
    assert "must be in the 'built' state" in early.value.body["message"]
    tenant.storage.change_settings(TenantSettings(build_time=0))
    sdk.actions.update(made.id, code="// other")
    assert sdk.actions.get(made.id).status == "built"
    version = sdk.actions.deploy(made.id)
    assert (version.number, version.action.id) == (1, made.id)
    binding = {"ref": {"type": "action_id", "value": made.id}, "display_name": "Shown"}
    [bound] = sdk.actions.triggers.bindings.update_many("post-login", bindings=[binding]).bindings
    assert (bound.display_name, bound.action.deployed_version.id) == ("Shown", version.id)
    with pytest.raises(ApiError) as kept:
        sdk.actions.delete(made.id)
    assert kept.value.status_code == 409
    with pytest.raises(NotFoundError):
        sdk.actions.get("00000000-0000-4000-8000-000000000000")


def test_a_page_after_the_last_ends_the_pager(tenant: RunningTenant, sdk: Auth0) -> None:
    for number in range(5):
        tenant.put(f"auth0|{number}", email=f"{number}@example.com")
    listed = sdk.users.list(per_page=2, sort="user_id:1")
    assert [user.user_id for user in listed] == [f"auth0|{number}" for number in range(5)]


def test_a_wrong_secret(tenant: RunningTenant) -> None:
    with pytest.raises(Auth0Error) as refused:
        asking_for_a_token(tenant, "wrong").client_credentials(tenant.state.auth0_audience)
    assert (refused.value.status_code, refused.value.error_code) == (401, "access_denied")
