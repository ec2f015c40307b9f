"""A server between the adapter and the local tenant that passes requests on, and misbehaves when told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from musicctl.settings.sandbox_state import SandboxState

Misbehaviour = Callable[[BaseHTTPRequestHandler, bytes, int], None]
DROPPED = {"connection", "transfer-encoding", "content-length", "date", "server"}


@dataclass
class Relay:
    """Where the relay is reached, what it saw, and how it misbehaves for requests of one method."""

    url: str = ""
    seen: list[str] = field(default_factory=list)
    method: str = ""
    path: str = "/api/v2/users/"
    misbehaviour: Misbehaviour | None = None

    def misbehave(self, method: str, how: Misbehaviour, path: str = "/api/v2/users/") -> None:
        self.method, self.misbehaviour, self.path = method, how, path


def cut(handler: BaseHTTPRequestHandler, _body: bytes, _status: int) -> None:
    """Close the connection without a reply: the tenant has applied what it was sent."""
    handler.close_connection = True
    handler.connection.close()


def answering(status: int, body: bytes, content_type: str = "application/json") -> Misbehaviour:
    """Reply with something else than the tenant did."""

    def answer(handler: BaseHTTPRequestHandler, _body: bytes, _status: int) -> None:
        _send(handler, status, body, content_type)

    return answer


@contextmanager
def relay(state: SandboxState) -> Iterator[Relay]:
    """Run a relay in front of the tenant of `state`."""
    made = Relay()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            made.seen.append(f"{self.command} {self.path}")
            misbehaves = made.misbehaviour and self.command == made.method and self.path.startswith(made.path)
            tenant = HTTPConnection("127.0.0.1", state.port)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            tenant.request(self.command, self.path, body=sent, headers=headers)
            reply = tenant.getresponse()
            body = reply.read()
            tenant.close()
            if misbehaves and made.misbehaviour:
                made.misbehaviour(self, body, reply.status)
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


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes, content_type: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
