"""Refreshing the mirror: true from before the job on, once for all who ask, and whole whatever is in it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from musicctl.operations import connect, mirror
from musicctl.sandbox.local_tenant.settings import TenantSettings
from musicctl.secret import Secret
from musicctl.store.mirror import MirrorState
from musicctl.tenant.client import Tenant
from musicctl.tenant.users import TenantUser
from tests.program import Sandbox


@pytest.fixture
def tenant(sandbox: Sandbox) -> Iterator[Tenant]:
    """The sandbox's tenant, with one user."""
    sandbox.add_user("auth0|a", app_metadata={"roles": ["x"]})
    state = sandbox.state
    opened = connect.tenant(
        state.auth0_domain,
        client_id=state.auth0_client_id,
        audience=state.auth0_audience,
        client_secret=Secret(state.auth0_client_secret),
        private_key=None,
    )
    yield opened
    opened.close()


def refreshed(sandbox: Sandbox, tenant: Tenant, said: list[str]) -> MirrorState:
    with closing(connect.database(Secret(sandbox.state.database_url))) as database:
        return mirror.fresh(database, tenant, max_age=0.0, refresh=True, actor="ann@desk", say=said.append)


def jobs(sandbox: Sandbox) -> list[float]:
    """Return when export jobs were posted, in seconds since 1970."""
    return [at / 1000 for (at,) in sandbox.tenant.rows("SELECT created_at FROM jobs ORDER BY created_at")]


def test_it_is_true_as_of_before_the_job_was_posted(sandbox: Sandbox, tenant: Tenant) -> None:
    sandbox.tenant.change_settings(TenantSettings(export_time=0.5))
    said: list[str] = []
    state = refreshed(sandbox, tenant, said)
    assert state.as_of is not None
    assert state.as_of.timestamp() < jobs(sandbox)[0] + 0.001
    assert said == [
        f"asking {tenant} for an export of every user",
        "the export is complete: reading it",
        "the mirror has 1 users",
    ]


def test_who_asks_meanwhile_waits_and_takes_the_same(sandbox: Sandbox, tenant: Tenant) -> None:
    sandbox.tenant.change_settings(TenantSettings(export_time=2.0))
    asking = threading.Event()

    class First(list[str]):
        def append(self, line: str) -> None:
            super().append(line)
            asking.set()

    with ThreadPoolExecutor() as threads:
        first = threads.submit(refreshed, sandbox, tenant, First())
        assert asking.wait(60)
        said: list[str] = []
        second = refreshed(sandbox, tenant, said)
    assert second.as_of == first.result().as_of
    assert len(jobs(sandbox)) == 1
    assert len(said) == 1
    assert said[0].startswith("waiting for")


def test_who_asks_afterwards_gets_a_new_one(sandbox: Sandbox, tenant: Tenant) -> None:
    first = refreshed(sandbox, tenant, [])
    assert refreshed(sandbox, tenant, []).as_of != first.as_of
    assert len(jobs(sandbox)) == 2


@pytest.mark.parametrize(
    ("user", "row"),
    [
        (TenantUser("auth0|a"), ("auth0|a", None, None, (), None)),
        (
            TenantUser("auth0|a", "a\0@b", {"roles": "x"}, {"displayName": "A\0"}),
            ("auth0|a", "a\ufffd@b", "A\ufffd", ("x",), None),
        ),
        (
            TenantUser("auth0|a", "", {"roles": ["x", "y\0"]}, {"displayName": ""}),
            ("auth0|a", "", "", None, "roles contain a NUL character"),
        ),
        (TenantUser("auth0|a", None, {"roles": 7}), ("auth0|a", None, None, None, "roles are a number")),
    ],
)
def test_a_user_as_a_row(user: TenantUser, row: tuple[object, ...]) -> None:
    assert mirror.row(user) == row
