"""CSV as Postgres' COPY reads it: an empty field without quotes is NULL, and `""` is the empty text."""

import re
from collections.abc import Sequence

from musicctl.operations.files.columns import OWNER, Column
from musicctl.operations.files.records import Dialect, Names, Record, Value, end_of_line

QUOTED = re.compile(rb'"([^"]*(?:""[^"]*)*)"(?!")')
UNQUOTED = re.compile(rb"[^,\r\n]*+")
AFTER = re.compile(rb",|\r?\n")


def _record(buffer: bytes, at: int, _names: Names) -> Record | None:
    first_end = end_of_line(buffer, at)
    if not first_end:
        return None
    values: list[Value] = []
    while True:
        found = (QUOTED if buffer.startswith(b'"', at) else UNQUOTED).match(buffer, at)
        if found is None or (found.end() + 1 >= len(buffer) and not buffer.endswith(b"\n")):
            return None
        values.append(found[1].replace(b'""', b'"') if found.re is QUOTED else found[0] or None)
        after = AFTER.match(buffer, found.end())
        if reason := _wrong(found, after):
            # Whatever a quote has swallowed is looked at again: only this line is surely bad.
            return Record(values, first_end, reason, len(values) - 1)
        assert after is not None
        at = after.end()
        if after[0] != b",":
            return Record(values, at)


def _wrong(found: re.Match[bytes], after: re.Match[bytes] | None) -> str:
    if found.re is QUOTED:
        return "" if after else "goes on after its closing quote"
    if b'"' in found[0]:
        return "has a quote in the middle; such a field is put in quotes, and its own are doubled"
    return "" if after else "has a carriage return that ends no line"


def _good(columns: Sequence[Column]) -> bytes:
    return b",".join(map(_field, columns)) + rb"\r?\n"


def _field(column: Column) -> bytes:
    plain = column.plain(rb'",\r\n')
    if column.range is not None:
        return plain
    if column.owner:
        return rb'(?:"%s"|%s)' % (OWNER, plain)
    return rb'(?:%s|"[^"\0\r\n]*+(?:""[^"\0\r\n]*+)*")' % plain


def _line(values: Sequence[Value]) -> bytes:
    fields = (b"" if value is None else b'"' + value.replace(b'"', b'""') + b'"' for value in values)
    return b",".join(fields) + b"\n"


CSV = Dialect(
    copy="csv", has_header=True, record=_record, good=_good, line=_line, row=lambda _, values: _line(values)
)
