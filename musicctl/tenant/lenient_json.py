"""JSON of others: what the fast decoder raises, and a reader of what it refuses but a listener may have."""

import json
import math
import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

DEEPEST = 50
"""Levels of nesting that are read; what lies deeper becomes null."""

# A text that never ends is one match too: from each of its quotes on, the rest would be searched once more.
TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
LONGEST_INTEGER = 300
"""Digits; a longer one becomes a float, since Python refuses to read it."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that it cannot decode: those that are not UTF-8 are no DecodeError."""

T = TypeVar("T")


def reader(kind: type[T]) -> Callable[[bytes], T]:
    """Return what reads a `kind` from JSON, and raises one of UNREADABLE.

    All of it must be UTF-8: the fast decoder does not look at the texts that it skips.
    """
    decoder = msgspec.json.Decoder(kind)

    def read(text: bytes) -> T:
        text.decode()
        return decoder.decode(text)

    return read


def decode(text: bytes) -> object:
    """Return the value in `text`, or None when it is no whole JSON document in UTF-8.

    Text with half a surrogate pair, which can be neither stored nor written back as it is, becomes null, and
    so does what JSON has no number for.
    """
    try:
        found: object = json.loads(
            _shallow(text).decode("utf-8-sig"),
            parse_int=_integer,
            parse_float=_float,
            parse_constant=lambda _word: None,
        )
    except (ValueError, RecursionError):
        return None
    return _clean(found)


def _shallow(text: bytes) -> bytes:
    """Replace what is nested too deeply by null; one that is left open stays, and is refused as such."""
    kept, depth, rest = [], 0, 0
    for match in TOKEN.finditer(text):
        if match[0] in (b"[", b"{"):
            depth += 1
            if depth == DEEPEST + 1:
                kept.append(text[rest : match.start()] + b"null")
                rest = match.start()
        elif match[0] in (b"]", b"}"):
            if depth == DEEPEST + 1:
                rest = match.end()
            depth -= 1
    return b"".join([*kept, text[rest:]])


def _integer(digits: str) -> int | float | None:
    return int(digits) if len(digits) <= LONGEST_INTEGER else _float(digits)


def _float(digits: str) -> float | None:
    """Return the number, or None for one that is too large to be written back."""
    number = float(digits)
    return number if math.isfinite(number) else None


def _clean(value: object) -> object:
    if isinstance(value, str):
        return value if _whole(value) else None
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {key: _clean(each) for key, each in value.items() if _whole(key)}
    return value


def _whole(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
