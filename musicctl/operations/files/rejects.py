"""The bad lines of a file, kept aside to be written to a file of their own."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from musicctl.operations.files.records import Dialect
from musicctl.operations.files.source import STANDARD_INPUT
from musicctl.operations.files.target import writing

IN_MEMORY = 1 << 20


def name_for(name: str) -> str:
    """Return the name of the file that takes the bad lines of another: songs.bad.csv for songs.csv."""
    if name == STANDARD_INPUT:
        return "stdin.bad"
    stem, dot, ending = name.removesuffix(".gz").rpartition(".")
    return f"{stem}.bad.{ending}" if dot and "/" not in ending else f"{name}.bad"


class Rejects:
    """What an import left out: lines as they were, and `rows` that had been read. Columns are `names`."""

    def __init__(self, dialect: Dialect, kept: BinaryIO) -> None:
        self.names: Sequence[str] = ()
        self.rows = 0
        self._dialect = dialect
        self._kept = kept

    @classmethod
    @contextmanager
    def opened(cls, dialect: Dialect) -> Iterator["Rejects"]:
        """Yield an empty one, in memory while it is small."""
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as kept:
            yield cls(dialect, kept)  # type: ignore[arg-type]  # writes and reads bytes, like a file

    def take(self, raw: bytes) -> None:
        """Keep a piece of a bad line."""
        self._kept.write(raw)

    def take_refused(self, texts: Sequence[str | None]) -> None:
        """Keep a row that was left out after it had been read, as its values."""
        self.rows += 1
        self._kept.write(self._line(texts))

    def save(self, name: str, more: Sequence[Sequence[str | None]] = ()) -> None:
        """Write what was kept, and `more` rows as their values, to a file, under the header of the first."""
        self._kept.seek(0)
        with writing(name) as file:
            if self._dialect.has_header:
                separator = b"," if self._dialect.copy == "csv" else b"\t"
                file.write(separator.join(each.encode() for each in self.names) + b"\n")
            shutil.copyfileobj(self._kept, file)
            file.writelines(map(self._line, more))

    def _line(self, texts: Sequence[str | None]) -> bytes:
        values = [None if text is None else text.encode() for text in texts]
        return self._dialect.row(self.names, values)
