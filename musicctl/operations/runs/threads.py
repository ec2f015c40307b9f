"""Runs one task per item in a few threads, and hands the results over as they come."""

import queue
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

LOOKED = 1.0
"""Seconds between two looks at whether there is still reason to wait for a task."""

STOPPING = 0.5
"""Seconds that tasks under way get to end when the caller stops early; no new one starts."""


def in_threads(
    items: Sequence[T],
    task: Callable[[T], R],
    threads: int,
    *,
    interrupt: Callable[[], None],
    check: Callable[[], None] = lambda: None,
) -> Generator[R, None, None]:
    """Yield `task(item)` of every item, in no order; the first exception of a task is raised here.

    `check` is called while they are waited for, and before a failure is raised: it raises what is behind it
    all, such as that the run has hung. Where it ends early, by any of these or by its caller, `interrupt` is
    to end what the tasks wait for.
    """
    waiting = iter(items)
    turn, stop = threading.Lock(), threading.Event()
    results: queue.SimpleQueue[tuple[R | None, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        while not stop.is_set():
            with turn:
                found = next(waiting, turn)
            if found is turn:
                return
            try:
                results.put((task(found), None))  # type: ignore[arg-type]  # the mark is gone by now
            except BaseException as failure:  # noqa: BLE001 -- handed to the thread that waits for it
                results.put((None, failure))
                return

    running = [
        threading.Thread(target=work, name=f"thread {number + 1}", daemon=True)
        for number in range(min(threads, len(items)))
    ]
    for thread in running:
        thread.start()
    try:
        for _ in items:
            yield _next(results, check)
    except BaseException:
        interrupt()
        raise
    finally:
        stop.set()
        deadline = time.monotonic() + STOPPING
        for thread in running:
            thread.join(max(0.0, deadline - time.monotonic()))


def _next(
    results: "queue.SimpleQueue[tuple[R | None, BaseException | None]]", check: Callable[[], None]
) -> R:
    found: tuple[R | None, BaseException | None] | None = None
    while found is None:
        with suppress(queue.Empty):
            found = results.get(timeout=LOOKED)
        if found is None or found[1] is not None:
            check()
    result, failure = found
    if failure is not None:
        raise failure
    return result  # type: ignore[return-value]  # there is one where nothing failed
