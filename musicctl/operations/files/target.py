"""Where a file is written to: beside its place under another name, and renamed when it is whole."""

import gzip
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from musicctl.errors import MusicctlError

BUFFER = 1 << 20
"""Bytes: COPY hands over a row at a time."""


@contextmanager
def writing(name: str) -> Iterator[BinaryIO]:
    """Yield what the bytes of a file are written to, compressed when the name ends in `.gz`.

    The file is there, in place of an older one, when the block has ended well, and not at all otherwise. Only
    its owner may read it. What is no plain file, such as a pipe, is written to as it is. Raises
    MusicctlError when the file cannot be written.
    """
    path = Path(name).resolve()  # a link stays a link
    try:
        if path.exists() and not path.is_file():
            with path.open("wb", BUFFER) as plain, _packed(plain, name) as packed:
                yield packed
            return
        with _beside(path) as beside, _packed(beside, name) as packed:
            yield packed
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        raise MusicctlError(
            f"{name} cannot be written: {error.strerror}",
            hint="name another file, or leave --to out for standard output",
        ) from None


@contextmanager
def _beside(path: Path) -> Iterator[BinaryIO]:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:200]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb", BUFFER) as file:
            yield file
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


@contextmanager
def _packed(file: BinaryIO, name: str) -> Iterator[BinaryIO]:
    if not name.endswith(".gz"):
        yield file
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=6, mtime=0) as packed:
        yield cast(BinaryIO, packed)
