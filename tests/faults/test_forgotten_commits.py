"""A crash of Postgres where somebody had chosen speed: no write of ours is forgotten, nor called unsent.

MUSICCTL_CRASHES sets how many crashes at random moments are tried in each place. The oracle is the tenant's
own log of what took effect, held against the journal.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import psycopg2
import pytest

from musicctl.sandbox.postgres import cluster, postmaster
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.secret import Secret
from musicctl.store import schema
from musicctl.store.database import Database
from tests.conftest import MEMORY, command
from tests.faults.processes import ended, listeners, run, running, settings
from tests.program import Sandbox, query

CRASHES = int(os.environ.get("MUSICCTL_CRASHES", "1"))
USERS = 40
OFF = "synchronous_commit"
SLOW_WRITER = "ALTER SYSTEM SET wal_writer_delay = '10s'"
"""What is not asked to be on disk is there within three times so long: a crash forgets more of it."""

TRUE = {"applied", "unknown", "sent"}
"""The states of a change that may have been done."""


def for_the_database(server: Cluster, url: str) -> str:
    command(server, f"ALTER DATABASE musicctl SET {OFF} = off")
    return url


def for_the_account(server: Cluster, url: str) -> str:
    command(server, f"ALTER ROLE musicctl SET {OFF} = off")
    return url


def in_the_url(_server: Cluster, url: str) -> str:
    return f"{url}&options=-c%20{OFF}%3Doff"


PLACES = (for_the_database, for_the_account, in_the_url)


@pytest.fixture
def own() -> Iterator[Cluster]:
    """A Postgres of this test's own, which may be crashed."""
    with cluster.temporary(MEMORY if os.access(MEMORY, os.W_OK) else None) as started:
        command(started, SLOW_WRITER)
        command(started, "SELECT pg_reload_conf()")
        opened = Database(Secret(started.place.url()))
        schema.init(opened)
        opened.close()
        yield started


def crash(server: Cluster) -> None:
    """Stop the server as pg_ctl's immediate mode does, and start it again."""
    pid = postmaster.running(server.data)
    assert pid is not None
    os.kill(pid, signal.SIGQUIT)
    while postmaster.running(server.data) is not None:
        time.sleep(0.01)
    cluster.start(server)


def forgotten(sandbox: Sandbox, url: str) -> dict[str, str | None]:
    """Return what the journal says of each write that took effect, where that is not that it may have."""
    rows = dict(query(url, "SELECT run || '/' || seq, state FROM musicctl.changes"))
    names = [str(effect.correlation_id) for effect in sandbox.writes()]
    return {name: rows.get(name) for name in names if rows.get(name) not in TRUE}


@pytest.mark.timeout(120 + 30 * CRASHES)
@pytest.mark.parametrize("place", PLACES, ids=[place.__name__ for place in PLACES])
def test_a_crash_forgets_no_write(
    sandbox: Sandbox, own: Cluster, place: Callable[[Cluster, str], str]
) -> None:
    url, chance = place(own, own.place.url()), random.Random(5)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SHOW {OFF}")
        assert cursor.fetchone() == ("off",)
    here = replace(sandbox, state=replace(sandbox.state, database_url=url))
    environment = settings(here, threads="4", settle="0.1s", max_grant="100%", max_revoke="100%")
    for _ in range(CRASHES):
        sandbox.tenant.clear()
        here.query(
            "TRUNCATE playlists, musicctl.tenant_users, musicctl.mirror, musicctl.runs, musicctl.changes"
        )
        listeners(here, USERS)
        crashed_while_writing(here, own, environment, chance.randrange(2, USERS // 2))
        assert forgotten(here, url) == {}
        code, _, err = run(environment, "roles", "sync", "--yes")
        assert code == 0, err
        assert forgotten(here, url) == {}
        assert len({effect.user_id for effect in here.writes()}) == USERS == len(here.writes())


def crashed_while_writing(sandbox: Sandbox, server: Cluster, environment: dict[str, str], after: int) -> None:
    """Crash the server when a sync has written so many users, and wait for the end of the sync."""
    with running(environment, "roles", "sync", "--yes") as process:
        while len(sandbox.writes()) < after:
            assert process.poll() is None, process.communicate()
            time.sleep(0.002)
        crash(server)
        ended(process)
