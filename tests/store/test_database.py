"""Connections: what is down, refused, ended or silent is said in one clear error, within bounds."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from musicctl.errors import ConfigError, DeniedError, MusicctlError, UnavailableError
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.secret import Secret
from musicctl.store import connecting, waiting
from musicctl.store.database import Cursor, Database
from tests.program import query


def one(cursor: Cursor) -> object:
    cursor.execute("SELECT 1")
    return cursor.fetchone()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_a_server_that_is_down(free_port: int) -> None:
    with pytest.raises(UnavailableError, match="cannot be reached") as caught:
        Database(Secret(f"postgresql://u:hunter2@127.0.0.1:{free_port}/d")).run(one, doing="count")
    assert f"127.0.0.1:{free_port}/d" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_host_that_does_not_resolve() -> None:
    with pytest.raises(UnavailableError, match="cannot be reached"):
        Database(Secret("postgresql://u@nowhere.invalid/d")).run(one, doing="count")


def test_a_server_that_says_nothing(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "PATIENCE", 0.3)
    with pytest.raises(UnavailableError, match=r"did not answer within"):
        Database(Secret(f"postgresql://u@127.0.0.1:{silent_port}/d")).run(one, doing="count")


def test_a_role_or_database_that_does_not_exist(server: Cluster) -> None:
    with pytest.raises(DeniedError, match='role "nobody-here" does not exist'):
        Database(Secret(server.place.url("musicctl", "nobody-here"))).run(one, doing="count")
    with pytest.raises(ConfigError, match='database "nowhere" does not exist'):
        Database(Secret(server.place.url("nowhere"))).run(one, doing="count")


def test_a_connection_that_the_server_ended_is_replaced(database: Database, database_url: str) -> None:
    database.run(one, doing="count")
    query(
        database_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    assert database.run(one, doing="count") == (1,)


def test_reading_only_is_refused_a_write_by_postgres(database: Database, database_url: str) -> None:
    with pytest.raises(DeniedError, match="read-only transaction"):
        database.run(
            lambda cursor: cursor.execute("INSERT INTO public.songs (song_id) VALUES ('1')"),
            doing="save a song",
            read_only=True,
        )
    assert query(database_url, "SELECT count(*) FROM songs") == [(0,)]
    database.run(
        lambda cursor: cursor.execute("INSERT INTO public.songs (song_id) VALUES ('1')"), doing="save"
    )
    assert query(database_url, "SELECT count(*) FROM songs") == [(1,)]


def test_an_error_undoes_the_transaction(database: Database, database_url: str) -> None:
    def work(cursor: Cursor) -> None:
        cursor.execute("INSERT INTO public.songs (song_id) VALUES ('1')")
        raise MusicctlError("no")

    with pytest.raises(MusicctlError, match="no"):
        database.run(work, doing="save")
    assert query(database_url, "SELECT count(*) FROM songs") == [(0,)]
    assert database.run(one, doing="count") == (1,)


def test_a_serialization_failure_is_repeated(database: Database) -> None:
    attempts = []

    def work(cursor: Cursor) -> int:
        attempts.append(1)
        if len(attempts) < 3:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$")
        return len(attempts)

    assert database.run(work, doing="count") == 3
    attempts.clear()
    with pytest.raises(MusicctlError, match="again"):
        database.run(work, doing="count", repeat_on=())
    assert len(attempts) == 1


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_text_that_postgres_cannot_hold(database: Database, text: str) -> None:
    with pytest.raises(MusicctlError, match="Postgres cannot hold"):
        database.run(lambda cursor: cursor.execute("SELECT %s", (text,)), doing="ask")


def test_several_threads_take_turns(database: Database) -> None:
    together, most = [], []

    def work(cursor: Cursor) -> None:
        together.append(1)
        most.append(len(together))
        cursor.execute("SELECT pg_sleep(0.01)")
        together.pop()

    threads = [
        threading.Thread(target=database.run, args=(work,), kwargs={"doing": "wait"}) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


def test_a_frozen_query_ends_at_the_deadline(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SILENCE", 0.3)
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="did not answer"):
        database.run(lambda cursor: cursor.execute("SELECT pg_sleep(30)"), doing="wait")
    assert time.monotonic() - began < 25
    assert database.run(one, doing="count") == (1,)
