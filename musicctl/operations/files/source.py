"""Where a file is read from: a path, gzipped by its name, or standard input."""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from musicctl import disk
from musicctl.errors import MusicctlError, UsageError
from musicctl.operations.files.scanner import CHUNK

STANDARD_INPUT = "-"


@contextmanager
def chunks(name: str, tell: Callable[[int], None]) -> Iterator[Iterator[bytes]]:
    """Yield the bytes of a file in chunks; `tell` is called with how many of the file were read so far.

    Raises UsageError when it cannot be read or is no file, such as a named pipe; a shell's <(...) is fine.
    Raises MusicctlError when it is no whole gzip file.
    """
    if name == STANDARD_INPUT:
        yield _chunks(name, sys.stdin.buffer, None, tell)
        return
    try:
        raw = disk.opened(Path(name), pipes=True)
    except OSError as error:
        raise UsageError(
            f"{name} cannot be read: {error.strerror}", hint="name a file, or - for standard input"
        ) from None
    with raw:
        unpacked = gzip.GzipFile(fileobj=raw) if name.endswith(".gz") else raw
        yield _chunks(name, unpacked, raw, tell)  # type: ignore[arg-type]  # GzipFile reads bytes


def size(name: str) -> int | None:
    """Return how many bytes a file has, or None where that is not known beforehand."""
    path = Path(name)
    return path.stat().st_size if name != STANDARD_INPUT and path.is_file() else None


def _chunks(name: str, file: BinaryIO, raw: BinaryIO | None, tell: Callable[[int], None]) -> Iterator[bytes]:
    read = 0
    try:
        while chunk := file.read(CHUNK):
            read += len(chunk)
            tell(read if raw is None or not raw.seekable() else raw.tell())
            yield chunk
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise MusicctlError(
            f"{name} is no whole gzip file: {error}; nothing was done", hint="fetch or pack it again"
        ) from None
    except OSError as error:
        raise UsageError(
            f"{name} cannot be read: {error.strerror}", hint="name a file, or - for standard input"
        ) from None
