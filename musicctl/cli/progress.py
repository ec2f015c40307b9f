"""How far a run is: a bar on a terminal, nothing elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHORT = 20
"""Changes up to which a bar would only flicker."""


@contextmanager
def progress(total: int, *, shown: bool) -> Iterator[Callable[[object], None]]:
    """Yield what is to be called for each change dealt with; the bar is on stderr."""
    if not shown or total <= SHORT or not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("changes,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda _done: bar.advance(task)
