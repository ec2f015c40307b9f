"""COPY in its text format: rows of Python values as a stream that Postgres reads."""

from collections.abc import Iterable, Iterator, Sequence

import psycopg2
from psycopg2 import extensions, sql

from musicctl.store import waiting

CHUNK = 1 << 16
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
IN_ARRAY = str.maketrans({"\\": "\\\\", '"': '\\"'})


def copy_in(
    cursor: extensions.cursor, table: sql.Composable, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Stream `rows` into `table`, a chunk at a time; values may be None, str, int, float and lists of str."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, names)
    stream = _Stream(map(_line, rows))
    with waiting.blocking():
        try:
            cursor.copy_expert(statement, stream, CHUNK)  # type: ignore[arg-type]  # COPY FROM only reads
        except psycopg2.Error:
            # libpq only says that reading failed; why it did is what a person needs to know.
            if stream.failure is not None:
                raise stream.failure from None
            raise


class _Stream:
    """The reading half of a file, which is all that COPY asks for."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.failure: BaseException | None = None
        self._lines = lines
        self._left = b""

    def read(self, size: int = CHUNK) -> bytes:
        try:
            return self._next(size)
        except BaseException as failure:
            self.failure = failure
            raise

    def _next(self, size: int) -> bytes:
        pieces, length = [self._left], len(self._left)
        while length < size and (line := next(self._lines, None)) is not None:
            pieces.append(line.encode())
            length += len(pieces[-1])
        whole = b"".join(pieces)
        self._left = whole[size:]
        return whole[:size]


def _line(row: Sequence[object]) -> str:
    return "\t".join(map(_field, row)) + "\n"


def _field(value: object) -> str:
    if value is None:
        return "\\N"
    text = _array(value) if isinstance(value, list | tuple) else str(value)
    if "\0" in text:
        # Postgres' own message for this names a byte, not the character.
        raise ValueError("NUL characters cannot be stored")
    return text.translate(ESCAPES)


def _array(values: Sequence[object]) -> str:
    quoted = ('"' + str(value).translate(IN_ARRAY) + '"' for value in values)
    return "{" + ",".join(quoted) + "}"
