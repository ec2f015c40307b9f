"""Values as machines read them: JSON that is exact, and in which no terminal finds anything to obey."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from json.encoder import encode_basestring
from math import isfinite

from musicctl.render.text import escaped

KNOWN = frozenset({type(None), bool, int, str, list, tuple, dict})


def encoded(value: object) -> str:
    """Return a value as JSON on one line; a Decimal is a number with all its digits.

    Hidden characters are escapes, so that the text can be printed and encoded. Only two surrogates in a row
    that make a pair come back as the one character they stand for: JSON cannot tell them apart.
    """
    known = plain(value)
    if isinstance(known, str):
        return escaped(encode_basestring(known), _unit_escapes)
    if isinstance(known, Mapping):
        return "{" + ", ".join(f"{encoded(str(key))}: {encoded(each)}" for key, each in known.items()) + "}"
    if isinstance(known, list | tuple):
        return "[" + ", ".join(map(encoded, known)) + "]"
    return str(known) if isinstance(known, Decimal) or type(known) is int else json.dumps(known)


def document(value: object) -> str:
    """Return a value as a JSON document: a mapping has a line for each key and each record in a list."""
    if not isinstance(value, Mapping) or not value:
        return encoded(value) + "\n"
    members = (f"{encoded(str(key))}: {_spread(each)}" for key, each in value.items())
    return "{\n  " + ",\n  ".join(members) + "\n}\n"


def field(value: object) -> str:
    """Return a value as one field of CSV or TSV: a text as it is, a list or mapping as JSON."""
    known = plain(value)
    return known if isinstance(known, str) else encoded(known)


def plain(value: object) -> object:
    """Return a value as JSON and CSV know it, and one of a type they lack as the text that names it."""
    return value if type(value) in KNOWN else _converted(value)


@singledispatch
def _converted(value: object) -> object:
    return str(value)


@_converted.register(str)
@_converted.register(int)
@_converted.register(Mapping)
@_converted.register(list)
@_converted.register(tuple)
def _known(value: object) -> object:
    return value


@_converted.register
def _enumerated(value: Enum) -> object:
    return plain(value.value)


@_converted.register
def _number(value: float) -> object:
    # JSON has no NaN and no infinities; Postgres, too, makes texts of them.
    return value if isfinite(value) else str(Decimal(value))


@_converted.register
def _decimal(value: Decimal) -> object:
    return value if value.is_finite() else str(value)


@_converted.register
def _date(value: date) -> str:
    return value.isoformat()


@_converted.register
def _moment(value: datetime) -> str:
    """Return a time as ISO 8601 in UTC; without a zone it is UTC already."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:  # on the first or the last day of the calendar
        return aware.isoformat()


def _spread(value: object) -> str:
    if isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value):
        return "[\n    " + ",\n    ".join(map(encoded, value)) + "\n  ]"
    return encoded(value)


def _unit_escapes(character: str) -> str:
    """Return the JSON escape of a character, which counts in units of UTF-16."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
