"""Servers that are no Postgres: one that says what it is told to, and a relay that can be cut and held up."""

import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ENCRYPTION = {80877103, 80877104}
"""What SSLRequest and GSSENCRequest send in place of a version."""

ASKS_FOR_PASSWORD = b"R" + struct.pack("!ii", 8, 3)
LETS_IN = b"R" + struct.pack("!ii", 8, 0)


def fatal(code: str, message: str) -> bytes:
    """Return an ErrorResponse in the words of a server whose messages are French."""
    fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": message}
    body = b"".join(key.encode() + value.encode() + b"\0" for key, value in fields.items()) + b"\0"
    return b"E" + struct.pack("!i", len(body) + 4) + body


@contextmanager
def impostor(*replies: bytes | Callable[[bytes], bytes]) -> Iterator[int]:
    """Yield the port of a server that sends each reply when it is spoken to, and then hangs up.

    A reply may be made of what was said.
    """

    def serve(client: socket.socket) -> None:
        with client, suppress(OSError, struct.error):
            speak(client)

    def speak(client: socket.socket) -> None:
        while True:
            (length,) = struct.unpack("!i", client.recv(4))
            if struct.unpack("!i", client.recv(length - 4)[:4])[0] not in ENCRYPTION:
                break
            client.sendall(b"N")
        for number, reply in enumerate(replies):
            said = client.recv(65536) if number else b""
            client.sendall(reply if isinstance(reply, bytes) else reply(said))

    with listening() as listener:

        def accept() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(client,), daemon=True).start()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def listening(backlog: int = 16) -> Iterator[socket.socket]:
    """Yield a socket that takes connections on loopback and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(backlog)
        yield listener


class Relay:
    """What stands between us and a server, as a load balancer does."""

    def __init__(self, listener: socket.socket, target: Path) -> None:
        self.port = int(listener.getsockname()[1])
        self.taken = 0
        self.swallowing = False
        self._held: set[tuple[socket.socket, socket.socket]] = set()
        self._listener, self._target = listener, str(target)
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._closed = False

    def cut(self) -> None:
        """Close every connection that there is, as after a time without traffic; new ones are welcome."""
        for pair in self._pairs:
            for each in pair:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def hold(self) -> None:
        """Pass nothing on over the connections that there are, as a firewall that has forgotten them."""
        self._held.update(self._pairs)

    def run(self) -> None:
        while not self._closed:
            alive = [pair for pair in self._pairs if pair not in self._held]
            sockets = [each for pair in alive for each in pair]
            ready, _, _ = select.select([self._listener, *sockets], [], [], 0.02)
            if self._listener in ready:
                self._accept()
            for pair in alive:
                client, server = pair
                sound = client not in ready or self._pass(client, server)
                if not sound or (server in ready and not self._answer(server, client)):
                    self._drop(pair)

    def _answer(self, server: socket.socket, client: socket.socket) -> bool:
        """Pass on what the server says; or, when told, lose it and the connection."""
        return not self.swallowing and self._pass(server, client)

    def stop(self) -> None:
        self._closed = True

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._target)
        self._pairs.append((client, server))
        self.taken += 1

    def _pass(self, source: socket.socket, target: socket.socket) -> bool:
        try:
            data = source.recv(65536)
            target.sendall(data)
        except OSError:
            return False
        return bool(data)

    def _drop(self, pair: tuple[socket.socket, socket.socket]) -> None:
        self._pairs.remove(pair)
        for each in pair:
            each.close()


@contextmanager
def relay(folder: Path) -> Iterator[Relay]:
    """Run a relay on loopback in front of the server whose socket lies in `folder`."""
    with listening() as listener:
        made = Relay(listener, folder / ".s.PGSQL.5432")
        thread = threading.Thread(target=made.run)
        thread.start()
        try:
            yield made
        finally:
            made.stop()
            thread.join()
            made.cut()
            for pair in made._pairs:
                for each in pair:
                    each.close()
