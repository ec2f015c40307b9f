"""Files in the user's cache folder for their owner alone: written in one step, distrusted when read."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from musicctl import disk, way

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
    with suppress(OSError):
        make_folder(path.parent)
        disk.write(path, content)


def make_folder(folder: Path) -> None:
    """Make a folder for us alone; raises OSError when somebody else's, or behind such a link."""
    with way.to_folder(folder, make=True) as opened:
        found = os.fstat(opened)
        if found.st_uid != os.geteuid():
            raise PermissionError
        if found.st_mode & OTHERS:
            os.chmod(".", 0o700, dir_fd=opened)  # the one that was looked at
