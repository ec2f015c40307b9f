r"""TSV as Postgres' COPY reads text: NULL is \N, and tab, line ends and backslash are \t, \n, \r and \\."""

import re
from collections.abc import Sequence

from musicctl.operations.files.columns import Column
from musicctl.operations.files.records import Dialect, Names, Record, Value, end_of_line

ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.|$)", re.DOTALL)
LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
SPECIAL = ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r"))


def _record(buffer: bytes, at: int, _names: Names) -> Record | None:
    end = end_of_line(buffer, at)
    if not end:
        return None
    text = buffer[at : end - 1].removesuffix(b"\r")
    fields = text.split(b"\t")
    if b"\\" not in text:
        return Record([*fields], end)
    for place, field in enumerate(fields):
        if (len(field) - len(field.rstrip(b"\\"))) % 2:
            return Record([], end, "ends in a single backslash", place)
    return Record([_unescaped(field) for field in fields], end)


def _unescaped(field: bytes) -> Value:
    return None if field == b"\\N" else ESCAPE.sub(_character, field)


def _character(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if code[:1] == b"x" and len(code) > 1:
        return bytes([int(code[1:], 16)])
    return bytes([int(code, 8) & 255]) if code.isdigit() and code < b"8" else LETTERS.get(code, code)


def _good(columns: Sequence[Column]) -> bytes:
    return b"\t".join(map(_field, columns)) + rb"\r?\n"


def _field(column: Column) -> bytes:
    if column.required:
        return column.plain(rb"\t\r\n\\")
    filled = column._replace(required=column.owner or column.range is not None)
    return rb"(?:%s|\\N)" % filled.plain(rb"\t\r\n\\")


def line(values: Sequence[Value]) -> bytes:
    """Return values as one line of COPY's text format."""
    return b"\t".join(b"\\N" if value is None else _escaped(value) for value in values) + b"\n"


def _escaped(value: bytes) -> bytes:
    for character, escape in SPECIAL:
        value = value.replace(character, escape)
    return value


TSV = Dialect(
    copy="text", has_header=True, record=_record, good=_good, line=line, row=lambda _, values: line(values)
)
