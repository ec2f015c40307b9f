"""How far a run or an export is: shown on a terminal, nothing elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")

SHORT = 20
"""Changes up to which a bar would only flicker."""

BAR = 24
"""Columns of the bar: a whole line would be left behind when Ctrl-C is echoed at its end."""

OFTEN = 4
"""Times a second that a terminal is shown how far an export is."""

AT_ONCE = 1_000
"""Users of an export that are counted together."""


class _Unheard:
    """Standard error, as Rich needs it, that may lose its terminal without ending what is under way."""

    def __init__(self) -> None:
        self._stream = sys.stderr

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with suppress(OSError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def console() -> "Console":
    """Return what a progress bar is drawn on: standard error, whatever becomes of it."""
    from rich.console import Console

    return Console(file=cast(IO[str], _Unheard()))


@contextmanager
def progress(total: int, *, shown: bool) -> Iterator[Callable[[object], None]]:
    """Yield what is to be called for each change dealt with; the bar is on stderr."""
    if not shown or total <= SHORT or not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(bar_width=BAR),
        MofNCompleteColumn(),
        TextColumn("changes, {task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=console(), transient=True) as bar:
        task = bar.add_task("", total=total, rate="")

        def advance(_done: object) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, advance=1, rate="" if speed is None else f"{speed:.0f}/s,")

        yield advance


def counted(users: Iterator[T], *, shown: bool) -> Iterator[T]:
    """Yield the users of an export; a terminal on stderr is shown how many there were, and the rate."""
    return _counting(users) if shown and sys.stderr.isatty() else users


def _counting(users: Iterator[T]) -> Iterator[T]:
    from rich.progress import Progress, TextColumn

    text = TextColumn("{task.completed:,} users read, {task.fields[rate]:,.0f} a second")
    began = time.monotonic()
    with Progress(text, console=console(), transient=True, refresh_per_second=OFTEN) as line:
        task = line.add_task("", total=None, rate=0.0)
        for number, user in enumerate(users, 1):
            if number % AT_ONCE == 0:
                line.update(task, completed=number, rate=number / (time.monotonic() - began))
            yield user
