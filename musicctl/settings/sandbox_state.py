"""What the sandbox wrote about itself: where it is, how to reach it, and whether it is up."""

import errno
import fcntl
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from musicctl import disk
from musicctl.errors import ConfigError

STATE_FILE = "state.json"
TENANT_LOCK = "tenant.lock"
POSTGRES_SOCKET = ".s.PGSQL.5432"
LARGEST = 1 << 20
"""Bytes that are read of a state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxState:
    """The sandbox's addresses and credentials (which protect nothing) and the folders of its cluster.

    `port` is the local tenant's on loopback; `cluster` is the folder that holds Postgres' data folder and
    socket; `filled_by` is empty, `demo` or `load`.
    """

    database_url: str
    auth0_domain: str
    auth0_client_id: str
    auth0_client_secret: str
    auth0_audience: str
    port: int
    cluster: str
    socket: str
    filled_by: str = ""


def read(folder: Path) -> SandboxState | None:
    """Return the state recorded in `folder`, or None when no sandbox was ever made there.

    Raises ConfigError when the file cannot be read as a state, or somebody else could have written it.
    """
    path = folder / STATE_FILE
    try:
        with opened(folder) as inside:
            written = disk.read_own(STATE_FILE, inside, LARGEST)
        return None if written is None else SandboxState(**json.loads(written))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        why = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise ConfigError(
            f"the sandbox's state in {path} cannot be read: {why}", hint="musicctl sandbox reset"
        ) from None


@contextmanager
def opened(folder: Path, *, make: bool = False) -> Iterator[int]:
    """Yield the opened folder of a sandbox; raises ConfigError unless it and all in it can be ours alone."""
    with ExitStack() as stack:
        try:
            inside = stack.enter_context(disk.own_folder(folder, make=make))
            disk.refuse_planted(inside)
        except PermissionError as error:
            if error.errno != errno.EPERM:
                raise
            raise ConfigError(
                f"the sandbox in {folder} is not used: {error.filename}: {error.strerror}",
                hint="set MUSICCTL_SANDBOX to a folder that is yours alone, or remove what is not yours",
            ) from None
        yield inside


def write(folder: Path, state: SandboxState) -> None:
    """Record `state` in `folder`, readable by its owner alone, replacing the old record in one step."""
    content = json.dumps(asdict(state), indent=2) + "\n"
    disk.write(folder / STATE_FILE, content.encode())


def tenant_is_up(folder: Path) -> bool:
    """Tell whether a local tenant runs in `folder`: it holds a file lock for as long as it lives.

    A lock cannot be left behind by kill -9, nor mistaken for another process that got the same id.
    """
    try:
        with (folder / TENANT_LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def postgres_is_up(state: SandboxState) -> bool:
    """Tell whether a Postgres accepts connections on the sandbox's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(Path(state.socket) / POSTGRES_SOCKET))
        except OSError:
            return False
    return True


def is_up(folder: Path, state: SandboxState | None) -> bool:
    """Tell whether both halves of the sandbox in `folder` are running."""
    return state is not None and tenant_is_up(folder) and postgres_is_up(state)
