"""A server between the adapter and the local tenant that passes requests on, and misbehaves when told."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
    """Where the relay is reached, what it saw, and how it misbehaves for requests of one method."""

    url: str = ""
    seen: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    method: str = ""
    path: str = "/api/v2/users/"
    misbehaviour: Misbehaviour | None = None
    times: float = inf

    def misbehave(
        self, method: str, how: Misbehaviour, path: str = "/api/v2/users/", times: float = inf
    ) -> None:
        """Misbehave for so many requests of a method to paths that begin so."""
        self.method, self.misbehaviour, self.path, self.times = method, how, path, times

    def sent(self, method: str) -> int:
        """Return how many requests of a method arrived."""
        return sum(request.startswith(f"{method} ") for request in self.seen)

    def turn(self, method: str, path: str) -> Misbehaviour | None:
        """Return how to misbehave for a request, once less."""
        if self.misbehaviour is None or method != self.method or not path.startswith(self.path):
            return None
        self.times -= 1
        return self.misbehaviour if self.times >= 0 else None


def cut(handler: BaseHTTPRequestHandler, _body: bytes, _status: int) -> None:
    """Close the connection without a reply: the tenant has applied what it was sent."""
    handler.close_connection = True
    handler.connection.close()


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
def relay(state: SandboxState) -> Iterator[Relay]:
    """Run a relay in front of the tenant of `state`."""
    made = Relay()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            made.bodies.append(sent)
            made.seen.append(f"{self.command} {self.path}")
            made.headers.append({name.lower(): value for name, value in self.headers.items()})
            misbehaviour = made.turn(self.command, self.path)
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

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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
