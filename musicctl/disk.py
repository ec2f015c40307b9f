"""The one door to the disk: what is written goes beside its place and is renamed, and through nobody's link.

What is refused is an OSError that says why: each border tells it as it tells the system's own.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from musicctl import way
from musicctl.way import refusal

BUFFER = 1 << 20
"""Bytes: COPY hands over a row at a time."""

READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
NAMELESS = os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC if hasattr(os, "O_TMPFILE") else 0
OWN_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/(?:fd/(\d{1,9})|std(in|out|err))")
KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISLNK, "a link"),
)


class Found(NamedTuple):
    """What was read of a file, and how it lay there: its owner and its mode."""

    content: bytes
    stat: os.stat_result


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Yield what the bytes of a file are written to; it is there, for its owner alone, when all went well.

    A link in its place is replaced. Raises OSError where another account's file lies there, one with more
    names than this, or what is no file at all, and where the way there leads over somebody else's link.
    """
    with way.to_file(path) as (folder, name):
        refuse_foreign(name, folder)
        fresh = f".musicctl-{os.urandom(8).hex()}.new"
        handle, nameless = _created(fresh, folder)
        try:
            with os.fdopen(handle, "wb", BUFFER) as file:
                yield file
                if nameless:
                    file.flush()
                    os.link(f"/proc/self/fd/{handle}", fresh, dst_dir_fd=folder)
            refuse_foreign(name, folder)
            os.rename(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(fresh, dir_fd=folder)
            raise


def _created(fresh: str, folder: int) -> tuple[int, bool]:
    """Open a new file, and tell whether it has no name yet: then nothing is left of it by kill -9."""
    if NAMELESS and os.access("/proc/self/fd", os.X_OK):
        with suppress(OSError):  # not every file system has it
            return os.open(".", NAMELESS, 0o600, dir_fd=folder), True
    return os.open(fresh, CREATE, 0o600, dir_fd=folder), False


def write(path: Path, content: bytes) -> None:
    """Put a file in its place in one step, as `writing` does."""
    with writing(path) as file:
        file.write(content)


@contextmanager
def stream(path: Path) -> Iterator[BinaryIO | None]:
    """Yield what a person may name in place of a file: our own descriptor, or a device in a folder of root's.

    None for anything else.
    """
    handle = own_descriptor(path)
    if handle is None and _is_device(path):
        handle = _opened_device(path)
    if handle is None:
        yield None
        return
    with os.fdopen(handle, "wb", BUFFER) as file:
        yield file


def read(path: Path, most: int, *, pipes: bool = False) -> bytes:
    """Return what a plain file holds; raises OSError for any other kind, unread, and beyond `most` bytes.

    With `pipes`, also what our own descriptors bring, such as /dev/stdin and a shell's <(...).
    """
    with opened(path, pipes=pipes) as file:
        return _bounded(file, most, path)


def opened(path: Path, *, pipes: bool = False) -> BinaryIO:
    """Open a plain file to be read bit by bit; raises OSError for any other kind, and waits for no writer.

    With `pipes`, also what our own descriptors bring, as for `read`.
    """
    handle = own_descriptor(path) if pipes else None
    if handle is None:
        return os.fdopen(_opened(path), "rb")
    file = os.fdopen(handle, "rb")
    try:
        if not stat.S_ISFIFO(os.fstat(handle).st_mode):
            _require_plain(os.fstat(handle), path)
    except OSError:
        file.close()
        raise
    return file


def read_trusted(path: Path, most: int) -> Found:
    """Return a file that nobody but its owner, us or root, can have written, nor put in its place.

    Raises OSError that names what on the way there others may write to, links and folders included.
    """
    with way.to_file(path, strict=True, last=True) as (folder, name):
        _require_plain(os.stat(name, dir_fd=folder, follow_symlinks=False), path)
        handle = os.open(name, READ | os.O_NOFOLLOW, dir_fd=folder)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            _require_plain(found, path)
            way.require_trusted(handle, path)
            return Found(_bounded(file, most, path), found)


@contextmanager
def own_folder(path: Path, *, make: bool = False) -> Iterator[int]:
    """Yield a descriptor of a folder that is ours, and that nobody else could have put there or replaced.

    With `make`, what is missing of it is made, for us alone. Raises OSError that says what is wrong with it.
    """
    with way.to_folder(path, strict=True, make=make) as folder:
        owner = os.fstat(folder).st_uid
        if owner != os.geteuid():
            raise refusal(f"belongs to {way.account(owner)}", path)
        yield folder


def read_own(name: str, folder: int, most: int) -> bytes | None:
    """Return a file of ours in an opened folder, or None where there is none; raises OSError as `writing`."""
    try:
        refuse_foreign(name, folder)
        handle = os.open(name, READ | os.O_NOFOLLOW, dir_fd=folder)
    except FileNotFoundError:
        return None
    with os.fdopen(handle, "rb") as file:
        _require_plain(os.fstat(handle), name)
        return _bounded(file, most, name)


def refuse_foreign(name: str, folder: int, *, links: bool = True) -> None:
    """Raise OSError where what has this name in an opened folder must not be replaced; nothing there is fine.

    `links` says whether a link may be there.
    """
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    if links and stat.S_ISLNK(found.st_mode):
        return
    _require_plain(found, name)
    if reason := _foreign(found, frozenset({os.geteuid()})):
        raise refusal(reason, name)


def refuse_planted(folder: int, *, owners: frozenset[int] = frozenset()) -> None:
    """Raise OSError that names what in an opened folder is a link, a pipe, or another account's file.

    Folders may be of other accounts too, since root hands some over; sockets are what a server left.
    """
    inside = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        with os.scandir(inside) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # a server at work removes some
                    _refuse_planted(entry, owners or frozenset({os.geteuid()}))
    finally:
        os.close(inside)


def _refuse_planted(entry: "os.DirEntry[str]", owners: frozenset[int]) -> None:
    found = entry.stat(follow_symlinks=False)
    if stat.S_ISDIR(found.st_mode) or stat.S_ISSOCK(found.st_mode):
        return
    _require_plain(found, entry.name)
    if reason := _foreign(found, owners):
        raise refusal(reason, entry.name)


def own_descriptor(path: Path) -> int | None:
    """Return a copy of our descriptor that a path such as /dev/stdout or /dev/fd/63 names, or None."""
    match = OWN_DESCRIPTOR.fullmatch(str(path))
    if match is None:
        return None
    return os.dup(int(match[1]) if match[1] else ("in", "out", "err").index(match[2]))


def kind(found: os.stat_result) -> str:
    """Return what lies there in people's words; empty for a plain file."""
    return next((word for test, word in KINDS if test(found.st_mode)), "")


def _opened(path: Path) -> int:
    """Open a plain file for reading; looked at before, since opening alone can make a pipe or a tape move."""
    _require_plain(path.stat(), path)
    handle = os.open(path, READ)
    try:
        _require_plain(os.fstat(handle), path)
    except OSError:
        os.close(handle)
        raise
    return handle


def _bounded(file: BinaryIO, most: int, path: object) -> bytes:
    content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most:,} bytes", str(path))
    return content


def _foreign(found: os.stat_result, owners: frozenset[int]) -> str:
    """Say why a file is not its owners' own; empty when it is."""
    if found.st_uid not in owners:
        return f"belongs to {way.account(found.st_uid)}"
    return "has another name elsewhere, by a hard link" if found.st_nlink > 1 else ""


def _is_device(path: Path) -> bool:
    try:
        return stat.S_ISCHR(path.lstat().st_mode)
    except OSError:
        return False


def _opened_device(path: Path) -> int:
    with way.to_file(path, strict=True) as (folder, name):
        flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC
        handle = os.open(name, flags, dir_fd=folder)
    if stat.S_ISCHR(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    raise refusal("is no device any more", path)


def _require_plain(found: os.stat_result, path: object) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise refusal(f"is {kind(found) or 'no plain file'}", path)
