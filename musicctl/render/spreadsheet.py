"""CSV for spreadsheets, which run what looks like a formula: such cells are made plain text."""

from collections.abc import Iterable, Iterator, Sequence

from musicctl.render.encoding import field
from musicctl.render.records import Format, Row, listing

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet would run."""


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
    return f"'{text}" if text.startswith(FORMULAS) else text
