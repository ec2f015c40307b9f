"""Files in the user's cache folder for their owner alone: written in one step, distrusted when read."""

import os
import stat
from contextlib import suppress
from pathlib import Path

OTHERS = 0o077


def read(path: Path, most: int) -> bytes | None:
    """Return up to `most` bytes of a file that is ours alone; None when there is no such file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & OTHERS
            return file.read(most) if ours else None
    except OSError:
        return None


def write(path: Path, content: bytes) -> None:
    """Put a file in place of the old one; a folder that cannot be written to is no error: nothing is kept."""
    fresh = path.with_suffix(f".{os.getpid()}.new")
    with suppress(OSError):
        make_folder(path.parent)
        fresh.unlink(missing_ok=True)
        try:
            _create(fresh, content)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder for us alone; raises OSError when it is somebody else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise PermissionError
    if folder.stat().st_mode & OTHERS:
        folder.chmod(0o700)


def _create(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
