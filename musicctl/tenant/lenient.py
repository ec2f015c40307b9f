"""Reads whole JSON that the fast decoder refuses: one listener's metadata may be hostile."""

import json
import re

DEEPEST = 50
"""Levels of nesting that are read; what lies deeper becomes null."""

TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
LONGEST_INTEGER = 300
"""Digits; a longer one becomes a float, since Python refuses to read it."""


def decode(text: bytes) -> object:
    """Return the value in `text`, or None when it is no whole JSON document.

    Text with half a surrogate pair, which can be neither stored nor written back as it is, becomes null.
    """
    try:
        found: object = json.loads(_shallow(text), parse_int=_integer)
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


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


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
