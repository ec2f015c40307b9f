"""The process of the local tenant: its lock, its port, its readiness and its end."""

import asyncio
import errno
import fcntl
import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aiohttp import web

from musicctl.errors import BusyError, ConfigError, MusicctlError
from musicctl.sandbox.local_tenant.app import App
from musicctl.sandbox.local_tenant.storage import STATE_FILE, Storage
from musicctl.settings import sandbox_state
from musicctl.settings.sandbox_state import SandboxState

HOST = "127.0.0.1"
PORT_TAKEN = 98
LOCK_PATIENCE = 2.0
"""Seconds to try for the lock: who only looks whether a tenant runs holds it for a moment too."""

LONGEST_LINE = 1 << 16
"""Bytes of a request's first line that are read at all; endpoints have lower limits, and answer 414."""

SHUTDOWN_PATIENCE = 2.0
"""Seconds that requests under way get to finish after SIGTERM."""

log = logging.getLogger(__name__)


class PortTakenError(MusicctlError):
    """Another process listens on the tenant's port."""


def run(folder: Path, ready_fd: int | None = None) -> None:
    """Serve the tenant of the sandbox in `folder` until SIGTERM or SIGINT.

    Writes `ready` to `ready_fd` and closes it once requests are served. Raises ConfigError when there is no
    sandbox, BusyError when its tenant runs already, PortTakenError when its port is in use.
    """
    state = sandbox_state.read(folder)
    if state is None:
        raise ConfigError(f"there is no sandbox in {folder}", hint="musicctl sandbox up")
    with _locked(folder), Storage.open(folder / STATE_FILE) as storage:
        asyncio.run(_serve(state, storage, ready_fd))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, with our process id in its file; no end of the process leaves it behind."""
    descriptor = os.open(folder / sandbox_state.TENANT_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "r+") as lock:
        _take(lock.fileno(), folder)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _take(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + LOCK_PATIENCE
    while time.monotonic() < deadline:
        # A tenant's lock is not waited for: its heir would come to life when the sandbox is to be down.
        if not _locks(descriptor, fcntl.LOCK_SH):
            break
        if _locks(descriptor, fcntl.LOCK_EX):
            return
        time.sleep(0.02)
    raise BusyError(
        f"a local tenant runs in {folder} already", hint="musicctl sandbox status says how to reach it"
    )


def _locks(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _serve(state: SandboxState, storage: Storage, ready_fd: int | None) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    app = App(state, storage)
    server = web.Server(app.handle, access_log=None, max_line_size=LONGEST_LINE)
    runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_PATIENCE)
    await runner.setup()
    try:
        await _listen(runner, state.port)
        log.info("serving on http://%s:%d", HOST, state.port)
        _tell_ready(ready_fd)
        await stopped.wait()
    finally:
        await runner.cleanup()
        await app.finish()
    log.info("stopped")


async def _listen(runner: web.ServerRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTakenError(f"port {port} is taken") from None


def _tell_ready(descriptor: int | None) -> None:
    """Tell whoever started us; that one may be gone, which is no reason to stop."""
    if descriptor is not None:
        with suppress(BrokenPipeError):
            os.write(descriptor, b"ready\n")
        os.close(descriptor)
