"""Connections age: a dead one is made anew between transactions, once, and told of inside one."""

import time
from collections.abc import Iterator
from contextlib import closing, suppress

import psycopg2
import pytest

from musicctl.errors import DeniedError, MusicctlError, UnavailableError
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.secret import Secret
from musicctl.store.database import Cursor, Database
from tests.conftest import command
from tests.program import query
from tests.store.servers import Relay, relay


@pytest.fixture
def between(server: Cluster) -> Iterator[Relay]:
    with relay(server.place.socket) as running:
        yield running


@pytest.fixture
def behind(between: Relay, database_url: str) -> Iterator[Database]:
    """The database, over the relay, with a connection that has done something."""
    name = query(database_url, "SELECT current_database()")[0][0]
    url = f"postgresql://musicctl@127.0.0.1:{between.port}/{name}?connect_timeout=2"
    with closing(Database(Secret(url))) as opened:
        opened.run(one, doing="count")
        assert between.taken == 1
        yield opened


def one(cursor: Cursor) -> object:
    cursor.execute("SELECT 1")
    return cursor.fetchone()


def add(cursor: Cursor) -> None:
    cursor.execute("INSERT INTO public.songs (song_id) VALUES ('1')")


def ended(url: str, name: str) -> None:
    query(
        url,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        f" WHERE datname = '{name}' AND pid <> pg_backend_pid()",
    )


@pytest.mark.parametrize("how", ["cut", "terminated", "idle for too long", "silent"])
def test_a_connection_that_died_between_transactions(
    server: Cluster, between: Relay, behind: Database, database_url: str, how: str
) -> None:
    name = query(database_url, "SELECT current_database()")[0][0]
    if how == "cut":
        between.cut()
    elif how == "terminated":
        ended(database_url, name)
    elif how == "silent":
        between.hold()
    else:
        command(server, f"ALTER DATABASE {name} SET idle_session_timeout = '100ms'")
        behind.close()
        behind.run(one, doing="count")
        before = between.taken
        time.sleep(0.5)
        assert behind.run(one, doing="count") == (1,)
        assert between.taken == before + 1
    behind.run(add, doing="save")
    assert query(database_url, "SELECT count(*) FROM songs") == [(1,)]
    assert behind.run(one, doing="count", read_only=True) == (1,)


def test_it_is_made_anew_once(between: Relay, behind: Database, database_url: str) -> None:
    began: list[int] = []

    def work(cursor: Cursor) -> None:
        began.append(1)
        add(cursor)

    between.cut()
    between.swallowing = True
    with pytest.raises(UnavailableError):
        behind.run(work, doing="save")
    assert (between.taken, began) == (2, [])
    between.swallowing = False
    behind.run(work, doing="save")
    assert query(database_url, "SELECT count(*) FROM songs") == [(1,)]


@pytest.mark.parametrize("how", ["cut", "terminated"])
def test_inside_a_transaction_it_is_told(
    between: Relay, behind: Database, database_url: str, how: str
) -> None:
    began: list[int] = []

    def work(cursor: Cursor) -> None:
        began.append(1)
        add(cursor)
        if how == "cut":
            between.cut()
        else:
            ended(database_url, cursor.connection.info.dbname)
        cursor.execute("SELECT 1")

    with pytest.raises(UnavailableError):
        behind.run(work, doing="save")
    assert len(began) == 1
    assert query(database_url, "SELECT count(*) FROM songs") == [(0,)]
    behind.run(add, doing="save")


def test_a_commit_whose_reply_is_lost_is_not_known(
    between: Relay, behind: Database, database_url: str
) -> None:
    def work(cursor: Cursor) -> None:
        add(cursor)
        between.swallowing = True

    with pytest.raises(UnavailableError, match="it is not known whether it did"):
        behind.run(work, doing="save")
    deadline = time.monotonic() + 10
    while query(database_url, "SELECT count(*) FROM songs") != [(1,)]:  # it did
        assert time.monotonic() < deadline
        time.sleep(0.05)
    between.swallowing = False
    assert behind.run(one, doing="count") == (1,)


def test_an_error_that_the_work_kept_to_itself_is_not_a_commit(database: Database, database_url: str) -> None:
    """Postgres answers COMMIT with ROLLBACK then, and the driver says nothing of it."""

    def work(cursor: Cursor) -> None:
        add(cursor)
        with suppress(psycopg2.Error):
            cursor.execute("SELECT 1 / 0")

    with pytest.raises(MusicctlError, match="was undone"):
        database.run(work, doing="save")
    assert query(database_url, "SELECT count(*) FROM songs") == [(0,)]


def test_a_server_that_lets_nobody_write_is_respected(
    server: Cluster, database: Database, database_url: str
) -> None:
    name = query(database_url, "SELECT current_database()")[0][0]
    command(server, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(DeniedError, match="read-only transaction") as caught:
        database.run(add, doing="save")
    assert "default_transaction_read_only" in caught.value.hint
    assert database.run(one, doing="count") == (1,)
