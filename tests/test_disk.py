"""What is written never goes through somebody else's link, and never over what is not ours."""

import os
import socket
import stat
from pathlib import Path

import pytest

from musicctl import disk
from tests.accounts import ONLY_ROOT, as_account, given_away


@pytest.fixture
def sticky(tmp_path: Path) -> Path:
    """A folder like /tmp, in which everybody plants what they like."""
    folder = tmp_path / "sticky"
    folder.mkdir()
    folder.chmod(0o1777)
    for above in tmp_path.parents:
        if above.owner() != "root" or above == Path("/tmp"):
            break
        above.chmod(above.stat().st_mode | 0o011)
    tmp_path.chmod(0o711)
    return folder


def test_a_file_is_its_owners_alone_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    before = os.umask(0)
    disk.write(tmp_path / "a", b"1")
    disk.write(tmp_path / "a", b"2")
    os.umask(before)
    assert (tmp_path / "a").read_bytes() == b"2"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_fails_on_the_way_leaves_the_old_file(tmp_path: Path) -> None:
    disk.write(tmp_path / "a", b"old")
    with pytest.raises(TypeError), disk.writing(tmp_path / "a") as file:
        file.write("no bytes")  # type: ignore[call-overload]
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_replaced_and_never_followed(tmp_path: Path, there: bool) -> None:
    target = tmp_path / "authorized_keys"
    if there:
        target.write_text("mine")
    (tmp_path / "a").symlink_to(target)
    disk.write(tmp_path / "a", b"1")
    assert not (tmp_path / "a").is_symlink()
    assert (target.read_text() == "mine") if there else not target.exists()


def folder(path: Path) -> None:
    path.mkdir()


def hard_link(path: Path) -> None:
    (path.parent / "other").write_text("kept")
    os.link(path.parent / "other", path)


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(path.parent)  # a socket's path is short
        made.bind(path.name)


def device(path: Path) -> None:
    os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))


def file_of_another(path: Path) -> None:
    path.write_text("x")
    given_away(path)


@pytest.mark.parametrize(
    ("plant", "reason"),
    [
        (os.mkfifo, "is a pipe"),
        (folder, "Is a directory"),
        (hard_link, "another name"),
        (bound_socket, "is a socket"),
        pytest.param(device, "is a device", marks=ONLY_ROOT),
        pytest.param(file_of_another, "belongs to the account nobody", marks=ONLY_ROOT),
    ],
)
def test_what_is_not_a_file_of_ours_is_refused(tmp_path: Path, plant: object, reason: str) -> None:
    plant(tmp_path / "a")  # type: ignore[operator]
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(OSError, match=reason):
        disk.write(tmp_path / "a", b"1")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@ONLY_ROOT
def test_a_link_that_another_account_planted_is_replaced(sticky: Path, tmp_path: Path) -> None:
    target = tmp_path / "authorized_keys"
    target.write_text("mine")
    assert as_account(lambda: (sticky / "songs.bad.csv").symlink_to(target)) == 0
    disk.write(sticky / "songs.bad.csv", b"1")
    assert target.read_text() == "mine"
    assert (sticky / "songs.bad.csv").owner() == "root"


@ONLY_ROOT
def test_a_folder_behind_a_link_of_another_account_is_refused(sticky: Path, tmp_path: Path) -> None:
    (tmp_path / "ssh").mkdir()
    assert as_account(lambda: (sticky / "out").symlink_to(tmp_path / "ssh")) == 0
    with pytest.raises(PermissionError, match="link, out, that belongs to the account nobody"):
        disk.write(sticky / "out" / "a", b"1")
    assert list((tmp_path / "ssh").iterdir()) == []


def test_a_folder_behind_a_link_of_ours_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "one").symlink_to("real")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    disk.write(tmp_path / "two" / ".." / "two" / "a", b"1")
    assert (tmp_path / "real" / "a").read_bytes() == b"1"


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("a")
    with pytest.raises(OSError, match="Too many levels"):
        disk.write(tmp_path / "a" / "b", b"1")


def test_a_folder_that_may_only_be_entered_is_gone_through(tmp_path: Path) -> None:
    (tmp_path / "in" / "deeper").mkdir(parents=True)
    (tmp_path / "in").chmod(0o111)
    disk.write(tmp_path / "in" / "deeper" / "a", b"1")
    (tmp_path / "in").chmod(0o700)
    assert (tmp_path / "in" / "deeper" / "a").exists()


@pytest.mark.parametrize("name", ["/dev/null", "/dev/fd/{}", "/proc/self/fd/{}"])
def test_what_a_person_names_in_place_of_a_file(name: str) -> None:
    if name.startswith("/proc") and not Path("/proc/self").exists():
        pytest.skip("there is no /proc")
    reading, writing = os.pipe()
    with disk.stream(Path(name.format(writing))) as stream:
        assert stream is not None
        stream.write(b"1")
    os.close(writing)
    assert os.read(reading, 9) == (b"" if name == "/dev/null" else b"1")
    os.close(reading)


@ONLY_ROOT
def test_a_device_elsewhere_than_in_a_folder_of_roots_is_refused(sticky: Path) -> None:
    device(sticky / "disk")
    sticky.chmod(0o777)
    with pytest.raises(PermissionError, match="can be written to by others"), disk.stream(sticky / "disk"):
        pass


@pytest.mark.parametrize("name", ["pipe", "/dev/zero", ".", "large"])
def test_what_is_read_is_a_file_and_bounded(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(OSError, match=r"is a pipe|is a device|Is a directory|is larger than 9 bytes"):
        disk.read(tmp_path / name, 9)


def test_a_pipe_of_our_own_is_read_where_that_is_meant() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"1")
    os.close(writing)
    assert disk.read(Path(f"/dev/fd/{reading}"), 9, pipes=True) == b"1"
    os.close(reading)
