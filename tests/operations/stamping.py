"""A tenant that notes when each request arrived, and is slow at any step of the way to a write."""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import create_connection, socket

from musicctl.settings.sandbox_state import SandboxState

Answer = tuple[int, bytes]


@dataclass
class Stamping:
    """What arrived, and when, with hooks: each is None, or strikes when its turn comes.

    `handshake` is how many seconds a new connection takes, `answer` may answer in the tenant's place.
    """

    url: str = ""
    context: ssl.SSLContext | None = None
    seen: list[tuple[str, str, float]] = field(default_factory=list)
    handshake: Callable[[], float] = lambda: 0.0
    hang_up: Callable[[str], bool] = lambda _method: False
    before: Callable[[str, str], None] = lambda _method, _path: None
    answer: Callable[[str, str], Answer | None] = lambda _method, _path: None
    after: Callable[[str, str], None] = lambda _method, _path: None

    def times(self, method: str, path: str = "/api/v2/users/") -> list[float]:
        """Return when each request of a method to paths that begin so had arrived whole."""
        return [at for seen, where, at in self.seen if seen == method and where.startswith(path)]

    def oldest_read(self) -> float:
        """Return the greatest age, in seconds, of the last read before any write."""
        reads = self.times("GET")
        return max((at - max(read for read in reads if read < at) for at in self.times("PATCH")), default=0)


@contextmanager
def stamping(state: SandboxState, context: ssl.SSLContext | None = None) -> Iterator[Stamping]:
    """Run it in front of the tenant of `state`, over TLS where there is a context."""
    made = Stamping(context=context)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            time.sleep(made.handshake())
            if context is not None:
                self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def finish(self) -> None:
            super().finish()
            if context is not None:  # the server closes the socket that it accepted, which is another
                self.request.close()

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if len(body) < int(self.headers.get("Content-Length") or 0):
                self.close_connection = True  # who asked has thought better of it
                return
            made.seen.append((self.command, self.path, time.monotonic()))
            made.before(self.command, self.path)
            status, reply = made.answer(self.command, self.path) or _asked(state, self, body)
            made.after(self.command, self.path)
            _send(self, status, reply, last=made.hang_up(self.command))

        do_GET = do_POST = do_PATCH = _pass_on  # noqa: N815 -- the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    made.url = f"http{'' if context is None else 's'}://127.0.0.1:{server.server_port}"
    with _serving(server):
        yield made


@contextmanager
def slow_proxy(seconds: Callable[[], float]) -> Iterator[str]:
    """Run a proxy that takes so long to open each tunnel, and return its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            time.sleep(seconds())
            host, port = self.path.split(":")
            with create_connection((host, int(port))) as there:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=_pump, args=(there, self.connection), daemon=True)
                back.start()
                _pump(self.connection, there)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with _serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


@contextmanager
def _serving(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _pump(source: socket, target: socket) -> None:
    try:
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(1)
    except OSError:
        pass


def _asked(state: SandboxState, handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
    tenant = http.client.HTTPConnection("127.0.0.1", state.port)
    headers = {name: value for name, value in handler.headers.items() if name.lower() != "host"}
    tenant.request(handler.command, handler.path, body=body, headers=headers)
    reply = tenant.getresponse()
    found = reply.status, reply.read()
    tenant.close()
    return found


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes, *, last: bool) -> None:
    handler.send_response_only(status)
    handler.send_header("Content-Type", "application/json" if body[:1] in b"{[" else "text/html")
    handler.send_header("Content-Length", str(len(body)))
    if last:
        handler.send_header("Connection", "close")
        handler.close_connection = True
    handler.end_headers()
    handler.wfile.write(body)


def refusal(status: int) -> Answer:
    """Answer as the tenant refuses a token."""
    said = {"statusCode": status, "error": "Unauthorized", "message": "Expired token received"}
    return status, json.dumps(said).encode()
