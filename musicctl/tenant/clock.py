"""The clock by which writers judge how old a read is, and whether their lease still holds."""

import sys
import time


def clock() -> float:
    """Return seconds that also pass while this process, or this machine, is stopped."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
