"""What may stand in a column of a file, and what is wrong with a value that may not."""

import re
import unicodedata
from typing import NamedTuple

WHOLE = re.compile(rb"[+-]?[0-9]+")
INTEGERS = {"smallint": 2, "integer": 4, "bigint": 8}
"""Postgres' whole numbers, and their bytes."""

OWNER = rb"[!#-+\--\[\]-{}~]++\|[!#-+\--\[\]-~]++"
"""Most user ids: `provider|id` in ASCII, without what a format of files gives a meaning."""

UNSEEN = ("Cc", "Cf", "Zl", "Zp", "Co", "Cn")
"""Unicode's categories of characters that nobody sees in an id."""

SHOWN = 40


class Column(NamedTuple):
    """One column: whether it must have a value, the range of a whole number, and whether it is a user id."""

    name: str
    required: bool = False
    range: tuple[int, int] | None = None
    owner: bool = False

    def wrong(self, value: bytes | None) -> str:
        """Return what is wrong with a value, in words; empty when nothing is."""
        if value is None:
            return "has no value" if self.required else ""
        try:
            text = value.decode()
        except UnicodeDecodeError:
            return "is not UTF-8"
        if b"\0" in value:
            return "has a NUL character"
        if self.owner:
            return _nobodys(text)
        return "" if self.range is None else _out_of(self.range, value)

    def plain(self, stops: bytes) -> bytes:
        """Return the regular expression of most values that are right, as they stand without `stops`."""
        least = int(self.required)
        if self.owner:
            return OWNER if self.required else rb"(?:%s)?" % OWNER
        if self.range is not None:
            return rb"[0-9]{%d,%d}+" % (least, len(str(self.range[1])) - 1)
        return rb"[^\0%s]{%d,}+" % (stops, least)


def of_type(name: str, kind: str, *, required: bool, least: int | None, owner: bool = False) -> Column:
    """Return the column for one of Postgres' type `kind`; `least` is the smallest number that will do.

    A column that names the `owner` of a row takes what can be a user id.
    """
    if kind in INTEGERS:
        most = (1 << (8 * INTEGERS[kind] - 1)) - 1
        return Column(name, required, (-most - 1 if least is None else least, most))
    return Column(name, required, owner=owner)


def _nobodys(text: str) -> str:
    """Return why a text is nobody's user id; a row of such an owner would belong to no account at all."""
    if not text.strip():
        return "is empty; leave the field empty, without quotes, for a row of nobody"
    if text != text.strip():
        return f"{shown(text.encode())} has a blank at an end"
    if any(unicodedata.category(character) in UNSEEN for character in text):
        return f"{shown(text.encode())} has a character that cannot be seen"
    if "@" in text and "|" not in text:
        return f"{shown(text.encode())} is an email address; it takes the user id, such as auth0|5f7c8ec7"
    return ""


def shown(value: bytes) -> str:
    """Return a value for a message, cut where it is long."""
    text = value[: 4 * SHOWN].decode(errors="replace")
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")


def _out_of(limits: tuple[int, int], value: bytes) -> str:
    if not WHOLE.fullmatch(value):
        return f"{shown(value)} is no whole number"
    least, most = limits
    digits = value.lstrip(b"+-").lstrip(b"0")
    if len(digits) <= len(str(most)) and least <= int(value) <= most:
        return ""
    return f"{shown(value)} is below {least}" if value.startswith(b"-") else f"{shown(value)} is above {most}"
