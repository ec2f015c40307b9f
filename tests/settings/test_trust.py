"""A configuration says which commands are run: nobody else may write it, nor into its folders."""

import os
from pathlib import Path

import pytest

from musicctl import settings
from musicctl.errors import ConfigError
from tests.accounts import ONLY_ROOT, given_away
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


@pytest.mark.parametrize("mode", [0o666, 0o622, 0o620, 0o602])
def test_a_file_that_others_can_write(deep: Path, mode: int) -> None:
    (deep / "real" / "config.toml").chmod(mode)
    refused("is not used: it can be written to by others")


@pytest.mark.parametrize("folder", ["one", "one/two", "real"])
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o703])
def test_a_folder_that_others_can_write_to(deep: Path, folder: str, mode: int) -> None:
    (deep / folder).chmod(mode)
    refused(f"it is in .*/{folder}, which can be written to by others")


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
