"""Tables for people: they fit the terminal and say what they left out; on a pipe they are whole and plain."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from musicctl.render.records import Row
from musicctl.render.text import safe, shorten, width

GAP = "  "
NARROWEST = 8
"""Columns below which no column of the table is cut, however narrow the terminal."""


def table(columns: Sequence[str], rows: Iterable[Row], *, terminal: int | None) -> str:
    """Return the rows as aligned text: `terminal` is how many columns there are, None for a pipe.

    Numbers are right-aligned, NULL is a dash, one row is one line.
    """
    found = list(rows)
    cells = [[cell(value) for value in row] for row in found]
    numeric = [_is_numeric(found, place) for place in range(len(columns))]
    widths = [max(width(line[place]) for line in [columns, *cells]) for place in range(len(columns))]
    if terminal is not None:
        widths = _fitted(widths, terminal - len(GAP) * (len(columns) - 1))
    rule = [] if terminal is None else [["─" * each for each in widths]]
    lines = [list(columns), *rule, *cells]
    return "".join(_line(line, widths, numeric) + "\n" for line in lines)


def fields(shown: Mapping[str, object], *, terminal: int | None) -> str:
    """Return one record as a line for each field, its name in front."""
    names = max(map(len, shown), default=0)
    room = None if terminal is None else max(NARROWEST, terminal - names - len(GAP))
    lines = []
    for name, value in shown.items():
        text = cell(value)
        lines.append(f"{name:{names}}{GAP}{text if room is None else shorten(text, room)}\n")
    return "".join(lines)


def cell(value: object) -> str:
    """Return a value as people read it; times are local, with their zone."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    if isinstance(value, list | tuple):
        return ", ".join(cell(each) for each in value) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{cell(key)}: {cell(each)}" for key, each in value.items())
    return safe(value)


def _is_numeric(rows: Sequence[Row], place: int) -> bool:
    values = [row[place] for row in rows if row[place] is not None]
    return bool(values) and all(isinstance(value, int | float) for value in values)


def _fitted(widths: list[int], room: int) -> list[int]:
    """Narrow the widest columns until all fit."""
    fitted = list(widths)
    while sum(fitted) > room and max(fitted) > NARROWEST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    padded = []
    for text, room, right in zip(cells, widths, numeric, strict=True):
        shown = shorten(text, room)
        blank = " " * (room - width(shown))
        padded.append(blank + shown if right else shown + blank)
    return GAP.join(padded).rstrip()
