"""CSV for spreadsheets, which run what looks like a formula: such cells are made plain text."""

import re
from collections.abc import Iterable, Iterator, Sequence

from musicctl.render.encoding import field
from musicctl.render.formats import Format, Row
from musicctl.render.records import listing

SIGNS = "=+@＝＋－＠-"
START = re.compile(rf"^(?=[\s\ufeff\u200b\"']*[{SIGNS}]|[\t\r])")
"""A cell that a spreadsheet would run: past blanks and quotes, and in full width, too."""

LATER = re.compile(rf"(;\s*|(?<=\S)\s+)(?=[\"']*[{SIGNS}])")
"""What may begin a cell of its own: behind a semicolon, which separates lists in much of Europe, or in a new
line, which a quoted cell may not survive there."""

BOM = "\ufeff"
"""Without it, a spreadsheet takes UTF-8 for the code page of its machine."""


def csv_for_spreadsheets(
    columns: Sequence[str], rows: Iterable[Row], *, terminal: bool = False
) -> Iterator[str]:
    """Yield CSV with an apostrophe before each text that a spreadsheet would run; no longer exact.

    A BOM comes first, but for a terminal, which would show it.
    """
    if not terminal:
        yield BOM
    named = [str(_plain(column)) for column in columns]
    yield from listing(named, (list(map(_plain, row)) for row in rows), Format.CSV, terminal=terminal)


def _plain(value: object) -> object:
    """Return a value as it is, or its text with an apostrophe in front; numbers are no formulas."""
    if value is None or isinstance(value, int | float):
        return value
    text = field(value)
    return START.sub("'", LATER.sub(_apart, text))


def _apart(found: re.Match[str]) -> str:
    between = found[1]
    return between if between.strip(" ") == "" else f"{between}'"
