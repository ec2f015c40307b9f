import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from musicctl.errors import MusicctlError, UnavailableError
from musicctl.sandbox.postgres import cluster, place, postmaster
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.sandbox.postgres.place import Place


@pytest.fixture(scope="module")
def shared() -> Iterator[Cluster]:
    with cluster.temporary() as made:
        yield made


@pytest.fixture
def running(shared: Cluster) -> Cluster:
    """The module's cluster, up whatever the test before did to it."""
    cluster.start(shared)
    return shared


def ask(made: Cluster, sql: str, user: str = "musicctl") -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(made.place.url(user=user))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []


def server(made: Cluster) -> int:
    pid = postmaster.running(made.data)
    assert pid is not None
    return pid


def test_the_database_belongs_to_a_role_that_is_no_superuser(running: Cluster) -> None:
    sql = "SELECT current_user, current_database(), rolsuper FROM pg_roles WHERE rolname = current_user"
    assert ask(running, sql) == [("musicctl", "musicctl", False)]
    assert ask(running, "CREATE TABLE mine (); DROP TABLE mine; SELECT 1") == [(1,)]


def test_it_is_utf8_durable_against_a_kill_and_off_the_network(running: Cluster) -> None:
    names = ("server_encoding", "synchronous_commit", "fsync", "listen_addresses", "TimeZone")
    assert [ask(running, f"SHOW {name}")[0][0] for name in names] == ["UTF8", "on", "off", "", "UTC"]


def test_nobody_else_may_enter_its_folder(running: Cluster) -> None:
    assert running.place.folder.stat().st_mode & 0o777 == 0o700
    assert running.data.name == f"pg{running.binaries.major}"


def test_starting_a_running_cluster_leaves_it_alone(running: Cluster) -> None:
    before = server(running)
    assert cluster.start(running) is False
    assert server(running) == before


def test_stop_and_start_keep_the_data(running: Cluster) -> None:
    ask(running, "CREATE TABLE kept AS SELECT 7 AS n")
    assert cluster.stop(running.place.folder) is True
    assert cluster.stop(running.place.folder) is False
    assert postmaster.running(running.data) is None
    cluster.start(running)
    assert ask(running, "SELECT n FROM kept") == [(7,)]


def test_what_was_committed_survives_kill_9(running: Cluster) -> None:
    ask(running, "CREATE TABLE survivors AS SELECT 1 AS n")
    ask(running, "INSERT INTO survivors VALUES (2)")
    os.kill(server(running), signal.SIGKILL)
    cluster.start(running)
    assert ask(running, "SELECT n FROM survivors ORDER BY n") == [(1,), (2,)]


def test_a_record_whose_process_id_is_a_strangers_is_no_obstacle(running: Cluster) -> None:
    cluster.stop(running.place.folder)
    strangers = f"{os.getpid()}\n{running.data}\n0\n5432\n{running.place.socket}\n\n0\nready\n"
    (running.data / "postmaster.pid").write_text(strangers)
    (running.place.socket / ".s.PGSQL.5432.lock").write_text(strangers)
    assert postmaster.running(running.data) is None
    assert cluster.stop(running.place.folder) is False
    cluster.start(running)
    assert server(running) != os.getpid()


def test_a_zombie_does_not_count_as_running(running: Cluster) -> None:
    cluster.stop(running.place.folder)
    with subprocess.Popen([sys.executable, "-c", "", str(running.data)]) as dead:
        os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
        (running.data / "postmaster.pid").write_text(f"{dead.pid}\n{running.data}\n")
        assert postmaster.running(running.data) is None
        cluster.start(running)
        assert server(running) != dead.pid


def test_it_waits_for_backends_that_outlive_a_killed_server(running: Cluster) -> None:
    # Busy computing, a backend does not notice that its server is gone until the statement ends.
    busy = "SELECT count(*) FROM generate_series(1, 4000000)"
    command = [str(running.binaries.psql), "-X", "-c", busy, running.place.url()]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        while not ask(running, f"SELECT 1 FROM pg_stat_activity WHERE query = '{busy}'", "postgres"):
            assert client.poll() is None
        os.kill(server(running), signal.SIGKILL)
        cluster.start(running)
    assert ask(running, "SELECT 1") == [(1,)]


def test_half_an_initdb_never_counts_and_is_cleared_away(running: Cluster) -> None:
    cluster.stop(running.place.folder)
    leftover = running.place.folder / "new-0123abcd"
    leftover.mkdir()
    (leftover / "PG_VERSION").write_text("18\n")
    cluster.start(running)
    assert not leftover.exists()


def test_data_that_is_gone_is_made_anew(running: Cluster) -> None:
    ask(running, "CREATE TABLE lost ()")
    cluster.stop(running.place.folder)
    (running.data / "global" / "pg_control").unlink()
    assert cluster.start(running) is True
    assert ask(running, "SELECT to_regclass('lost')") == [(None,)]


def test_a_database_that_was_never_made_is_made_at_the_next_start(running: Cluster) -> None:
    with closing(psycopg2.connect(running.place.url("template1", "postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE musicctl")
    cluster.start(running)
    assert ask(running, "SELECT current_user") == [("musicctl",)]


def test_a_lost_socket_folder_is_replaced(running: Cluster) -> None:
    (running.place.socket / ".s.PGSQL.5432").unlink()
    cluster.start(running)
    assert ask(running, "SELECT 1") == [(1,)]


def test_a_server_of_another_version_gives_way(running: Cluster) -> None:
    newer = replace(running, binaries=replace(running.binaries, version="19.0"))
    before = server(running)
    cluster.start(newer)
    assert postmaster.running(running.data) is None
    assert server(newer) != before
    cluster.stop(newer.place.folder)


def test_a_server_that_cannot_start_says_why(running: Cluster) -> None:
    cluster.stop(running.place.folder)
    settings = running.data / "postgresql.auto.conf"
    settings.write_text("no_such_setting = 1\n")
    try:
        with pytest.raises(UnavailableError, match="no_such_setting") as raised:
            cluster.start(running)
    finally:
        settings.write_text("")
    assert str(running.log) in raised.value.hint


def test_an_initdb_that_fails_says_why(running: Cluster) -> None:
    folder = running.place.folder / "unwritable"
    folder.mkdir(mode=0o500)
    lonely = replace(running, place=replace(running.place, folder=folder))
    if running.account is not None:
        os.chown(folder, 0, 0)
        folder.chmod(0o755)
    with pytest.raises(MusicctlError, match=r"cannot be set up: .*Permission denied"):
        cluster.start(lonely)
    folder.rmdir()


def test_commas_spaces_and_quotes_in_a_path_are_quoted() -> None:
    odd = Place(Path("/a b"), Path("/a b/@,&c"))
    assert odd.url() == "postgresql://musicctl@/musicctl?host=%2Fa%20b%2F%40%2C%26c&port=5432"


def test_a_socket_goes_to_a_short_folder_when_its_path_would_be_too_long(tmp_path: Path) -> None:
    deep = Path(tempfile.mkdtemp(dir=tmp_path)) / ("x" * 100)
    deep.mkdir()
    chosen = place.choose(deep, None, None)
    try:
        assert chosen.folder == deep / "postgres"
        assert len(str(chosen.socket)) < 80
        assert place.choose(deep, None, chosen) == chosen
    finally:
        shutil.rmtree(chosen.socket)
    replaced = place.choose(deep, None, chosen)
    replaced.socket.rmdir()
    assert replaced.socket != chosen.socket


def test_a_temporary_cluster_leaves_nothing_behind() -> None:
    with cluster.temporary() as made:
        folder, pid = made.place.folder, server(made)
        assert ask(made, "SELECT 1") == [(1,)]
    assert not folder.exists()
    assert not Path(f"/proc/{pid}/cmdline").exists() or not Path(f"/proc/{pid}/cmdline").read_bytes()
