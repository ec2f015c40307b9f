"""A relay in front of the sandbox's tenant, and the adapter that talks over it."""

from collections.abc import Iterator

import pytest

from musicctl.secret import Secret
from musicctl.tenant.client import Tenant
from musicctl.tenant.retries import Patience
from musicctl.tenant.token import Credentials
from tests.program import Sandbox
from tests.tenant.relay import Relay, relay

NONE = Patience(failing=0.0, throttled=0.0)


@pytest.fixture
def between(sandbox: Sandbox) -> Iterator[Relay]:
    """The relay; behind it, the tenant has one user, auth0|a."""
    sandbox.add_user("auth0|a", app_metadata={"roles": ["x"], "plan": 1}, user_metadata={"theme": "dark"})
    with relay(sandbox.state) as running:
        yield running


@pytest.fixture
def credentials(sandbox: Sandbox) -> Credentials:
    """The sandbox's own."""
    return with_secret(sandbox, sandbox.state.auth0_client_secret)


@pytest.fixture
def tenant(between: Relay, credentials: Credentials) -> Iterator[Tenant]:
    """The adapter, which gives up at the first failure."""
    opened = Tenant(between.url, credentials, patience=NONE)
    yield opened
    opened.close()


@pytest.fixture
def patient(between: Relay, credentials: Credentials) -> Iterator[Tenant]:
    """The adapter as commands use it."""
    opened = Tenant(between.url, credentials)
    yield opened
    opened.close()


def with_secret(sandbox: Sandbox, secret: str) -> Credentials:
    """Return the sandbox's credentials with another secret."""
    return Credentials(
        client_id=sandbox.state.auth0_client_id,
        audience=sandbox.state.auth0_audience,
        client_secret=Secret(secret),
    )
