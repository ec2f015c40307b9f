"""A local tenant for tests: the real process in a folder of its own, and plain HTTP requests to it."""

import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from musicctl.sandbox.local_tenant.records import StoredUser
from musicctl.sandbox.local_tenant.server import PORT_TAKEN
from musicctl.sandbox.local_tenant.storage import STATE_FILE, Storage
from musicctl.settings import sandbox_state
from musicctl.settings.sandbox_state import SandboxState

MADE = 1_690_000_000_000
"""When `put` makes users: 2023-07-22T04:26:40.000Z."""

COMMAND = (sys.executable, "-m", "musicctl.sandbox.local_tenant")


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class RunningTenant:
    """A tenant's process, its state on disk as another process sees it, and its credentials."""

    folder: Path
    state: SandboxState
    process: "subprocess.Popen[bytes]"
    storage: Storage
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.state.port}"

    def send(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request with `path` as it stands; `body` is bytes, or goes out as JSON.

        Without `headers` the request carries the tenant's token.
        """
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        with closing(HTTPConnection("127.0.0.1", self.state.port, timeout=30)) as connection:
            # http.client refuses to send characters that Auth0 gets from other programs.
            connection._validate_path = lambda _: None  # type: ignore[attr-defined]
            connection.request(method, path, body, dict(self.headers if headers is None else headers))
            reply = connection.getresponse()
            return Reply(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())

    def credentials(self, **other: object) -> dict[str, object]:
        """The body of a request for a token."""
        return {
            "grant_type": "client_credentials",
            "client_id": self.state.auth0_client_id,
            "client_secret": self.state.auth0_client_secret,
            "audience": self.state.auth0_audience,
            **other,
        }

    def put(self, user_id: str, **columns: str | None) -> None:
        """Make a user, with metadata and root attributes as JSON, past the server."""
        columns = {"email": "ringo@example.com", **columns}
        self.storage.put_user(StoredUser(user_id=user_id, created_at=MADE, updated_at=MADE, **columns))

    def link(self, **asked: object) -> str:
        """The path of the link to the file of a new export."""
        job = self.send("POST", "/api/v2/jobs/users-exports", asked).json
        location: str = self.send("GET", f"/api/v2/jobs/{job['id']}").json["location"]
        return location.removeprefix(self.url)

    def exported(self, **asked: object) -> list[dict[str, Any]]:
        """The lines of a new export."""
        reply = self.send("GET", self.link(**asked), headers={})
        assert reply.status == 200, reply.body
        return [json.loads(line) for line in gzip.decompress(reply.body).splitlines()]

    def token(self) -> str:
        """A fresh access token."""
        reply = self.send("POST", "/oauth/token", self.credentials(), headers={})
        assert reply.status == 200, reply.body
        token: str = reply.json["access_token"]
        return token


def made_state(folder: Path, *, port: int, database_url: str = "") -> SandboxState:
    """Record the state of a sandbox whose tenant is at `port`."""
    state = SandboxState(
        database_url=database_url,
        auth0_domain=f"http://127.0.0.1:{port}",
        auth0_client_id="sandbox-client",
        auth0_client_secret="sandbox-secret-0123456789",
        auth0_audience=f"http://127.0.0.1:{port}/api/v2/",
        port=port,
        cluster="",
        socket="",
    )
    sandbox_state.write(folder, state)
    return state


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def start(folder: Path) -> "subprocess.Popen[bytes]":
    """Start the tenant of `folder` and return when it serves requests or has ended."""
    read_end, write_end = os.pipe()
    with (folder / "tenant.log").open("ab") as log:
        process = subprocess.Popen(
            [*COMMAND, str(folder), "--ready-fd", str(write_end)], stderr=log, pass_fds=(write_end,)
        )
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        assert pipe.read() in (b"ready\n", b"")
    if process.poll() is None and not sandbox_state.tenant_is_up(folder):
        process.wait(timeout=30)
    return process


def stop(process: "subprocess.Popen[bytes]") -> int:
    """End the process as an operator would, and return its exit code."""
    process.terminate()
    return process.wait(timeout=30)


@contextmanager
def running_tenant(folder: Path) -> Iterator[RunningTenant]:
    """Run a tenant in `folder` on a free port; it is stopped at the end, whatever became of it."""
    while True:
        state = made_state(folder, port=free_port())
        process = start(folder)
        if process.poll() != PORT_TAKEN:
            break
    try:
        with Storage.open(folder / STATE_FILE) as storage:
            tenant = RunningTenant(folder, state, process, storage)
            tenant.headers["Authorization"] = f"Bearer {tenant.token()}"
            yield tenant
    finally:
        if process.poll() is None:
            stop(process)
