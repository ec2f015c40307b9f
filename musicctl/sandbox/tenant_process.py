"""The local tenant's process: started in the background on a port of its own, found by its lock, stopped."""

import os
import select
import signal
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

from musicctl.errors import UnavailableError
from musicctl.sandbox import process
from musicctl.settings import sandbox_state
from musicctl.settings.sandbox_state import SandboxState

MODULE = "musicctl.sandbox.local_tenant"
HOST = "127.0.0.1"
LOG = "tenant.log"
ATTEMPTS = 3
STARTING = 30.0
ANSWERING = 10.0
"""Seconds for any answer: the server makes a large export in one go."""

NO_REQUEST = b"?\r\n\r\n"
"""Answered by aiohttp itself (400), so that the tenant does not log it among the requests it was sent."""

STOPS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


def start(folder: Path, state: SandboxState) -> SandboxState:
    """Bring the tenant of the sandbox up and return the state it runs with.

    A port that another program has taken meanwhile is replaced, in the recorded state too. Raises
    UnavailableError with the end of the tenant's log when it does not start.
    """
    for _ in range(ATTEMPTS):
        # Looked at each time: one left by an `up` that was cut short may only now come to life.
        if _runs(folder, state.port) or _became_ready(folder):
            return state
        if _is_taken(state.port) and not sandbox_state.tenant_is_up(folder):
            port = free_port()
            state = replace(state, port=port, auth0_domain=domain(port), auth0_audience=audience(port))
            sandbox_state.write(folder, state)
    raise UnavailableError(
        f"the local tenant does not start: {process.last_lines(folder / LOG)}",
        hint=f"the whole log is {folder / LOG}",
    )


def stop(folder: Path) -> bool:
    """Stop the tenant of the sandbox and wait for its end; False when none ran.

    Raises UnavailableError when it does not stop.
    """
    if not sandbox_state.tenant_is_up(folder):
        return False
    pid = _pid(folder)
    if pid is not None:
        process.stop(pid, lambda: sandbox_state.tenant_is_up(folder), STOPS)
    if sandbox_state.tenant_is_up(folder):
        raise UnavailableError(
            f"the local tenant of {folder} does not stop (process {pid or 'unknown'})",
            hint="end that process, and try again",
        )
    return True


def domain(port: int) -> str:
    """Return where the tenant is reached."""
    return f"http://{HOST}:{port}"


def audience(port: int) -> str:
    """Return what tokens for the tenant's management API are for."""
    return f"{domain(port)}/api/v2/"


def free_port() -> int:
    """Return a port of loopback that nobody listens on at this moment."""
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _pid(folder: Path) -> int | None:
    """Return the process id in the lock, for which a new holder needs a moment; None when it has ended."""
    deadline = time.monotonic() + 2.0
    while sandbox_state.tenant_is_up(folder) and time.monotonic() < deadline:
        written = (folder / sandbox_state.TENANT_LOCK).read_text(encoding="ascii").strip()
        if written.isdecimal() and process.is_running(int(written), folder):
            return int(written)
        time.sleep(process.PULSE)
    return None


def _became_ready(folder: Path) -> bool:
    """Start the process and wait until it accepts requests; False when it ended instead."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as ready:
        try:
            command = [sys.executable, "-m", MODULE, str(folder), "--ready-fd", str(writing)]
            process.spawn(command, log=folder / LOG, inherit=(writing,))
        finally:
            # Ours is closed, so that the pipe ends with the tenant's life.
            os.close(writing)
        answered, _, _ = select.select([ready], [], [], STARTING)
        return bool(answered) and ready.read() == b"ready\n"


def _runs(folder: Path, port: int) -> bool:
    """Tell whether the tenant runs; one that does not answer on its port is stopped."""
    if not sandbox_state.tenant_is_up(folder):
        return False
    if _answers(port):
        return True
    stop(folder)
    return False


def _answers(port: int) -> bool:
    """Exchange some bytes: a process that is being killed still has its lock and its port for a moment."""
    try:
        with socket.create_connection((HOST, port), timeout=ANSWERING) as probe:
            probe.sendall(NO_REQUEST)
            return probe.recv(1) != b""
    except OSError:
        return False


def _is_taken(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return True
    return False
