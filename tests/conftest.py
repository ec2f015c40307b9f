"""What every test may ask for: a real Postgres, one cluster a session, and a database of its own."""

import os
import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from musicctl.sandbox.postgres import cluster
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.secret import Secret
from musicctl.store import schema
from musicctl.store.database import Database

TEMPLATE = "template_musicctl"
# A copy of a database is 300 files: 20 ms in Linux's memory, up to 400 ms on a slow disk.
MEMORY = Path("/dev/shm")


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


def query(url: str, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Run one statement in a transaction of its own and return its rows, if it has any."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall() if cursor.description else []
