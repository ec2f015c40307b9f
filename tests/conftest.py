"""What every test may ask for: a real Postgres, one cluster a session, and a database of its own."""

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from musicctl import redaction
from musicctl.sandbox import lifecycle, load
from musicctl.sandbox.demo import LISTENERS, SEED
from musicctl.sandbox.postgres import cluster
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.secret import Secret
from musicctl.store import schema
from musicctl.store.database import Database
from tests.program import Program, Sandbox

TEMPLATE = "template_musicctl"
# A copy of a database is 300 files: 20 ms in Linux's memory, up to 400 ms on a slow disk.
MEMORY = Path("/dev/shm")


SETTING_PREFIXES = ("AUTH0_", "DATABASE_URL", "MUSICCTL_", "PG", "XDG_")


def pytest_configure() -> None:
    """Let signals reach what the tests start, also where nohup or a shell in the background ignores them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the long tests, so that each worker begins with some of them and none is left for the end."""
    long = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    items[:] = others
    for place, item in enumerate(long):
        items.insert(place * len(others) // len(long) + place, item)


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep every test away from the settings and folders of whoever runs it."""
    monkeypatch.setattr(redaction, "_hidden", redaction._Hidden())  # as in a process of its own
    for name in list(os.environ):
        if name.startswith(SETTING_PREFIXES):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    """The program, run in this process through its own entry."""
    return Program(capsys)


@pytest.fixture(scope="session")
def sandbox_folder() -> Iterator[Path]:
    """The folder of a sandbox that is up for the whole session."""
    parent = MEMORY if os.access(MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="musicctl-tests-", dir=parent))
    try:
        lifecycle.up(folder / "sandbox", lambda _line: None)
        yield folder / "sandbox"
    finally:
        lifecycle.remove(folder / "sandbox", lambda _line: None)
        shutil.rmtree(folder)


@pytest.fixture
def sandbox(sandbox_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A running sandbox, emptied, as the profile that commands of this test use."""
    monkeypatch.setenv("MUSICCTL_SANDBOX", str(sandbox_folder))
    monkeypatch.setenv("MUSICCTL_PROFILE", "sandbox")
    with Sandbox.open(sandbox_folder) as opened:
        opened.clear()
        yield opened


@pytest.fixture
def demo(sandbox: Sandbox, sandbox_folder: Path) -> Sandbox:
    """The same with the listeners of the demo."""
    load.load_made_up(sandbox_folder, sandbox.state, users=LISTENERS, seed=SEED, say=lambda _line: None)
    load.load_cast(sandbox_folder, sandbox.state)
    return sandbox


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """A running Postgres with a database that has every table, as a template for others."""
    with cluster.temporary(MEMORY if os.access(MEMORY, os.W_OK) else None) as running:
        command(running, f"CREATE DATABASE {TEMPLATE} OWNER musicctl")
        made = Database(Secret(running.place.url(TEMPLATE)))
        schema.init(made)
        made.close()
        yield running


@pytest.fixture
def empty_url(server: Cluster) -> Iterator[str]:
    """The URL of a database without any table."""
    yield from fresh(server, "template1")


@pytest.fixture
def database_url(server: Cluster) -> Iterator[str]:
    """The URL of a database with the app's tables and our schema, all empty."""
    yield from fresh(server, TEMPLATE)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same database, opened."""
    opened = Database(Secret(database_url))
    yield opened
    opened.close()


def fresh(server: Cluster, template: str) -> Iterator[str]:
    """Yield the URL of a new database, a copy of `template`, and drop it afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    command(server, f"CREATE DATABASE {name} OWNER musicctl TEMPLATE {template}")
    yield server.place.url(name)
    command(server, f"DROP DATABASE {name} WITH (FORCE)")


def command(server: Cluster, sql: str) -> None:
    """Run one statement as the cluster's superuser, outside a transaction."""
    with closing(psycopg2.connect(server.place.url("postgres", "postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
