"""Auth0's own SDK against every endpoint of the local tenant: its models accept what they get."""

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from urllib.request import urlopen

import httpx
import pytest
from auth0.authentication import GetToken
from auth0.authentication.exceptions import Auth0Error
from auth0.management.client import Auth0
from auth0.management.errors import (
    BadRequestError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnauthorizedError,
)

from musicctl.sandbox.local_tenant.settings import TenantSettings
from tests.sandbox.tenant_fixtures import RunningTenant

DATABASE = "Username-Password-Authentication"


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


def test_a_wrong_secret(tenant: RunningTenant) -> None:
    with pytest.raises(Auth0Error) as refused:
        asking_for_a_token(tenant, "wrong").client_credentials(tenant.state.auth0_audience)
    assert (refused.value.status_code, refused.value.error_code) == (401, "access_denied")
