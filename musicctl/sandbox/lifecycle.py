"""The sandbox's life: up, down, status, reset, each going on from whatever an earlier one left behind."""

import fcntl
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from musicctl import disk, way
from musicctl.errors import ConfigError, MusicctlError
from musicctl.sandbox import tenant_process
from musicctl.sandbox.postgres import binaries, cluster, place
from musicctl.sandbox.postgres.account import owns, server_account
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.sandbox.postgres.place import Place
from musicctl.sandbox.process import Account
from musicctl.secret import Secret
from musicctl.settings import sandbox_state
from musicctl.settings.sandbox_state import SandboxState

if TYPE_CHECKING:
    from musicctl.sandbox.local_tenant.settings import Plan

T = TypeVar("T")
LOCK = "lock"
TENANT_DATA = "tenant.sqlite"
SHOWN = ("database_url", "auth0_domain", "auth0_client_id", "auth0_client_secret", "auth0_audience")


def up(folder: Path, say: Callable[[str], None], plan: "Plan | None" = None) -> SandboxState:
    """Bring the sandbox in `folder` up, its schema made, and return its state; does nothing where it is up.

    With a `plan` its tenant has the rate limits of that plan from now on. Its data survives `down` and the
    death of any of its processes. Raises ConfigError when this machine has no Postgres for it,
    UnavailableError when Postgres or the local tenant does not start.
    """
    with _held(folder, "bring the sandbox up", say) as home:
        state = _up(home, say)
        if plan is not None:
            _choose(home, plan)
        return state


def down(folder: Path, say: Callable[[str], None]) -> bool:
    """Stop both processes of the sandbox and keep its data; False when none ran."""
    if not folder.is_dir():
        return False
    with _held(folder, "stop the sandbox", say) as home:
        return _stop(home, sandbox_state.read(home))


def status(folder: Path) -> dict[str, object]:
    """Return whether the sandbox is up, its addresses and credentials (None: never made), users and plan."""
    state = sandbox_state.read(folder)
    addresses = {name: getattr(state, name, None) for name in SHOWN}
    return {"up": sandbox_state.is_up(folder, state), **addresses, **_tenant(folder)}


def reset(folder: Path, say: Callable[[str], None]) -> SandboxState:
    """Empty both stores of the sandbox, keep its port and credentials, and bring it up."""
    with _held(folder, "reset the sandbox", say) as home:
        _empty(home)
        return _up(home, say)


def remove(folder: Path, say: Callable[[str], None]) -> bool:
    """Stop the sandbox and remove it with all its data, wherever that lies; False when there is none."""
    if not folder.is_dir():
        return False
    with _held(folder, "remove the sandbox", say) as home:
        _empty(home)
        shutil.rmtree(home)
        return True


def _up(home: Path, say: Callable[[str], None]) -> SandboxState:
    known = sandbox_state.read(home)
    account = server_account()
    chosen = place.choose(home, account, _recorded(known))
    _refuse_planted(chosen, account)
    state = _state(known, chosen)
    _record(home, state, chosen)
    if not sandbox_state.is_up(home, state):
        say(f"starting the sandbox in {home}")
    server = Cluster(chosen, binaries.find(account, copies=chosen.folder), account)
    if known and known.cluster and not cluster.is_made(server):
        state = _emptied(home, state, f"no data of Postgres {server.binaries.major} in {known.cluster}", say)
    # Side by side: the one takes as long to import its libraries as the other to make its data.
    started = _beside(lambda: tenant_process.start(home, state))
    try:
        cluster.start(server)
    except MusicctlError:
        with suppress(MusicctlError):
            started()
        raise
    state = started()
    _complete_schema(state)
    return state


def _beside(work: Callable[[], T]) -> Callable[[], T]:
    """Begin some work, and return what waits for its result; whom a signal stops does not wait for it."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as failure:  # noqa: BLE001 -- handed to the thread that waits for it
            done.set_exception(failure)

    threading.Thread(target=run, daemon=True).start()
    return done.result


def _refuse_planted(chosen: Place, account: Account | None) -> None:
    """Raise ConfigError for a link or a pipe where the server's data and log are to be."""
    owners = frozenset({os.geteuid() if account is None else account.uid})
    for folder in {chosen.folder, chosen.socket}:
        try:
            with way.to_folder(folder) as opened:
                disk.refuse_planted(opened, owners=owners)
        except PermissionError as error:
            raise ConfigError(
                f"the sandbox's Postgres in {folder} is not used: {error.filename}: {error.strerror}",
                hint=f"remove it, or all of it: rm -r {folder}",
            ) from None


def _emptied(home: Path, state: SandboxState, why: str, say: Callable[[str], None]) -> SandboxState:
    """Empty the tenant as well, before the cluster is made anew: half a world would be worse than none."""
    say(f"{why}: the sandbox starts empty, its tenant too")
    tenant_process.stop(home)
    _empty_tenant(home)
    empty = replace(state, filled_by="")
    sandbox_state.write(home, empty)
    return empty


def _record(home: Path, state: SandboxState, chosen: Place) -> None:
    """Write the state before anything is made in its places, so that nothing is left where nobody looks."""
    try:
        sandbox_state.write(home, state)
    except OSError:
        for path in chosen.outside(home):
            with suppress(OSError):  # not empty: known from an earlier state
                path.rmdir()
        raise


def _state(known: SandboxState | None, chosen: Place) -> SandboxState:
    return replace(
        known or _fresh_state(),
        database_url=chosen.url(),
        cluster=str(chosen.folder),
        socket=str(chosen.socket),
    )


def _fresh_state() -> SandboxState:
    port = tenant_process.free_port()
    return SandboxState(
        database_url="",
        auth0_domain=tenant_process.domain(port),
        auth0_client_id=secrets.token_hex(16),
        auth0_client_secret=secrets.token_urlsafe(48),
        auth0_audience=tenant_process.audience(port),
        port=port,
        cluster="",
        socket="",
    )


def _complete_schema(state: SandboxState) -> None:
    from musicctl.store import mirror, schema
    from musicctl.store.database import Database

    database = Database(Secret(state.database_url))
    try:
        schema.init(database)
        # The tenant may have had to move to another port, now or in an attempt that was cut short.
        mirror.adopt_domain(database, state.auth0_domain)
    finally:
        database.close()


def _stop(home: Path, state: SandboxState | None) -> bool:
    tenant = tenant_process.stop(home)
    servers = [cluster.stop(folder) for folder in _places(home, state)]
    return tenant or any(servers)


def _empty(home: Path) -> None:
    try:
        state = sandbox_state.read(home)
    except ConfigError:
        (home / sandbox_state.STATE_FILE).unlink()
        state = None
    _stop(home, state)
    for folder in _places(home, state):
        shutil.rmtree(folder)
    _empty_tenant(home)
    if state is not None:
        sandbox_state.write(home, replace(state, cluster="", socket="", filled_by=""))


def _empty_tenant(home: Path) -> None:
    """Remove the tenant's users; its signing key stays, so that tokens in a cache stay good."""
    from musicctl.sandbox.local_tenant.storage import Storage

    try:
        with Storage.open(home / TENANT_DATA) as storage:
            storage.clear()
    except MusicctlError:
        for path in home.glob(f"{TENANT_DATA}*"):
            path.unlink()


def _tenant(folder: Path) -> dict[str, object]:
    from musicctl.sandbox.local_tenant.storage import Storage

    if not (folder / TENANT_DATA).exists():
        return {"users": 0, "plan": None}
    with Storage.open(folder / TENANT_DATA) as storage:
        return {"users": storage.count_users(), "plan": storage.settings().plan}


def _choose(home: Path, plan: "Plan") -> None:
    import msgspec

    from musicctl.sandbox.local_tenant.storage import Storage

    with Storage.open(home / TENANT_DATA) as storage, storage.writing():
        storage.change_settings(msgspec.structs.replace(storage.settings(), plan=plan))


def _places(home: Path, state: SandboxState | None) -> list[Path]:
    """Return the folders of the sandbox's cluster and socket that are there and are still its own."""
    recorded = _recorded(state)
    outside = recorded.outside(home) if recorded else []
    account = server_account() if outside else None
    inside = home / place.INSIDE
    return [*([inside] if inside.is_dir() else []), *(path for path in outside if owns(account, path))]


def _recorded(state: SandboxState | None) -> Place | None:
    return Place(Path(state.cluster), Path(state.socket)) if state and state.cluster else None


@contextmanager
def _held(folder: Path, doing: str, say: Callable[[str], None]) -> Iterator[Path]:
    """Hold the sandbox's folder alone, made if missing, and translate what the system refuses meanwhile."""
    try:
        with _locked(folder, say):
            yield folder.resolve()
    except OSError as error:
        raise MusicctlError(
            f"could not {doing}: {error.strerror or error}"
            + (f": {error.filename}" if error.filename else ""),
            hint="MUSICCTL_SANDBOX names the sandbox's folder, on a disk with some 200 MB to spare",
        ) from None


@contextmanager
def _locked(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock in the sandbox's folder, which nobody else may enter."""
    with sandbox_state.opened(folder, make=True) as inside:
        _prepare(folder, inside)
        handle = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=inside)
        with os.fdopen(handle, "wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("waiting for another command on this sandbox")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _prepare(folder: Path, inside: int) -> None:
    found = {path.name for path in folder.iterdir()}
    if found and not found & {LOCK, sandbox_state.STATE_FILE}:
        raise ConfigError(
            f"{folder} holds other files, and no sandbox", hint="set MUSICCTL_SANDBOX to a folder of its own"
        )
    os.chmod(".", 0o700, dir_fd=inside)
