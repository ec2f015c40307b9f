"""Where a file is written to: beside its place under another name, and renamed when it is whole."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from musicctl import disk
from musicctl.errors import MusicctlError


@contextmanager
def writing(name: str) -> Iterator[BinaryIO]:
    """Yield what the bytes of a file are written to, compressed when the name ends in `.gz`.

    The file is there, in place of an older one or of a link, when the block has ended well, and not at all
    otherwise. Only its owner may read it. /dev/stdout, /dev/null and their like are written to as they are.
    Raises MusicctlError when the file cannot be written, or another account's would be replaced.
    """
    try:
        with _place(Path(name)) as file, _packed(file, name) as packed:
            yield packed
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        raise MusicctlError(
            f"{name} cannot be written: {error.strerror}",
            hint="name another file, or leave --to out for standard output",
        ) from None


@contextmanager
def _place(path: Path) -> Iterator[BinaryIO]:
    with disk.stream(path) as stream:
        if stream is not None:
            yield stream
            return
    with disk.writing(path) as file:
        yield file


@contextmanager
def _packed(file: BinaryIO, name: str) -> Iterator[BinaryIO]:
    if not name.endswith(".gz"):
        yield file
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=6, mtime=0) as packed:
        yield cast(BinaryIO, packed)
