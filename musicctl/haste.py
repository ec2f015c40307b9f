"""Whether a signal has told this process to end: who then waits for others does so for a moment only."""

import time

_since: list[float] = []


def begin() -> None:
    """Take in that the process is to end."""
    _since.append(time.monotonic())


def end() -> None:
    """Forget it: another command begins."""
    _since.clear()


def since() -> float | None:
    """Return the monotonic time from which on there is haste, or None."""
    return _since[0] if _since else None
