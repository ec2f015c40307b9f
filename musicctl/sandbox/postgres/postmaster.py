"""The server process of a data folder: found by its own record, told from strangers, stopped."""

import signal
import time
from pathlib import Path

from musicctl.errors import UnavailableError
from musicctl.sandbox import process
from musicctl.settings.sandbox_state import POSTGRES_SOCKET

RECORD = "postmaster.pid"
STARTING = 60.0
STOPS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))
"""What stops the server, with seconds to wait: fast, which cuts clients off, then without a checkpoint."""


def running(data: Path) -> int | None:
    """Return the process id of the server of `data`, or None: a record left behind does not count."""
    lines = _record(data)
    pid = int(lines[0]) if lines and lines[0].isdecimal() else None
    return pid if pid is not None and process.is_running(pid, data) else None


def serves(pid: int, data: Path, socket: Path) -> bool:
    """Wait until server `pid` of `data` accepts connections in the folder `socket`; False when it does not.

    It may be starting, or recovering after a crash, for up to a minute.
    """
    deadline = time.monotonic() + STARTING
    while process.is_running(pid, data) and time.monotonic() < deadline:
        if _says_ready(data):
            return (socket / POSTGRES_SOCKET).exists()
        time.sleep(process.PULSE)
    return False


def forget(data: Path, socket: Path) -> None:
    """Remove the records of a server that no longer runs.

    Postgres itself keeps away from a record whose process id exists, be it a zombie's or a stranger's. Data
    still in use by its last backends stays protected: Postgres 12 and newer see that by their shared memory.
    """
    (data / RECORD).unlink(missing_ok=True)
    (socket / f"{POSTGRES_SOCKET}.lock").unlink(missing_ok=True)


def stop(data: Path) -> bool:
    """Stop the server of `data` and wait for its end; False when none ran.

    Raises UnavailableError when it survives even the signal to stop at once.
    """
    pid = running(data)
    if pid is None:
        return False
    if not process.stop(pid, lambda: process.is_running(pid, data), STOPS):
        raise UnavailableError(f"Postgres (process {pid}) does not stop", hint=f"kill -9 {pid}")
    return True


def _says_ready(data: Path) -> bool:
    lines = _record(data)
    return len(lines) > 7 and lines[7].strip() == "ready"


def _record(data: Path) -> list[str]:
    try:
        return (data / RECORD).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
