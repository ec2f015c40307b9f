"""The tenant's process: its lock, its port, its readiness, its end, and what outlives it."""

import fcntl
import os
import signal
import socket
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from musicctl.errors import Exit
from musicctl.sandbox import tenant_process
from musicctl.sandbox.local_tenant.server import PORT_TAKEN
from musicctl.sandbox.local_tenant.storage import STATE_FILE
from musicctl.settings import sandbox_state
from tests.sandbox.tenant_fixtures import (
    COMMAND,
    RunningTenant,
    free_port,
    made_state,
    running_tenant,
    start,
    stop,
)


def test_holds_the_lock_with_its_pid_and_keeps_its_files_private(tenant_server: RunningTenant) -> None:
    lock = tenant_server.folder / sandbox_state.TENANT_LOCK
    assert lock.read_text() == f"{tenant_server.process.pid}\n"
    assert sandbox_state.tenant_is_up(tenant_server.folder)
    for path in (lock, *tenant_server.folder.glob(STATE_FILE + "*")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_serves_loopback_alone(tenant_server: RunningTenant) -> None:
    table = Path("/proc/net/tcp").read_text().splitlines()[1:]
    port = f"{tenant_server.state.port:04X}"
    listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
    assert [address for address in listening if address.endswith(f":{port}")] == [f"0100007F:{port}"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with running_tenant(tmp_path) as tenant:
        tenant.process.send_signal(number)
        assert tenant.process.wait(timeout=30) == 0
        assert not sandbox_state.tenant_is_up(tmp_path)
        log = (tmp_path / "tenant.log").read_text()
        assert log.count("\n") == 2
        assert "serving on" in log
        assert "stopped" in log


def test_stops_while_a_connection_is_open(tmp_path: Path) -> None:
    with running_tenant(tmp_path) as tenant, socket.create_connection(("127.0.0.1", tenant.state.port)):
        assert stop(tenant.process) == 0


def test_says_98_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        made_state(tmp_path, port=other.getsockname()[1])
        assert start(tmp_path).wait(timeout=30) == PORT_TAKEN == 98
    assert not sandbox_state.tenant_is_up(tmp_path)
    assert "port" in (tmp_path / "tenant.log").read_text()


def test_a_second_one_in_the_same_folder_ends(tenant_server: RunningTenant) -> None:
    second = subprocess.run(
        [*COMMAND, str(tenant_server.folder)], capture_output=True, text=True, check=False
    )
    assert second.returncode == Exit.BUSY
    assert second.stderr == f"a local tenant runs in {tenant_server.folder} already\n"
    assert tenant_server.send("GET", "/.well-known/jwks.json", headers={}).status == 200


def test_it_waits_for_who_only_looks(tmp_path: Path) -> None:
    state = made_state(tmp_path, port=free_port())
    with (tmp_path / sandbox_state.TENANT_LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        process = start_opened(tmp_path)
    try:
        while process.poll() is None and not answers(state.port):
            time.sleep(0.02)
    finally:
        assert stop(process) == 0


def test_one_that_finds_a_tenant_running_never_takes_over_from_it(tmp_path: Path) -> None:
    with running_tenant(tmp_path) as tenant:
        late = start_opened(tmp_path)
        assert tenant_process.stop(tmp_path) is True
        assert tenant.process.wait(timeout=30) == 0
        assert late.wait(timeout=30) == Exit.BUSY
        assert not sandbox_state.tenant_is_up(tmp_path)


def start_opened(folder: Path) -> "subprocess.Popen[bytes]":
    """Start a tenant and return once it has opened the file whose lock it wants."""
    process = subprocess.Popen([*COMMAND, str(folder)], stderr=subprocess.DEVNULL)
    lock = str((folder / sandbox_state.TENANT_LOCK).resolve())
    while process.poll() is None and lock not in opened(process.pid):
        time.sleep(0.001)
    return process


def opened(pid: int) -> list[str]:
    """Return the files that a process has open, on Linux."""
    with suppress(OSError):  # it has just ended
        return [os.path.realpath(each) for each in Path(f"/proc/{pid}/fd").iterdir()]
    return []


def test_a_folder_without_a_sandbox_is_refused(tmp_path: Path) -> None:
    done = subprocess.run([*COMMAND, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == Exit.CONFIG
    assert done.stderr == f"there is no sandbox in {tmp_path}\n"


def test_serves_though_whoever_started_it_is_gone(tmp_path: Path) -> None:
    state = made_state(tmp_path, port=free_port())
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen([*COMMAND, str(tmp_path), "--ready-fd", str(writing)], pass_fds=(writing,))
    os.close(writing)
    try:
        while process.poll() is None and not answers(state.port):
            time.sleep(0.02)
    finally:
        code = stop(process)
    assert code == 0


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def test_kill_9_loses_no_answered_write_and_no_key(tmp_path: Path) -> None:
    with running_tenant(tmp_path) as tenant:
        for number in range(20):
            tenant.put(f"auth0|{number}")
            patch = {"app_metadata": {"number": number}}
            assert tenant.send("PATCH", f"/api/v2/users/auth0%7C{number}", patch).status == 200
        tenant.process.kill()
        tenant.process.wait(timeout=30)
        assert not sandbox_state.tenant_is_up(tmp_path)
        again = start(tmp_path)
        try:
            for number in range(20):
                # The token of before is still good: the signing key is the same.
                found = tenant.send("GET", f"/api/v2/users/auth0%7C{number}").json
                assert found["app_metadata"] == {"number": number}
            assert len(tenant.storage.effects()) == 20
        finally:
            assert stop(again) == 0


def test_the_log_has_no_secret(tmp_path: Path) -> None:
    with running_tenant(tmp_path) as tenant:
        tenant.send("POST", "/oauth/token", tenant.credentials(client_secret="wrong-secret"), headers={})
        tenant.send("GET", "/api/v2/users-by-email?email=ringo%40example.com")
        stop(tenant.process)
        log = (tmp_path / "tenant.log").read_text()
        token = tenant.headers["Authorization"].removeprefix("Bearer ")
        for secret in (tenant.state.auth0_client_secret, "wrong-secret", token, "ringo"):
            assert secret not in log
            assert secret not in str(tenant.storage.requests())
