"""One cluster: made in one step, started in the background, given its role and database, removed."""

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from musicctl import disk
from musicctl.errors import MusicctlError, UnavailableError
from musicctl.sandbox import process
from musicctl.sandbox.postgres import binaries, place, postmaster
from musicctl.sandbox.postgres.account import server_account
from musicctl.sandbox.postgres.binaries import Binaries
from musicctl.sandbox.postgres.place import NAME, PORT, Place
from musicctl.sandbox.process import Account

LINGERING = 10.0
"""Seconds to wait for the last backends of a server that was killed: they hold on to the data."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster's place, the programs for it and the account (None: ours) that they run under."""

    place: Place
    binaries: Binaries
    account: Account | None

    @property
    def data(self) -> Path:
        """The data folder; its name carries the version, since other versions cannot read it."""
        return self.place.folder / f"pg{self.binaries.major}"

    @property
    def log(self) -> Path:
        """The server's log since its last start."""
        return self.place.folder / "postgres.log"


def is_made(cluster: Cluster) -> bool:
    """Tell whether the cluster's data is there, whole: half of one never has its name."""
    return (cluster.data / "global" / "pg_control").exists()


def start(cluster: Cluster) -> bool:
    """Bring the cluster up with its role and database, whatever an earlier start left; True if it is new.

    Raises UnavailableError with the end of the server's log when the server does not start.
    """
    for other in data_folders(cluster.place.folder):
        if other != cluster.data:
            postmaster.stop(other)
    new = _make(cluster)
    _ensure_server(cluster)
    if not _connects(cluster):
        # Either there is no database yet, or the server was being killed while it still looked alive.
        _ensure_server(cluster)
        _add_database(cluster)
    return new


def stop(folder: Path) -> bool:
    """Stop every server whose data lies in the cluster's `folder`; False when none ran."""
    stopped = [postmaster.stop(data) for data in data_folders(folder)]
    return any(stopped)


def remove(folder: Path) -> None:
    """Stop what runs in the cluster's `folder` and remove it with all data."""
    stop(folder)
    shutil.rmtree(folder)


def data_folders(folder: Path) -> list[Path]:
    """Return the data folders of all versions in a cluster's folder."""
    return sorted(path for path in folder.glob("pg*") if path.is_dir() and not path.is_symlink())


@contextmanager
def temporary(parent: Path | None = None) -> Iterator[Cluster]:
    """Run a cluster in a new folder of `parent`, else of the system's temporary folder, and remove it."""
    account = server_account()
    folder = place.temporary(account, parent)
    try:
        found = binaries.find(account, copies=folder)
        cluster = Cluster(Place(folder, folder), found, account)
        start(cluster)
        yield cluster
    finally:
        remove(folder)


def _make(cluster: Cluster) -> bool:
    """Make the data folder unless it is there: under another name first, so that half of one never counts."""
    folder = cluster.place.folder
    for leftover in folder.glob("new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if is_made(cluster):
        return False
    fresh = folder / f"new-{secrets.token_hex(4)}"
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    if cluster.binaries.major >= 17:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    _tool(cluster, "initdb", f"--pgdata={fresh}", *options)
    postmaster.stop(cluster.data)
    shutil.rmtree(cluster.data, ignore_errors=True)
    fresh.rename(cluster.data)
    return True


def _ensure_server(cluster: Cluster) -> None:
    pid = postmaster.running(cluster.data)
    if pid is None or not postmaster.serves(pid, cluster.data, cluster.place.socket):
        postmaster.stop(cluster.data)
        _launch(cluster)


def _launch(cluster: Cluster) -> None:
    """Start the server, again and again while backends of a killed one still use the data."""
    deadline = time.monotonic() + LINGERING
    while not _came_up(cluster):
        # A backend that ends meanwhile writes into the same log, after the reason.
        in_use = b"still in use" in disk.read(cluster.log, process.LONGEST_LOG)
        if not in_use or time.monotonic() > deadline:
            said = process.last_lines(cluster.log)
            raise UnavailableError(f"Postgres does not start: {said}", hint=f"the whole log is {cluster.log}")
        time.sleep(0.2)


def _came_up(cluster: Cluster) -> bool:
    data, socket = cluster.data, cluster.place.socket
    postmaster.forget(data, socket)
    settings = {
        "listen_addresses": "",
        # Quoted, since this is a list of folders and a path may have a comma.
        "unix_socket_directories": '"{}"'.format(str(socket).replace('"', '""')),
        "port": str(PORT),
        # What the sandbox holds need not outlive a power cut; kill -9 of the server loses nothing.
        "fsync": "off",
        # In the data folder, so that a server that was killed leaves nothing elsewhere.
        "dynamic_shared_memory_type": "mmap",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [str(cluster.binaries.folder / "postgres"), "-D", str(data), *options]
    pid = process.spawn(command, cluster.account, log=cluster.log)
    return postmaster.serves(pid, data, socket)


def _connects(cluster: Cluster) -> bool:
    """Tell whether the role can connect to its database."""
    program = str(cluster.binaries.psql)
    command = [program, *_server(cluster), "--no-psqlrc", f"--username={NAME}", f"--dbname={NAME}", "-c", ""]
    return process.run(command, cluster.account).returncode == 0


def _add_database(cluster: Cluster) -> None:
    administrator = [*_server(cluster), "--username=postgres"]
    _tool(cluster, "createuser", *administrator, NAME)
    _tool(cluster, "createdb", *administrator, f"--owner={NAME}", NAME)


def _server(cluster: Cluster) -> list[str]:
    return [f"--host={cluster.place.socket}", f"--port={PORT}"]


def _tool(cluster: Cluster, name: str, *arguments: str) -> None:
    """Run one of Postgres' programs; what it makes may be there since an attempt that was cut short."""
    done = process.run([str(cluster.binaries.folder / name), *arguments], cluster.account)
    if done.returncode != 0 and "already exists" not in done.stderr:
        # The first lines name the cause, the last ones only what initdb cleared away.
        said = " / ".join(line.strip() for line in done.stderr.splitlines()[:3])
        raise MusicctlError(f"Postgres cannot be set up: {said}", hint=f"it uses {cluster.place.folder}")
