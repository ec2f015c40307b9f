"""Tables for people: they fit the terminal and say what they left out; on a pipe they are whole and plain."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from musicctl.render.records import Row
from musicctl.render.text import safe, shorten, width, wrapped

GAP = "  "
NARROWEST = 8
"""What every other column is cut to before the first one is, which names the row."""


def table(columns: Sequence[str], rows: Iterable[Row], *, terminal: int | None) -> str:
    """Return the rows as aligned text: `terminal` is how many columns there are, None for a pipe.

    Numbers are right-aligned, NULL is a dash, one row is one line, and no line is wider than the terminal.
    """
    found = list(rows)
    headings = [safe(column) for column in columns]
    cells = [[cell(value) for value in row] for row in found]
    numeric = [_is_numeric(found, place) for place in range(len(columns))]
    widths = [max(map(width, column)) for column in zip(headings, *cells, strict=True)]
    if terminal is not None:
        widths = _fitted(widths, terminal - len(GAP) * (len(columns) - 1))
    rule = [] if terminal is None else [["─" * each for each in widths]]
    lines = (_line(line, widths, numeric) for line in [headings, *rule, *cells])
    return "".join(_cut(line, terminal) + "\n" for line in lines)


def fields(shown: Mapping[str, object], *, terminal: int | None) -> str:
    """Return one record as a line for each field, its name in front.

    On a terminal a long value goes on below itself; nothing is cut, since it may be there to be copied.
    """
    names = [safe(name) for name in shown]
    room = max(map(width, names), default=0)
    lines = (
        name + " " * (room - width(name)) + GAP + cell(value)
        for name, value in zip(names, shown.values(), strict=True)
    )
    indent = " " * (room + len(GAP))
    return "".join(wrapped(line, terminal, indent=indent) + "\n" for line in lines)


def cell(value: object) -> str:
    """Return a value as people read it, safe for a terminal; times are local, with their zone."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return _local(value)
    if isinstance(value, list | tuple):
        return ", ".join(cell(each) for each in value) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{cell(key)}: {cell(each)}" for key, each in value.items())
    return safe(value)


def _local(moment: datetime) -> str:
    """Return a time in the zone of the reader; without a zone of its own it is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return aware.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    except (OverflowError, ValueError):  # on the first or the last day of the calendar
        return aware.isoformat(" ", "seconds")


def _is_numeric(rows: Sequence[Row], place: int) -> bool:
    values = [row[place] for row in rows if row[place] is not None]
    numbers = (isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values)
    return bool(values) and all(numbers)


def _fitted(widths: Sequence[int], room: int) -> list[int]:
    """Narrow columns until all fit, if they can: the first one last, and of the others the widest."""
    first, others = widths[0], widths[1:]
    kept = max(1, room - sum(min(each, NARROWEST) for each in others), room // len(widths))
    first = min(first, kept)
    left = room - first
    levels = (level for level in range(left, 1, -1) if sum(min(each, level) for each in others) <= left)
    level = next(levels, 1)
    return [first, *(min(each, level) for each in others)]


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    padded = []
    for text, room, right in zip(cells, widths, numeric, strict=True):
        shown, taken = text, width(text)
        if taken > room:
            shown = shorten(text, room)
            taken = width(shown)
        blank = " " * (room - taken)
        padded.append(blank + shown if right else shown + blank)
    return GAP.join(padded).rstrip(" ")


def _cut(line: str, terminal: int | None) -> str:
    return line if terminal is None else shorten(line, terminal)
