"""A group is nobody else where its only member is the owner: with a umask of 002, all is writable for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from musicctl import way
from tests.accounts import ONLY_ROOT

ROOT = "root:x:0:0::/root:/bin/sh\n"
EVE = "eve:x:4242:{}::/:/bin/sh\n"
READ = (
    "import sys; from pathlib import Path; from musicctl import disk; disk.read_trusted(Path(sys.argv[1]), 9)"
)
AMONG = 'mount --bind passwd /etc/passwd && mount --bind group /etc/group && exec "$@"'
"""What runs a program on a machine that has other accounts: only it, and what it starts, sees them."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file and its folder that their group may write."""
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mounts of our own here")
    (tmp_path / "in").mkdir()
    (tmp_path / "in").chmod(0o775)
    (tmp_path / "in" / "file").write_text("x")
    (tmp_path / "in" / "file").chmod(0o664)
    return tmp_path / "in" / "file"


def read(file: Path, passwd: str, group: str) -> str:
    """Read a file where these are the accounts and groups; returns the last line of what is wrong."""
    home = file.parent.parent
    (home / "passwd").write_text(passwd)
    (home / "group").write_text(group)
    command = ["unshare", "--mount", "sh", "-c", AMONG, "sh", sys.executable, "-c", READ, str(file)]
    done = subprocess.run(command, cwd=home, check=False, capture_output=True, text=True)
    return done.stderr.strip().rpartition("\n")[2]


@ONLY_ROOT
@pytest.mark.parametrize("members", ["", "root"])
@pytest.mark.parametrize("name", ["root", "private"])
def test_a_group_of_the_owner_alone(file: Path, name: str, members: str) -> None:
    assert read(file, ROOT + EVE.format(4242), f"{name}:x:0:{members}\neve:x:4242:\n") == ""


@ONLY_ROOT
@pytest.mark.parametrize(
    ("passwd", "group"),
    [
        (ROOT + EVE.format(4242), "root:x:0:eve\n"),
        (ROOT + EVE.format(4242), "root:x:0:root,eve\n"),
        (ROOT + EVE.format(0), "root:x:0:\n"),
        (ROOT.replace("0:0", "0:5") + EVE.format(4242), "root:x:0:\nother:x:5:\n"),
        (EVE.format(4242), "root:x:0:\n"),
    ],
    ids=[
        "a member",
        "one of two",
        "the primary of another",
        "not the owner's primary",
        "no owner",
    ],
)
def test_a_group_that_may_hold_others(file: Path, passwd: str, group: str) -> None:
    assert "is in " in (said := read(file, passwd, group))
    assert "can be written to by others (chmod go-w)" in said
    file.parent.chmod(0o755)
    assert "it can be written to by others (chmod go-w)" in read(file, passwd, group)


def test_others_than_the_group(tmp_path: Path) -> None:
    tmp_path.chmod(0o772)
    with way.to_folder(tmp_path) as folder:
        assert "others" in way.distrust(folder)
        os.chmod(tmp_path, 0o700)  # noqa: PTH101
        assert way.distrust(folder) == ""
