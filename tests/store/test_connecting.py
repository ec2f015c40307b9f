"""Several hosts, patience with each, and refusals in whatever language: as psql has it, and interruptible."""

import os
import secrets
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from musicctl.errors import ConfigError, DeniedError, MusicctlError, UnavailableError
from musicctl.sandbox import process
from musicctl.sandbox.postgres import postmaster
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.secret import Secret
from musicctl.store import connecting, hosts
from musicctl.store.database import Cursor, Database
from tests.store.servers import ASKS_FOR_PASSWORD, LETS_IN, fatal, impostor, listening


def one(cursor: Cursor) -> object:
    cursor.execute("SELECT 1")
    return cursor.fetchone()


def ask(url: str) -> str:
    """Connect, and return where the connection is."""
    with closing(Database(Secret(url))) as database:
        assert database.run(one, doing="count") == (1,)
        return str(database)


def both(server: Cluster, port: int | str, parameters: str = "", first: str = "127.0.0.1") -> str:
    """Return a URL whose first host has the port, and whose second is the real server."""
    return f"postgresql://musicctl@/musicctl?host={first},{server.place.socket}&port={port},5432{parameters}"


@pytest.fixture
def full() -> Iterator[int]:
    """A port whose queue is full: what connects is neither taken nor refused."""
    with listening(0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            with suppress(BlockingIOError):
                each.connect(listener.getsockname())
        time.sleep(0.1)
        yield int(listener.getsockname()[1])
        for each in waiting:
            each.close()


def test_a_silent_host_is_given_up_for_the_next(server: Cluster, full: int) -> None:
    with listening() as silent:
        for port in (silent.getsockname()[1], full):
            began = time.monotonic()
            assert f"the socket {server.place.socket}" in ask(both(server, port, "&connect_timeout=1"))
            assert 0.9 < time.monotonic() - began < 8


def test_a_host_that_is_not_there_is_given_up_at_once(server: Cluster) -> None:
    with listening() as gone:
        port = gone.getsockname()[1]
    for first in ("127.0.0.1", "nowhere.invalid", "/nowhere"):
        assert "the socket" in ask(both(server, port, first=first))
    with impostor() as port:
        assert "the socket" in ask(both(server, port))
    with impostor(fatal("57P03", "le système de bases de données démarre")) as port:
        assert "the socket" in ask(both(server, port))


def test_patience_is_as_long_as_was_asked_for() -> None:
    with listening() as silent:
        url = f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/d?connect_timeout=2"
        began = time.monotonic()
        with pytest.raises(UnavailableError, match="did not answer within 2 s") as caught:
            ask(url)
        assert 1.9 < time.monotonic() - began < 10
        assert "connect_timeout=60" in caught.value.hint


def test_a_database_that_wakes_up_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "PATIENCE", 0.3)
    with listening() as sleeping:
        port = int(sleeping.getsockname()[1])

        def wake() -> None:
            time.sleep(1)  # longer than the patience that is usual
            client, _ = sleeping.accept()
            with client:
                client.recv(1024)
                client.sendall(b"N")
                client.recv(1024)
                client.sendall(fatal("3D000", "elle n'existe pas"))

        thread = threading.Thread(target=wake)
        thread.start()
        with pytest.raises(ConfigError, match="elle n'existe pas"):
            ask(f"postgresql://u@127.0.0.1:{port}/d?connect_timeout=60&sslmode=prefer&gssencmode=disable")
        thread.join()


def test_every_host_is_told_of_when_none_is_there() -> None:
    with listening() as gone, listening() as silent:
        refusing, holding = gone.getsockname()[1], silent.getsockname()[1]
        gone.close()
        with pytest.raises(UnavailableError) as caught:
            ask(f"postgresql://u@127.0.0.1:{refusing},127.0.0.1:{holding}/d?connect_timeout=1")
    said = str(caught.value)
    assert f"127.0.0.1:{refusing}: Connection refused" in said
    assert f"127.0.0.1:{holding}: the server did not answer" in said


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("28P01", "authentification par mot de passe échouée", DeniedError),
        ("28000", "pas d'entrée dans pg_hba.conf", DeniedError),
        ("3D000", "la base de données « d » n'existe pas", ConfigError),
        ("42501", "droit refusé pour la base de données", DeniedError),
        ("53300", "désolé, trop de clients sont déjà connectés", UnavailableError),
        ("57P03", "le système de bases de données démarre", UnavailableError),
        ("08P01", "pooler: kein Platz", UnavailableError),
        ("3D000", 'データベース"d"は存在しません', ConfigError),
    ],
)
@pytest.mark.parametrize("before", [b"", LETS_IN], ids=["at once", "after the login"])
def test_a_refusal_is_understood_by_its_code(
    code: str, message: str, kind: type[MusicctlError], before: bytes
) -> None:
    with impostor(before + fatal(code, message)) as port, pytest.raises(kind) as caught:
        ask(f"postgresql://u:hunter2@127.0.0.1:{port}/d")
    assert type(caught.value) is kind
    assert message in str(caught.value)
    assert code not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_password_that_is_asked_for_and_not_there() -> None:
    with impostor(ASKS_FOR_PASSWORD, b"") as port, pytest.raises(DeniedError, match="refused the login"):
        ask(f"postgresql://u@127.0.0.1:{port}/d")


def test_a_refusal_is_the_last_word(server: Cluster) -> None:
    """As with psql: what one server refuses is not tried at the next."""
    with impostor(fatal("28P01", "non")) as port, pytest.raises(DeniedError, match="non"):
        ask(both(server, port))


@pytest.mark.parametrize(
    "parameter",
    [
        *("connect_timeout=soon", "connect_timeout=2.5", "connect_timeout=", "target_session_attrs=master"),
        *("load_balance_hosts=yes", "sslmode=on", "gssencmode=no", "channel_binding=x", "keepalives=x"),
        *("tcp_user_timeout=x", "hostaddr=h", "port=x", "port=70000", "port=1,2,3", "hostaddr=127.0.0.1,::1"),
    ],
)
def test_a_value_that_libpq_would_not_take(parameter: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ask(f"postgresql://u:hunter2@127.0.0.1:1/d?{parameter}")
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_hosts_are_tried_in_any_order_when_asked() -> None:
    keywords = {"host": "a,b,c", "port": "1,2,3", "load_balance_hosts": "random"}
    orders = {tuple(map(str, hosts.servers(keywords))) for _ in range(100)}
    assert len(orders) == 6
    assert {tuple(sorted(order)) for order in orders} == {("a:1", "b:2", "c:3")}
    assert [str(each) for each in hosts.servers(keywords | {"load_balance_hosts": "disable"})] == [
        *("a:1", "b:2", "c:3")
    ]


def test_every_address_of_a_name_is_tried() -> None:
    found = hosts.resolved(hosts.Server("localhost", "", "5"), 5.0, shuffled=False)
    assert {each.address for each in found} >= {"127.0.0.1"}
    assert {(each.host, each.port) for each in found} == {("localhost", "5")}
    numeric = hosts.resolved(hosts.Server("127.0.0.1", "", "5"), 0.0, shuffled=True)
    assert numeric == [hosts.Server("127.0.0.1", "127.0.0.1", "5")]


@pytest.fixture(scope="module")
def standby(server: Cluster) -> Iterator[int]:
    """The port of a standby of the server, on a socket in the same folder."""
    programs = server.binaries.folder
    if not (programs / "pg_basebackup").exists():
        pytest.skip("pg_basebackup is not there")
    data, port = server.place.folder / f"standby-{secrets.token_hex(4)}", 5433
    source = [f"--host={server.place.socket}", "--username=postgres"]
    copied = process.run(
        [str(programs / "pg_basebackup"), f"--pgdata={data}", "-R", "-c", "fast", *source], server.account
    )
    assert copied.returncode == 0, copied.stderr
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(server.place.socket),
        "port": str(port),
        "fsync": "off",
        "dynamic_shared_memory_type": "mmap",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    process.spawn(
        [str(programs / "postgres"), "-D", str(data), *options],
        server.account,
        log=server.place.folder / "standby.log",
    )
    deadline = time.monotonic() + 30
    while True:
        try:
            ask(f"postgresql://musicctl@/musicctl?host={server.place.socket}&port={port}")
            break
        except UnavailableError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    yield port
    postmaster.stop(data)
    shutil.rmtree(data)


def is_standby(cursor: Cursor) -> object:
    cursor.execute("SELECT pg_is_in_recovery()")
    row = cursor.fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        *(("any", True), ("read-write", False), ("primary", False)),
        *(("read-only", True), ("standby", True), ("prefer-standby", True)),
    ],
)
def test_a_primary_or_a_standby_as_asked_for(
    server: Cluster, standby: int, wanted: str, expected: bool
) -> None:
    folder = server.place.socket
    url = f"postgresql://musicctl@/musicctl?host={folder},{folder}&port={standby},5432"
    with closing(Database(Secret(f"{url}&target_session_attrs={wanted}"))) as database:
        assert database.run(is_standby, doing="ask") is expected


def test_where_none_is_what_was_asked_for(server: Cluster, standby: int) -> None:
    url = f"postgresql://musicctl@/musicctl?host={server.place.socket}"
    with pytest.raises(UnavailableError, match="not in hot standby mode"):
        ask(f"{url}&port=5432&target_session_attrs=standby")
    with pytest.raises(UnavailableError, match="in hot standby mode"):
        ask(f"{url}&port={standby}&target_session_attrs=primary")
    assert "musicctl on the socket" in ask(f"{url}&port=5432&target_session_attrs=prefer-standby")


def test_a_standby_says_why_it_writes_nothing(server: Cluster, standby: int) -> None:
    url = f"postgresql://musicctl@/musicctl?host={server.place.socket}&port={standby}"
    with closing(Database(Secret(url))) as database, pytest.raises(DeniedError) as caught:
        database.run(lambda cursor: cursor.execute("CREATE TABLE x ()"), doing="make a table")
    assert "read-only transaction" in str(caught.value)
    assert "it is a standby" in caught.value.hint


@pytest.mark.parametrize("frozen", [False, True])
def test_ctrl_c_ends_a_wait_within_a_second(server: Cluster, frozen: bool) -> None:
    """While the connection is made, and when a server is frozen that a cancel would have to reach."""
    with listening() as silent, closing(Database(Secret(server.place.url("musicctl")))) as database:
        pids = []
        if frozen:
            database.run(lambda cursor: pids.append(cursor.connection.info.backend_pid), doing="ask")
            pid = postmaster.running(server.data)
            assert pid is not None
            pids.append(pid)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        sent = []

        def interrupt() -> None:
            time.sleep(0.5)
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            url = f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/d"
            waited_for = database if frozen else Database(Secret(url))
            with pytest.raises(KeyboardInterrupt):
                waited_for.run(one, doing="count")
            assert time.monotonic() - sent[0] < 1.5
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            thread.join()
