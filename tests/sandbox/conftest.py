"""A local tenant for the tests of the sandbox: one process a session, emptied for each test."""

from collections.abc import Iterator

import pytest

from musicctl.sandbox.local_tenant.settings import TenantSettings
from tests.sandbox.tenant_fixtures import RunningTenant, running_tenant


@pytest.fixture(scope="session")
def tenant_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTenant]:
    """A tenant that runs as long as the tests do."""
    with running_tenant(tmp_path_factory.mktemp("tenant")) as running:
        yield running


@pytest.fixture
def tenant(tenant_server: RunningTenant) -> RunningTenant:
    """The same tenant without users, logs and settings of earlier tests."""
    tenant_server.storage.clear()
    return tenant_server


@pytest.fixture
def quick(tenant: RunningTenant) -> RunningTenant:
    """The same, with Actions that are built at once."""
    tenant.storage.change_settings(TenantSettings(build_time=0))
    return tenant
