"""Whoever sends to a database in the clear is told so, once: asked of the connection, not of the settings."""

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509

from musicctl.sandbox.postgres.cluster import Cluster
from tests.program import Program
from tests.store.servers import LETS_IN, fatal, relay
from tests.tenant.test_connection import secured

READY = b"Z" + struct.pack("!ic", 5, b"I")
SETTINGS = {
    "client_encoding": "UTF8",
    "server_version": "17.0",
    "standard_conforming_strings": "on",
    "DateStyle": "ISO, MDY",
}
"""What the driver waits for before it is content."""

WARNING = "is not encrypted"


def own_address() -> str:
    """Return an address of this machine that is not loopback."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as asked:
        try:
            asked.connect(("192.0.2.1", 9))  # of documentation; nothing is sent
        except OSError:
            pytest.skip("this machine has no address but loopback")
        return str(asked.getsockname()[0])


def speak(client: socket.socket, context: ssl.SSLContext | None) -> None:
    """Let a client in, over TLS if it asks and there is a context, and refuse the first thing it wants."""
    while True:
        (length,) = struct.unpack("!i", client.recv(4))
        if struct.unpack("!i", client.recv(length - 4)[:4])[0] == 80877103 and context is not None:
            client.sendall(b"S")
            client = context.wrap_socket(client, server_side=True)
        elif length == 8:
            client.sendall(b"N")
        else:
            break
    said = [f"{name}\0{value}\0".encode() for name, value in SETTINGS.items()]
    told = b"".join(b"S" + struct.pack("!i", len(each) + 4) + each for each in said)
    client.sendall(LETS_IN + told + READY)
    client.recv(1024)
    client.sendall(fatal("57014", "enough"))
    client.close()


@contextmanager
def talker(address: str, context: ssl.SSLContext | None) -> Iterator[int]:
    """Yield the port of a server that speaks as above."""

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client, suppress(OSError, struct.error):
                    speak(client, context)

    with socket.create_server((address, 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("with_tls", [False, True])
@pytest.mark.parametrize(
    "words", [("db", "status"), ("songs", "list", "auth0|a"), ("roles", "release"), ("query", "SELECT 1")]
)
def test_a_database_elsewhere(
    with_tls: bool, words: tuple[str, ...], program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = own_address()
    context = secured(tmp_path, x509.DNSName("db.invalid")) if with_tls else None
    with talker(address, context) as port:
        monkeypatch.setenv("DATABASE_URL", f"postgresql://u:p@{address}:{port}/d?gssencmode=disable")
        monkeypatch.setenv("MUSICCTL_PROFILE", "env")
        ended = program(*words)
    assert ended.code != 0
    assert "enough" in ended.err
    assert " ".join(ended.err.split()).count(WARNING) == (0 if with_tls else 1)


def test_a_database_of_this_machine(
    server: Cluster, database_url: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSICCTL_PROFILE", "env")
    with relay(server.place.socket) as near:
        name = database_url.rpartition("/")[2].partition("?")[0]
        for url in (database_url, f"postgresql://musicctl@127.0.0.1:{near.port}/{name}?sslmode=disable"):
            monkeypatch.setenv("DATABASE_URL", url)
            ended = program("db", "status")
            assert (ended.code, WARNING in ended.err) == (0, False)
