"""A sandbox is made and used where nobody else can have put anything, and its server is told no secret."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from musicctl.errors import ConfigError
from musicctl.sandbox import lifecycle, process
from musicctl.sandbox.postgres import postmaster
from musicctl.settings import sandbox_state
from tests.accounts import ONLY_ROOT, given_away
from tests.sandbox.sandbox_fixtures import data, hush

ALL = (lifecycle.up, lifecycle.down, lifecycle.reset, lifecycle.remove)


def refused(home: Path, reason: str) -> None:
    before = sorted(path.name for path in home.iterdir())
    for doing in (*ALL, lambda home, _say: lifecycle.status(home)):
        with pytest.raises(ConfigError, match=reason):
            doing(home, hush)
    assert sorted(path.name for path in home.iterdir()) == before


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a sandbox that is down, with a lock and no state."""
    path = tmp_path / "sandbox"
    path.mkdir()
    (path / "lock").touch()
    return path


def link(path: Path) -> None:
    (path.parent.parent / "mine").write_text("mine")
    path.symlink_to(path.parent.parent / "mine")


def hard_link(path: Path) -> None:
    (path.parent.parent / "mine").write_text("mine")
    os.link(path.parent.parent / "mine", path)


@pytest.mark.parametrize(
    "name", ["state.json", "tenant.log", "tenant.lock", "tenant.sqlite", "tenant.sqlite-wal"]
)
@pytest.mark.parametrize(
    ("plant", "reason"), [(link, "a link"), (os.mkfifo, "a pipe"), (hard_link, "hard link")]
)
def test_what_lies_in_its_folder_and_is_no_file_of_its_own(
    home: Path, name: str, plant: Callable[[Path], None], reason: str
) -> None:
    plant(home / name)
    refused(home, f"{name}: it .*{reason}")


@ONLY_ROOT
def test_a_folder_that_another_account_made(home: Path) -> None:
    given_away(home)
    refused(home, "belongs to the account nobody")


@ONLY_ROOT
def test_a_file_in_it_that_another_account_made(home: Path) -> None:
    given_away(home / "lock")
    refused(home, "lock: it belongs to the account nobody")


@pytest.mark.parametrize("which", ["sandbox", "."])
def test_a_folder_that_others_can_write_to(home: Path, which: str) -> None:
    (home.parent / which).chmod(0o777)
    refused(home, "can be written to by others")


def test_the_lock_is_no_link(home: Path) -> None:
    (home / "lock").unlink()
    link(home / "lock")
    (home / "state.json").write_text("{}")
    refused(home, "lock: it is a link")
    assert (home.parent / "mine").read_text() == "mine"


def test_what_lies_where_the_server_is_to_work(tmp_path: Path) -> None:
    home = tmp_path / "sandbox"
    state = lifecycle.up(home, hush)
    lifecycle.down(home, hush)
    try:
        cluster_data = data(state)
        elsewhere = cluster_data.rename(cluster_data.with_name("elsewhere"))
        cluster_data.symlink_to(elsewhere)
        with pytest.raises(ConfigError, match=r"pg\d+: it is a link"):
            lifecycle.up(home, hush)
        cluster_data.unlink()
        elsewhere.rename(cluster_data)
        log = Path(state.cluster) / "postgres.log"
        log.unlink()
        os.mkfifo(log, 0o666)
        with pytest.raises(ConfigError, match=r"postgres.log: it is a pipe"):
            lifecycle.up(home, hush)
        log.unlink()
    finally:
        lifecycle.remove(home, hush)
    assert not home.exists()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc")
def test_what_runs_in_the_background_is_told_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "sandbox"
    for name in ("VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY", "AUTH0_CLIENT_SECRET", "PGPASSWORD", "XLC_SECRET"):
        monkeypatch.setenv(name, "hunter2")
    secret = os.open(tmp_path / "open", os.O_RDWR | os.O_CREAT)
    os.set_inheritable(secret, True)
    try:
        state = lifecycle.up(home, hush)
        tenant = int((home / sandbox_state.TENANT_LOCK).read_text())
        server = postmaster.running(data(state))
        for pid in (tenant, server):
            place = Path(f"/proc/{pid}")
            assert b"hunter2" not in (place / "environ").read_bytes()
            assert b"HOME=" in (place / "environ").read_bytes()
            assert state.auth0_client_secret.encode() not in (place / "cmdline").read_bytes()
            assert (place / "cwd").readlink() in {Path("/"), data(state)}
            assert tmp_path / "open" not in [each.readlink() for each in (place / "fd").iterdir()]
            assert "Umask:\t0077" in (place / "status").read_text()
            assert [
                line.split()[4:6] for line in (place / "limits").read_text().splitlines() if "core" in line
            ] == [["0", "0"]]
            if os.geteuid() == 0 and pid == server:
                assert "Groups:\t \n" in (place / "status").read_text()
    finally:
        os.close(secret)
        lifecycle.remove(home, hush)


def test_a_program_has_the_home_of_its_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere/else")
    assert (
        process.run(["/bin/sh", "-c", "echo $HOME"]).stdout
        == f"{Path('~' + Path('/proc/self').owner()).expanduser()}\n"
    )
