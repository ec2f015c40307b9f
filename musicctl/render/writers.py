r"""The machine formats, row by row.

- `json`, `jsonl`: objects with the columns as keys, in order.
- `csv`: RFC 4180, with a header. NULL is an empty field, the empty text a pair of quotes.
- `tsv`: as Postgres' COPY reads text, with a header. NULL is \N; tab, line ends and backslash are \t, \n, \r
  and \\; other hidden characters are \x and two digits for each byte of their UTF-8.
- `ids`: the first column, a line each, escaped as in `tsv`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from musicctl.render.encoding import encoded, field
from musicctl.render.formats import Row
from musicctl.render.text import escaped, safe

Writer = Callable[[Sequence[str], Iterable[Row]], Iterator[str]]
TSV_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
QUOTED = re.compile(r'[,"\r\n]|^$|^\\\.$')
"""What is quoted in CSV: also the empty text, and the line that would end a COPY."""


def csv_for_terminal(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield CSV in which what others wrote is made safe, for a person to look at."""
    shown = ([value if value is None else safe(field(value)) for value in row] for row in rows)
    return _csv([safe(column) for column in columns], shown)


def _json(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    before = "["
    for line in _objects(columns, rows):
        yield f"{before}\n  {line}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def _jsonl(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    return (line + "\n" for line in _objects(columns, rows))


def _objects(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    keys = [encoded(column) + ": " for column in columns]
    for row in rows:
        yield "{" + ", ".join(key + encoded(value) for key, value in zip(keys, row, strict=True)) + "}"


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    yield ",".join(map(_csv_field, columns)) + "\r\n"
    for row in rows:
        yield ",".join(map(_csv_field, row)) + "\r\n"


def _tsv(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    yield "\t".join(map(_tsv_field, columns)) + "\n"
    for row in rows:
        yield "\t".join(map(_tsv_field, row)) + "\n"


def _ids(_columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    return (_tsv_field(row[0]) + "\n" for row in rows)


def _csv_field(value: object) -> str:
    if value is None:
        return ""
    text = field(value)
    return '"' + text.replace('"', '""') + '"' if QUOTED.search(text) else text


def _tsv_field(value: object) -> str:
    return "\\N" if value is None else escaped(field(value).replace("\\", "\\\\"), _copy_escape)


def _copy_escape(character: str) -> str:
    in_bytes = "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    return TSV_ESCAPES.get(character, in_bytes)


WRITERS: dict[str, Writer] = {"json": _json, "jsonl": _jsonl, "csv": _csv, "tsv": _tsv, "ids": _ids}
