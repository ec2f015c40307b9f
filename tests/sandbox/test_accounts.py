import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from musicctl.sandbox import lifecycle, process
from musicctl.sandbox.postgres.account import server_account
from musicctl.sandbox.process import Account
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
    lifecycle.down(home, hush)
    shutil.rmtree(before.cluster)
    said: list[str] = []
    after = lifecycle.up(home, said.append)
    assert any("starts empty" in line for line in said)
    assert after.cluster != before.cluster
    assert ask(after, "SELECT count(*) FROM songs") == [(0,)]


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
    top = Path(tempfile.mkdtemp(prefix="musicctl-test-"))
    folder = top / ("long" * 25)
    folder.mkdir()
    for path in (top, folder):
        os.chown(path, account.uid, account.gid)
    yield Ordinary(account, folder, interpreter(account))
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
