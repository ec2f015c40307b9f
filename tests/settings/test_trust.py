"""A configuration says which commands are run: nobody else may write it, nor into its folders."""

import grp
import os
import struct
from pathlib import Path

import pytest

from musicctl import settings
from musicctl.errors import ConfigError
from tests.accounts import NOBODY, ONLY_ROOT, given_away
from tests.settings.conftest import write

TEXT = "profile = 'prod'\n[profiles.prod]\nrole = 'cmd:touch ran; echo dj'\n"


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration file some folders down, behind a link."""
    (tmp_path / "one" / "two").mkdir(parents=True, mode=0o755)
    (tmp_path / "real").mkdir()
    write(tmp_path / "real" / "config.toml", TEXT, 0o644)
    path = tmp_path / "one" / "two" / "config.toml"
    path.symlink_to(tmp_path / "real" / "config.toml")
    monkeypatch.setenv("MUSICCTL_CONFIG", str(path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        _ = settings.load().role
    assert caught.value.exit == 78
    assert caught.value.hint
    assert not Path("ran").exists()


def test_links_of_ours_are_followed(deep: Path) -> None:
    assert settings.load().role == "dj"
    assert Path("ran").exists()


@pytest.mark.parametrize("mode", [0o666, 0o622, 0o602])
def test_a_file_that_others_can_write(deep: Path, mode: int) -> None:
    (deep / "real" / "config.toml").chmod(mode)
    refused("is not used: it can be written to by others")


@pytest.mark.parametrize("folder", ["one", "one/two", "real"])
@pytest.mark.parametrize("mode", [0o777, 0o772, 0o703])
def test_a_folder_that_others_can_write_to(deep: Path, folder: str, mode: int) -> None:
    (deep / folder).chmod(mode)
    refused(f"it is in .*/{folder}, which can be written to by others")


@ONLY_ROOT
@pytest.mark.parametrize("place", ["real/config.toml", "one", "one/two", "real"])
@pytest.mark.parametrize("group", [grp.getgrnam("daemon").gr_gid, 59999])
def test_what_a_group_of_others_can_write(deep: Path, place: str, group: int) -> None:
    (deep / place).chmod(0o770)
    os.chown(deep / place, -1, group)
    refused("can be written to by others")


@pytest.mark.parametrize("place", ["real/config.toml", "one", "one/two", "real"])
@pytest.mark.parametrize("more", [(), (NOBODY,)])
def test_an_access_list_beside_the_mode(deep: Path, place: str, more: tuple[int, ...]) -> None:
    entries = [(1, 7, 0), *((2, 7, uid) for uid in more), (4, 5, 0), (16, 7, 0), (32, 0, 0)]
    packed = b"".join(struct.pack("<HHI", tag, rights, of) for tag, rights, of in entries)
    try:
        os.setxattr(deep / place, "system.posix_acl_access", struct.pack("<I", 2) + packed)
    except (AttributeError, OSError):
        pytest.skip("this disk has no access lists")
    refused("can be written to by others")


def test_a_sticky_folder_lets_nobody_replace_what_is_ours(deep: Path) -> None:
    (deep / "one").chmod(0o1777)
    assert settings.load().role == "dj"


@ONLY_ROOT
@pytest.mark.parametrize("place", ["one", "one/two", "one/two/config.toml", "real", "real/config.toml"])
def test_what_another_account_owns(deep: Path, place: str) -> None:
    given_away(deep / place)
    refused("belongs to the account nobody")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file(config: Path, make: object) -> None:
    make(config)  # type: ignore[operator]
    refused("is not used: it is a pipe|cannot be read: Is a directory")


def test_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICCTL_CONFIG", "/dev/zero")
    refused("is a device")


def test_a_file_without_an_end_in_sight(config: Path) -> None:
    write(config, TEXT)
    os.truncate(config, 1 << 40)
    refused("is larger than")
