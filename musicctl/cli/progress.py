"""How far a run or an export is: shown on a terminal, nothing elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

SHORT = 20
"""Changes up to which a bar would only flicker."""

BAR = 24
"""Columns of the bar: a whole line would be left behind when Ctrl-C is echoed at its end."""

OFTEN = 4
"""Times a second that a terminal is shown how far an export is."""

AT_ONCE = 1_000
"""Users of an export that are counted together."""


@contextmanager
def progress(total: int, *, shown: bool) -> Iterator[Callable[[object], None]]:
    """Yield what is to be called for each change dealt with; the bar is on stderr."""
    if not shown or total <= SHORT or not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(bar_width=BAR),
        MofNCompleteColumn(),
        TextColumn("changes, {task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, rate="")

        def advance(_done: object) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, advance=1, rate="" if speed is None else f"{speed:.0f}/s,")

        yield advance


def counted(users: Iterator[T], *, shown: bool) -> Iterator[T]:
    """Yield the users of an export; a terminal on stderr is shown how many there were, and the rate."""
    return _counting(users) if shown and sys.stderr.isatty() else users


def _counting(users: Iterator[T]) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import Progress, TextColumn

    text = TextColumn("{task.completed:,} users read, {task.fields[rate]:,.0f} a second")
    began = time.monotonic()
    console = Console(stderr=True)
    with Progress(text, console=console, transient=True, refresh_per_second=OFTEN) as line:
        task = line.add_task("", total=None, rate=0.0)
        for number, user in enumerate(users, 1):
            if number % AT_ONCE == 0:
                line.update(task, completed=number, rate=number / (time.monotonic() - began))
            yield user
