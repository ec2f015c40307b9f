import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from musicctl.sandbox import lifecycle, process
from musicctl.sandbox.local_tenant.records import NewUser
from musicctl.sandbox.local_tenant.storage import Storage
from musicctl.sandbox.postgres import place
from musicctl.sandbox.postgres.account import server_account
from musicctl.sandbox.process import Account
from musicctl.settings import sandbox_state
from tests.sandbox.sandbox_fixtures import ask, data, hush

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "sandbox"
    lifecycle.remove(tmp_path / "sandbox", hush)


@pytest.mark.skipif(not AS_ROOT, reason="only root's cluster lives outside the sandbox's folder")
def test_roots_cluster_lives_with_its_account_and_leaves_with_the_sandbox(tmp_path: Path) -> None:
    home, account = tmp_path / "sandbox", server_account()
    assert account is not None
    state = lifecycle.up(home, hush)
    folder = Path(state.cluster)
    assert not folder.is_relative_to(home)
    assert (folder.stat().st_uid, data(state).stat().st_uid) == (account.uid, account.uid)
    again = Path(lifecycle.reset(home, hush).cluster)
    assert not folder.exists()
    lifecycle.remove(home, hush)
    assert not again.exists()
    assert not home.exists()


@pytest.mark.skipif(not AS_ROOT, reason="only root's cluster can be cleared away with the temporary files")
def test_a_cluster_that_was_cleared_away_is_made_anew_and_said(home: Path) -> None:
    before = lifecycle.up(home, hush)
    with Storage.open(home / "tenant.sqlite") as storage:
        storage.add_missing_users([NewUser("auth0|1", "ringo@example.com")])
    sandbox_state.write(home, replace(before, filled_by="load"))
    lifecycle.down(home, hush)
    shutil.rmtree(before.cluster)
    said: list[str] = []
    after = lifecycle.up(home, said.append)
    assert [line for line in said if "starts empty, its tenant too" in line] == said[1:]
    assert after.cluster != before.cluster
    assert (after.filled_by, lifecycle.status(home)["users"]) == ("", 0)
    assert (after.port, after.auth0_client_secret) == (before.port, before.auth0_client_secret)
    assert ask(after, "SELECT count(*) FROM songs") == [(0,)]


@pytest.mark.skipif(not AS_ROOT, reason="only root's cluster lives outside the sandbox's folder")
def test_roots_cluster_outlives_a_restart_of_the_machine_unless_tmpdir_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = server_account()
    assert account is not None
    named = Path(tempfile.mkdtemp(prefix="musicctl-test-"))
    named.chmod(0o755)
    made = []
    try:
        for default in ("/tmp", str(named)):
            monkeypatch.setattr(tempfile, "tempdir", default)
            made.append(place.lasting(account))
        assert [path.parent for path in made] == [Path("/var/tmp").resolve(), named]
        assert {(path.stat().st_uid, path.stat().st_mode & 0o777) for path in made} == {(account.uid, 0o700)}
    finally:
        for path in made:
            path.rmdir()
        named.rmdir()


def test_a_sandbox_that_is_not_there_is_not_made_to_be_removed(tmp_path: Path) -> None:
    assert lifecycle.remove(tmp_path / "never", hush) is False
    assert not (tmp_path / "never").exists()


@dataclass(frozen=True)
class Ordinary:
    """An account without rights, a folder of its own, and how it runs Python."""

    account: Account
    folder: Path
    python: tuple[str, ...]


@pytest.fixture
def ordinary() -> Iterator[Ordinary]:
    if not AS_ROOT:
        pytest.skip("the other tests have run as an ordinary user")
    entry = pwd.getpwnam("nobody")
    account = Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    python = interpreter(account)
    top = Path(tempfile.mkdtemp(prefix="musicctl-test-"))
    folder = top / ("long" * 25)
    folder.mkdir()
    for path in (top, folder):
        os.chown(path, account.uid, account.gid)
    yield Ordinary(account, folder, python)
    shutil.rmtree(top)


def interpreter(account: Account) -> tuple[str, ...]:
    """Return a command for Python with our libraries; the one we run on may lie in root's home."""
    libraries = "PYTHONPATH=" + os.pathsep.join(filter(None, sys.path))
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    for program in (sys.executable, system):
        command = ("/usr/bin/env", libraries, program)
        if process.run([*command, "-c", "import aiohttp, musicctl, psycopg2"], account).returncode == 0:
            return command
    pytest.skip("an ordinary user cannot reach this Python")


def test_an_ordinary_user_keeps_everything_in_the_folder_but_a_socket_too_deep(ordinary: Ordinary) -> None:
    story = (
        "import sys; from pathlib import Path; from musicctl.sandbox import lifecycle as life\n"
        "home = Path(sys.argv[1]) / 'sandbox'\n"
        "first = life.up(home, print)\n"
        "assert Path(first.cluster) == home / 'postgres' and len(first.socket) < 100, first\n"
        "assert life.down(home, print) and life.up(home, print) == first\n"
        "assert life.status(home)['up'] and life.reset(home, print).port == first.port\n"
        "life.remove(home, print)\n"
        "assert not home.exists() and not Path(first.socket).exists()\n"
    )
    done = process.run([*ordinary.python, "-c", story, str(ordinary.folder)], ordinary.account)
    assert (done.returncode, done.stderr) == (0, "")
