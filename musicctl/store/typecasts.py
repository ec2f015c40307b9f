"""Values as Postgres holds them: their text where Python has no type that holds all of them."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

import psycopg2
from psycopg2 import extensions

from musicctl.store.database import Cursor

Row: TypeAlias = tuple[Any, ...]

# Numbers, texts and booleans, and arrays of them: their casters lose nothing but an array's lower bounds.
EXACT = (
    *(extensions.BOOLEAN, extensions.INTEGER, extensions.LONGINTEGER, extensions.FLOAT),
    *(extensions.DECIMAL, extensions.UNICODE, psycopg2.ROWID),
)
EXACT_ARRAYS = (
    *(extensions.BOOLEANARRAY, extensions.INTEGERARRAY, extensions.LONGINTEGERARRAY),
    *(extensions.FLOATARRAY, extensions.DECIMALARRAY, extensions.UNICODEARRAY),
)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?[+-]\d\d(:\d\d)?")
"""A timestamptz that Python can hold: neither infinite nor BC, nor after 9999, nor of an odd zone."""

DEEPEST = 50
"""Brackets in a JSON value beyond which it stays text: whoever reads it again may be recursive."""


def exact(cursor: Cursor) -> None:
    """Make this cursor return what Postgres holds: types that Python lacks, or holds in part, as their text.

    In a database of no known encoding texts come as bytes, for `decoded`.
    """
    own = (extensions.PYDATETIMETZ, extensions.JSON, extensions.JSONB)
    kept = {oid for caster in (*EXACT, *EXACT_ARRAYS, *own) for oid in caster.values}
    others = tuple(oid for oid in extensions.string_types if oid not in kept)
    _register(cursor, others, lambda text, _cursor: text)
    for caster in EXACT_ARRAYS:
        _register(cursor, caster.values, _whole(caster))
    _register(cursor, extensions.PYDATETIMETZ.values, _moment)
    _register(cursor, (*extensions.JSON.values, *extensions.JSONB.values), _json)
    if of_no_encoding(cursor):
        extensions.register_type(extensions.BYTES, cursor)
        extensions.register_type(extensions.BYTESARRAY, cursor)


def of_no_encoding(cursor: Cursor) -> bool:
    """Tell whether the database is one of SQL_ASCII, whose texts are any bytes at all."""
    return cursor.connection.get_parameter_status("server_encoding") == "SQL_ASCII"


def as_it_stands(cursor: Cursor) -> None:
    """Let texts of a database of no known encoding through, until the end of the transaction.

    Its server refuses to send what is no UTF-8 to a client that asks for UTF-8.
    """
    if of_no_encoding(cursor):
        cursor.execute("SET LOCAL client_encoding = 'SQL_ASCII'")


def decoded(rows: Iterable[Row], cursor: Cursor) -> Iterator[Row]:
    """Yield the rows with texts where there are bytes: what is no UTF-8 becomes lone surrogates."""
    if not of_no_encoding(cursor):
        return iter(rows)
    return (tuple(map(_text, row)) for row in rows)


def _register(cursor: Cursor, oids: tuple[int, ...], cast: Callable[[Any, Cursor], Any]) -> None:
    extensions.register_type(extensions.new_type(oids, "EXACT", cast), cursor)


def _whole(caster: Callable[[Any, Cursor], Any]) -> Callable[[Any, Cursor], Any]:
    """Return a caster of arrays that leaves those with bounds of their own as text."""

    def cast(text: str | None, cursor: Cursor) -> Any:
        return text if text is not None and text.startswith("[") else caster(text, cursor)

    return cast


def _moment(text: str | None, _cursor: Cursor) -> datetime | str | None:
    if text is None or not MOMENT.fullmatch(text):
        return text
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # an offset of a day and more
        return text


def _json(text: str | None, _cursor: Cursor) -> object:
    """Return a JSON value with all digits of its numbers; as text where a value would lose something."""
    if text is None or text.count("[") + text.count("{") > DEEPEST:
        return text
    try:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal, object_pairs_hook=_pairs)
    except KeyError:
        return text


def _pairs(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """Return an object's pairs; raises KeyError when a key comes twice, which the type json allows."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise KeyError
    return made


def _text(value: Any) -> Any:
    if isinstance(value, list):
        return [_text(each) for each in value]
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else value
