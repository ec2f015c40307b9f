"""Pictures of numbers for a terminal: plain bars without colour, and of ASCII alone where need be."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from musicctl.policy.stats import Bin, Period, Stats
from musicctl.render.text import safe, shorten, width

EIGHTHS = " ▏▎▍▌▋▊▉█"
GAP = "  "
LABEL = 16
"""Columns that a genre's name may take."""

NARROWEST = 10
"""Columns of the longest bar, on however narrow a terminal."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """What is drawn on: how many columns it has, and whether it can show more than ASCII."""

    columns: int
    unicode: bool

    def bar(self, value: int, most: int, room: int) -> str:
        """Return a bar of `room` columns for the largest value; what is not nothing is seen."""
        if not value:
            return ""
        if not self.unicode:
            return "#" * max(1, round(room * value / most))
        eighths = max(1, round(room * 8 * value / most))
        return EIGHTHS[-1] * (eighths // 8) + EIGHTHS[eighths % 8].strip()

    def rule(self, text: str) -> str:
        """Return a line across with a text in it."""
        stroke = "─" if self.unicode else "-"
        begun = f"{stroke * 3} {text} "
        return begun + stroke * max(self.columns - width(begun), 0)

    def text(self, text: str) -> str:
        """Return foreign text as this canvas can show it."""
        return safe(text) if self.unicode else safe(text).encode("ascii", "backslashreplace").decode()

    def label(self, text: str, room: int) -> str:
        """Return foreign text in exactly so many columns."""
        shown = self.text(text)
        if width(shown) > room:
            shown = shorten(shown, room) if self.unicode else f"{shown[: room - 1]}~"
        return shown + " " * (room - width(shown))


def stats_text(stats: Stats, *, columns: int, unicode: bool) -> str:
    """Return the pictures one below the other, no line wider than `columns`."""
    canvas = Canvas(columns, unicode)
    parts = (
        _plays(canvas, stats),
        _crossing(canvas, stats),
        _editors(canvas, stats),
        _genres(canvas, stats),
        _songs(canvas, stats.songs),
    )
    return "\n".join("".join(f"{line.rstrip()}\n" for line in part) for part in parts)


def _plays(canvas: Canvas, stats: Stats) -> Iterator[str]:
    users = sum(each.users for each in stats.plays)
    yield f"Plays of {_people(users)}"
    if not stats.plays:
        return
    below = [each for each in stats.plays if each.high is not None and each.high < stats.threshold]
    lines = list(_histogram(canvas, stats.plays))
    yield from lines[: len(below)]
    yield canvas.rule(f"{stats.threshold:,} plays: the bar")
    yield from lines[len(below) :]


def _crossing(canvas: Canvas, stats: Stats) -> Iterator[str]:
    yield f"About to cross the bar, {stats.within} plays or fewer from it"
    near = (stats.below, stats.above)
    names = [f"{side} ({_span(canvas, each)})" for side, each in zip(("below", "above"), near, strict=True)]
    notes = (f"{each.holders:,} of them with the role" for each in near)
    rows = [(name, f"{each.users:,}", each.users) for name, each in zip(names, near, strict=True)]
    for line, note in zip(_bars(canvas, rows, spare=32), notes, strict=True):
        yield f"{line}{GAP}{note}"


def _editors(canvas: Canvas, stats: Stats) -> Iterator[str]:
    yield f"{_people(stats.editors)} with the role {canvas.text(stats.role)}"
    if not stats.periods:
        yield "  The journal has no change of it yet."
        return
    numbers, flows = [f"{each.editors:,}" for each in stats.periods], list(map(_flow, stats.periods))
    rooms = max(map(len, numbers)), max(map(len, flows))
    rows = [
        (each.start.isoformat(), f"{number:>{rooms[0]}} {flow:<{rooms[1]}}", each.editors)
        for each, number, flow in zip(stats.periods, numbers, flows, strict=True)
    ]
    yield from _bars(canvas, rows)


def _genres(canvas: Canvas, stats: Stats) -> Iterator[str]:
    editors = _people(stats.editors_with_genre)
    yield f"Genres of {_people(stats.users_with_genre)}, and of {editors} with the role"
    if not stats.genres:
        yield "  None are known."
        return
    room = max((canvas.columns - LABEL - 4 * len(GAP) - 2 * len("100 %")) // 2, NARROWEST)
    wholes = (stats.users_with_genre, stats.editors_with_genre)
    shares = [
        [_thousandths(part, whole) for part, whole in zip((each.users, each.editors), wholes, strict=True)]
        for each in stats.genres
    ]
    most = max(max(both) for both in shares)
    for each, both in zip(stats.genres, shares, strict=True):
        drawn = [f"{round(share / 10):3} %{GAP}{canvas.bar(share, most, room):{room}}" for share in both]
        yield GAP.join([canvas.label(each.fav_genre, LABEL), *drawn])


def _songs(canvas: Canvas, bins: Sequence[Bin]) -> Iterator[str]:
    yield f"Saved songs of {_people(sum(each.users for each in bins))}"
    if not bins:
        yield "  There are none."
    yield from _histogram(canvas, bins)


def _histogram(canvas: Canvas, bins: Sequence[Bin]) -> Iterable[str]:
    return _bars(canvas, [(_span(canvas, each), f"{each.users:,}", each.users) for each in bins])


def _bars(canvas: Canvas, rows: Sequence[tuple[str, str, int]], *, spare: int = 0) -> list[str]:
    """Return a line for each row of a label, a text and a value; `spare` columns are left free."""
    labels = max((len(label) for label, _, _ in rows), default=0)
    texts = max((len(text) for _, text, _ in rows), default=0)
    room = max(canvas.columns - labels - texts - 3 * len(GAP) - spare, NARROWEST)
    most = max((value for *_, value in rows), default=0)
    return [
        f"{GAP}{label:>{labels}}{GAP}{text:>{texts}}{GAP}{canvas.bar(value, most, room):{room}}"
        for label, text, value in rows
    ]


def _span(canvas: Canvas, each: Bin) -> str:
    dash = "–" if canvas.unicode else "-"
    if each.low is None:
        return f"{each.high}"
    if each.high is None:
        return f"{each.low:,} and more"
    return f"{each.low:,}" if each.low == each.high else f"{each.low:,}{dash}{each.high:,}"


def _flow(period: Period) -> str:
    changes = (("+", period.grants), ("-", period.revokes))
    return " ".join(f"{sign}{number:,}" for sign, number in changes if number)


def _people(number: int) -> str:
    return "1 listener" if number == 1 else f"{number:,} listeners"


def _thousandths(part: int, whole: int) -> int:
    return round(1000 * part / whole) if whole else 0
