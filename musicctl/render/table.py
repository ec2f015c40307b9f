"""Tables for people: they fit the terminal and say what they left out; on a pipe they are whole and plain."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice, repeat

from musicctl.render.formats import Row
from musicctl.render.text import ELLIPSIS, safe, shorten, width, wrapped

GAP = "  "
NUMBERS = (int, float, Decimal)
PLAIN = frozenset({str, int})
"""The types of most cells, looked at first."""

MEASURED = 1_000
"""Rows by which a pipe's columns have their widths; a longer cell further down is whole, and juts out."""

WIDEST = 1_000
"""Characters that a pipe's column is filled up to: one long cell must not make every row as long."""

NARROWEST = 8
"""What every other column is cut to before the first one is, which names the row."""


def table(columns: Sequence[str], rows: Iterable[Row], *, terminal: int | None, remedy: str = "") -> str:
    """Return the rows as aligned text: `terminal` is how many columns there are, None for a pipe.

    Numbers are right-aligned, NULL is a dash, one row is one line, and no line is wider than the terminal.
    Below stands what was cut or left out for that, and the `remedy`.
    """
    return "".join(lines(columns, rows, terminal=terminal, remedy=remedy))


def lines(
    columns: Sequence[str], rows: Iterable[Row], *, terminal: int | None, remedy: str = ""
) -> Iterator[str]:
    """Yield the lines of a table; those for a pipe come as the rows do, with few of them in memory."""
    coming = iter(rows)
    values = _by_column(columns, coming if terminal is not None else islice(coming, MEASURED))
    cells = [[safe(name), *map(cell, each)] for name, each in zip(columns, values, strict=True)]
    taken = list(map(_widths, cells))
    whole = list(map(max, taken))
    numeric = list(map(_numeric, values))
    if terminal is None:
        whole = [min(each, WIDEST) for each in whole]
        yield from _lines(map(_padded, cells, taken, whole, numeric))
        while any(values := _by_column(columns, islice(coming, MEASURED))):
            cells = [list(map(cell, each)) for each in values]
            yield from _lines(map(_padded, cells, map(_widths, cells), whole, numeric))
        return
    widths = _fitted(whole, terminal)
    told = _left_out([each[0] for each in cells], whole, widths)
    # Not strict: there may be room for the first columns alone.
    shown = [
        list(map(_cut, each, own, repeat(room)))
        for each, own, room in zip(cells, taken, widths, strict=False)
    ]
    fitting = _lines(map(_padded, shown, map(_widths, shown), widths, numeric))
    yield from _ruled(fitting, widths)
    yield from _note(told, remedy, terminal)


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
    if type(value) in PLAIN:
        return safe(value)
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return _local(value)
    return _joined(value) if isinstance(value, list | tuple | Mapping) else safe(value)


def _joined(values: Sequence[object] | Mapping[object, object]) -> str:
    if isinstance(values, Mapping):
        return ", ".join(f"{cell(key)}: {cell(each)}" for key, each in values.items())
    return ", ".join(map(cell, values)) or "none"


def _local(moment: datetime) -> str:
    """Return a time in the zone of the reader; without a zone of its own it is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return aware.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    except (OverflowError, ValueError):  # on the first or the last day of the calendar
        return aware.isoformat(" ", "seconds")


def _numeric(values: Iterable[object]) -> bool:
    """Tell whether there are numbers, and nothing but numbers and NULL."""
    kinds = set(map(type, values)) - {type(None)}
    return bool(kinds) and all(issubclass(kind, NUMBERS) and kind is not bool for kind in kinds)


def _widths(cells: Sequence[str]) -> list[int]:
    return list(map(len if all(map(str.isascii, cells)) else width, cells))


def _fitted(whole: Sequence[int], terminal: int) -> list[int]:
    """Return the widths of as many columns as there is room for, of which the first is cut last.

    Of the others the widest are cut first.
    """
    narrowest = [min(each, NARROWEST) for each in whole]
    counts = range(len(whole), 1, -1)
    count = next((n for n in counts if sum(narrowest[:n]) + len(GAP) * (n - 1) <= terminal), 1)
    room = terminal - len(GAP) * (count - 1)
    first, others = min(whole[0], room - sum(narrowest[1:count])), whole[1:count]
    left = room - first
    levels = (level for level in range(left, 1, -1) if sum(min(each, level) for each in others) <= left)
    level = next(levels, 1)
    return [first, *(min(each, level) for each in others)]


def _by_column(columns: Sequence[str], rows: Iterable[Row]) -> list[tuple[object, ...]]:
    """Return the values of each column: listings spend their time cell by cell, which this makes cheap."""
    return list(zip(*rows, strict=True)) or [()] * len(columns)


def _padded(cells: Iterable[str], taken: Iterable[int], room: int, right: bool) -> Iterator[str]:
    """Yield each cell at least as wide as its column; `taken` is how wide they are."""
    for text, own in zip(cells, taken, strict=True):
        blank = " " * (room - own)
        yield blank + text if right else text + blank


def _cut(text: str, own: int, room: int) -> str:
    return text if own <= room else shorten(text, room)


def _lines(padded: Iterable[Iterator[str]]) -> Iterator[str]:
    return map(_line, zip(*padded, strict=True))


def _line(cells: Iterable[str]) -> str:
    return GAP.join(cells).rstrip(" ") + "\n"


def _ruled(below: Iterator[str], widths: Iterable[int]) -> Iterator[str]:
    """Yield the lines with a rule below the first, which are the headings."""
    yield next(below)
    yield _line("─" * each for each in widths)
    yield from below


def _left_out(names: Sequence[str], whole: Sequence[int], widths: Sequence[int]) -> str:
    """Say which columns are narrower than they should be, and which are not there at all."""
    cut = [name for name, wanted, given in zip(names, whole, widths, strict=False) if given < wanted]
    missing = names[len(widths) :]
    told = (("cut", cut), ("left out", missing))
    return "; ".join(f"{what}: {', '.join(columns)}" for what, columns in told if columns)


def _note(told: str, remedy: str, terminal: int) -> Iterator[str]:
    """Yield the lines below a table that say what it leaves out, if anything."""
    if told:
        whole = wrapped(f"{ELLIPSIS} {told}{remedy and f'; {remedy}'}", terminal)
        yield from (shorten(line, terminal) + "\n" for line in whole.split("\n"))
