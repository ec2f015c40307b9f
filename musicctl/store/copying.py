"""COPY in its text format: rows of Python values as a stream that Postgres reads."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import psycopg2
from psycopg2 import extensions, sql

from musicctl.store import waiting

CHUNK = 1 << 16
LINES = 100
"""Lines that are joined before they are encoded."""

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
IN_ARRAY = str.maketrans({"\\": "\\\\", '"': '\\"'})


def copy_in(
    cursor: extensions.cursor, table: sql.Composable, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Stream `rows` into `table`, a chunk at a time; values may be None, str, int, float and lists of str."""
    copy_lines(cursor, table, columns, lines(rows))


def copy_lines(
    cursor: extensions.cursor, table: sql.Composable, columns: Sequence[str], pieces: Iterator[bytes]
) -> None:
    """Stream what `lines` has made, in pieces of any size, into `table`."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    copy_pieces(cursor, sql.SQL("COPY {} ({}) FROM STDIN").format(table, names), pieces)


def lines(rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield rows as COPY reads them; values may be None, str, int, float and lists of str.

    Raises ValueError for what Postgres cannot hold: a NUL, half a surrogate pair.
    """
    return _encoded(map(_line, rows))


def copy_pieces(cursor: extensions.cursor, statement: sql.Composable, pieces: Iterator[bytes]) -> None:
    """Stream what a `COPY ... FROM STDIN` reads, in pieces of any size; what the pieces raise is raised."""
    stream = _Stream(pieces)
    with waiting.blocking(cursor.connection):
        try:
            cursor.copy_expert(statement, stream, CHUNK)  # type: ignore[arg-type]  # COPY FROM only reads
        except psycopg2.Error:
            # libpq only says that reading failed; why it did is what a person needs to know.
            if stream.failure is not None:
                raise stream.failure from None
            raise


class _Stream:
    """The reading half of a file, which is all that COPY asks for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.failure: BaseException | None = None
        self._pieces = pieces
        self._left = b""

    def read(self, size: int = CHUNK) -> bytes:
        try:
            return self._next(size)
        except BaseException as failure:
            self.failure = failure
            raise

    def _next(self, size: int) -> bytes:
        pieces, length = [self._left], len(self._left)
        while length < size and (piece := next(self._pieces, None)) is not None:
            pieces.append(piece)
            length += len(piece)
        whole = b"".join(pieces)
        self._left = whole[size:]
        return whole[:size]


def _encoded(lines: Iterator[str]) -> Iterator[bytes]:
    while joined := "".join(islice(lines, LINES)):
        yield joined.encode()


def _line(row: Sequence[object]) -> str:
    return "\t".join([_field(value) for value in row]) + "\n"


def _field(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        text = value
    else:
        text = _array(value) if isinstance(value, list | tuple) else str(value)
    # All that is escaped, but for the backslash, is not printable; nearly every text ends here.
    return text if text.isprintable() and "\\" not in text else _escaped(text)


def _escaped(text: str) -> str:
    if "\0" in text:
        # Postgres' own message for this names a byte, not the character.
        raise ValueError("NUL characters cannot be stored")
    return text.translate(ESCAPES)


def _array(values: Sequence[object]) -> str:
    quoted = ('"' + str(value).translate(IN_ARRAY) + '"' for value in values)
    return "{" + ",".join(quoted) + "}" if values else "{}"
