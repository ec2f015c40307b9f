"""Asks what is only nice to know: the answer comes at once, or it is done without."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from musicctl.errors import MusicctlError

T = TypeVar("T")

PATIENCE = 1.5
"""Seconds: somebody waits with a finger on the key."""


def promptly(ask: Callable[[], list[T]]) -> list[T]:
    """Return what `ask` returns, or nothing where it fails in a known way or takes its time."""
    found: list[T] = []

    def work() -> None:
        with suppress(MusicctlError):
            found.extend(ask())

    asking = threading.Thread(target=work, daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return list(found)
