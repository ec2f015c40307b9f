"""A server between the adapter and the local tenant that passes requests on, and misbehaves when told."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from types import MappingProxyType

from musicctl.settings.sandbox_state import SandboxState

NONE: Mapping[str, str] = MappingProxyType({})
Misbehaviour = Callable[[BaseHTTPRequestHandler, bytes, int], None]


@dataclass
class Relay:
    """Where the relay is reached, what it saw, and how it misbehaves for requests of one method, * for all.

    `context` is what it speaks TLS with, from when it comes back on; who is told to misbehave `instead` does
    not ask the tenant.
    """

    url: str = ""
    seen: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    method: str = ""
    path: str = "/api/v2/users/"
    misbehaviour: Misbehaviour | None = None
    times: float = inf
    instead: bool = False
    context: ssl.SSLContext | None = None
    _handler: type[BaseHTTPRequestHandler] = BaseHTTPRequestHandler
    _server: ThreadingHTTPServer | None = None
    _thread: threading.Thread | None = None
    _connections: set[socket.socket] = field(default_factory=set)

    def misbehave(
        self,
        method: str,
        how: Misbehaviour,
        path: str = "/api/v2/users/",
        times: float = inf,
        *,
        instead: bool = False,
    ) -> None:
        """Misbehave for so many requests of a method to paths that begin so."""
        self.method, self.path, self.times, self.instead = method, path, times, instead
        self.misbehaviour = how

    def come(self) -> None:
        """Be there, where it was before if it was."""
        address = ("127.0.0.1", int(self.url.rpartition(":")[2] or 0))
        server = ThreadingHTTPServer(address, self._handler)
        if self.context is not None:
            server.socket = self.context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "http" if self.context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{server.server_port}"
        self._server, self._thread = server, threading.Thread(target=server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def gone(self) -> bool:
        """Tell whether it is gone."""
        return self._server is None

    def go(self) -> None:
        """Be gone: no connection stays, and none can be made."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is not None and thread is not None:
            server.shutdown()
            thread.join()
            server.server_close()
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def sent(self, method: str) -> int:
        """Return how many requests of a method arrived."""
        return sum(request.startswith(f"{method} ") for request in self.seen)

    def turn(self, method: str, path: str) -> Misbehaviour | None:
        """Return how to misbehave for a request, once less."""
        if self.misbehaviour is None or self.method not in ("*", method) or not path.startswith(self.path):
            return None
        self.times -= 1
        return self.misbehaviour if self.times >= 0 else None


def cut(handler: BaseHTTPRequestHandler, _body: bytes, _status: int) -> None:
    """Close the connection without a reply: the tenant has applied what it was sent."""
    handler.close_connection = True
    handler.connection.close()


def hang(handler: BaseHTTPRequestHandler, _body: bytes, _status: int) -> None:
    """Say nothing until who asked gives up."""
    handler.close_connection = True
    with suppress(OSError):
        handler.connection.recv(1)


def refuse(handler: BaseHTTPRequestHandler, _body: bytes, _status: int) -> None:
    """Reply as a tenant that is busy for a second; what was sent had no effect, whatever ours did."""
    now = int(time.time())
    headers = {
        "Date": formatdate(now, usegmt=True),
        "X-RateLimit-Limit": "10",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(now + 1),
    }
    body = b'{"statusCode":429,"message":"Global limit has been reached"}'
    _send(handler, 429, body, "application/json", headers)


def answering(
    status: int, body: bytes, content_type: str = "application/json", headers: Mapping[str, str] = NONE
) -> Misbehaviour:
    """Reply with something else than the tenant did."""

    def answer(handler: BaseHTTPRequestHandler, _body: bytes, _status: int) -> None:
        _send(handler, status, body, content_type, headers)

    return answer


@contextmanager
def relay(state: SandboxState, context: ssl.SSLContext | None = None) -> Iterator[Relay]:
    """Run a relay in front of the tenant of `state`; with a context it speaks TLS."""
    made = Relay(context=context)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            made.bodies.append(sent)
            made.seen.append(f"{self.command} {self.path}")
            made.headers.append({name.lower(): value for name, value in self.headers.items()})
            misbehaviour = made.turn(self.command, self.path)
            if misbehaviour is not None and made.instead:
                misbehaviour(self, b"", 0)
                return
            tenant = HTTPConnection("127.0.0.1", state.port)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            tenant.request(self.command, self.path, body=sent, headers=headers)
            reply = tenant.getresponse()
            body = reply.read()
            tenant.close()
            if misbehaviour is not None:
                misbehaviour(self, body, reply.status)
            else:
                _send(self, reply.status, body, reply.headers["Content-Type"])

        do_GET = do_POST = do_PATCH = _pass_on  # noqa: N815 -- the names that http.server calls

        def setup(self) -> None:
            super().setup()
            made._connections.add(self.connection)

        def finish(self) -> None:
            made._connections.discard(self.connection)
            with suppress(OSError):
                super().finish()

        def handle(self) -> None:
            with suppress(ConnectionError, ssl.SSLError):  # who asked, or we, have gone
                super().handle()

        def log_message(self, *_: object) -> None:
            pass

    made._handler = Handler
    made.come()
    try:
        yield made
    finally:
        made.go()


def _send(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    content_type: str,
    headers: Mapping[str, str] = NONE,
) -> None:
    handler.send_response_only(status)
    handler.send_header("Content-Type", content_type)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
