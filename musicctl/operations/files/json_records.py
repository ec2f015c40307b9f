"""JSON lines: an object on each line, with the columns as its keys, in any order."""

import json
from collections.abc import Sequence
from typing import Any

from musicctl.operations.files.records import Dialect, Names, Record, Value, end_of_line
from musicctl.operations.files.tsv_records import line

NOT_JSON = "is no JSON"


def _record(buffer: bytes, at: int, names: Names) -> Record | None:
    end = end_of_line(buffer, at)
    if not end:
        return None
    text = buffer[at:end].strip()
    if not text:
        return Record([None], end)
    try:
        found = _decoded(text)
    except UnicodeDecodeError:
        return Record([], end, "is not UTF-8")
    except (ValueError, RecursionError) as error:
        return Record([], end, str(error) if isinstance(error, _TwiceError) else NOT_JSON)
    if not isinstance(found, dict):
        return Record([], end, "is no JSON object")
    return _placed(found, names, end)


class _TwiceError(ValueError):
    """A key comes twice in an object."""


def _decoded(text: bytes) -> Any:
    return json.loads(
        text.decode(),
        parse_int=str,
        parse_float=str,
        parse_constant=_refused,
        object_pairs_hook=_pairs,
    )


def _refused(constant: str) -> None:
    raise ValueError(constant)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _TwiceError(f"has the key {twice[:40]!r} twice")
    return made


def _placed(found: dict[str, Any], names: Names, end: int) -> Record:
    """Return the values in the order of the columns; a key that is missing, or not known, is bad."""
    if unknown := next((key for key in found if key not in names), None):
        return Record([], end, f"has a key that is not known: {unknown[:40]!r}")
    values: list[Value] = []
    for place, name in enumerate(names):
        if name not in found:
            return Record([], end, "is missing", place)
        value = found[name]
        if not isinstance(value, str | None):
            return Record([], end, "is neither text nor number nor null", place)
        try:
            values.append(None if value is None else value.encode())
        except UnicodeEncodeError:
            return Record([], end, "has a lone surrogate, which Postgres cannot hold", place)
    return Record(values, end)


def _row(names: Names, values: Sequence[Value]) -> bytes:
    texts = (None if value is None else value.decode() for value in values)
    return json.dumps(dict(zip(names, texts, strict=True)), ensure_ascii=False).encode() + b"\n"


JSON_LINES = Dialect(copy="text", has_header=False, record=_record, good=lambda _: None, line=line, row=_row)
