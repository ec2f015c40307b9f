"""A finished export on a server of its own, which plays the part of the tenant for whoever refreshes."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from musicctl.sandbox.local_tenant import exports
from musicctl.sandbox.local_tenant.storage import STATE_FILE, Storage
from musicctl.tenant.export import FIELDS

FILE = "/export.gz"


def write(sandbox: Path, path: Path) -> None:
    """Write to `path` the export that the tenant of this sandbox makes when we ask for one."""
    wanted = exports.asked({"format": "json", "fields": [{"name": name} for name in FIELDS]})
    with Storage.open(sandbox / STATE_FILE) as storage, path.open("wb") as file:
        file.writelines(exports.file(storage, wanted))


@contextmanager
def served(path: Path) -> Iterator[str]:
    """Yield the base URL of a tenant that gives tokens, and whose export jobs are complete at once."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(path))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(path: Path) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == "/oauth/token":
                self._reply({"access_token": "bench", "expires_in": 86400, "token_type": "Bearer"})
            else:
                link = f"http://{self.headers['Host']}{FILE}"
                self._reply({"id": "job_bench", "status": "completed", "location": link})

        def do_GET(self) -> None:
            self._head("application/gzip", path.stat().st_size)
            with path.open("rb") as file:
                shutil.copyfileobj(file, self.wfile)

        def _reply(self, document: dict[str, object]) -> None:
            body = json.dumps(document).encode()
            self._head("application/json", len(body))
            self.wfile.write(body)

        def _head(self, kind: str, length: int) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(length))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
