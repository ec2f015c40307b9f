"""A listing in every format, as pieces of text: machine formats are complete and come row by row."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from enum import Enum

Row = Sequence[object]


class Format(Enum):
    """How data is printed: `table` is for people, the others are for machines."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    IDS = "ids"


def listing(columns: Sequence[str], rows: Iterable[Row], form: Format) -> Iterator[str]:
    """Yield the rows in a machine format, in order, with nothing left out; each piece ends a line."""
    return WRITERS[form](columns, rows)


def document(value: object) -> str:
    """Return one value, such as a plan, as a JSON document on lines of its own."""
    return json.dumps(_plain(value), ensure_ascii=False, indent=2).translate(SURROGATES) + "\n"


def _json(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    before = "["
    for row in rows:
        yield f"{before}\n  {_object(columns, row)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def _jsonl(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    return (_object(columns, row) + "\n" for row in rows)


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


WRITERS: dict[Format, Callable[[Sequence[str], Iterable[Row]], Iterator[str]]] = {
    Format.JSON: _json,
    Format.JSONL: _jsonl,
    Format.CSV: _csv,
    Format.TSV: _tsv,
    Format.IDS: _ids,
}


class _Surrogates(dict[int, str]):
    """Escapes lone surrogates, which no encoding of a file can hold, as JSON does."""

    def __missing__(self, code: int) -> str:
        if 0xD800 <= code <= 0xDFFF:
            return f"\\u{code:04x}"
        raise LookupError


SURROGATES = _Surrogates()


def _object(columns: Sequence[str], row: Row) -> str:
    record = {column: _plain(value) for column, value in zip(columns, row, strict=True)}
    return json.dumps(record, ensure_ascii=False).translate(SURROGATES)


def _plain(value: object) -> object:
    """Return a value as JSON has it; times are ISO 8601 in UTC."""
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _utc(moment: datetime) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _flat(value: object) -> str:
    """Return a value that is not None as one field."""
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _csv_field(value: object) -> str:
    """NULL is an empty field; the empty text is a pair of quotes."""
    if value is None:
        return ""
    text = _flat(value)
    quoted = not text or any(character in text for character in ',"\r\n')
    return '"' + text.replace('"', '""') + '"' if quoted else text


TSV_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _tsv_field(value: object) -> str:
    r"""As Postgres' COPY writes text: NULL is \N, and tab, newline and backslash are escaped."""
    return "\\N" if value is None else _flat(value).translate(TSV_ESCAPES)
