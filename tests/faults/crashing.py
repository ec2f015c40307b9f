"""`python -m tests.faults.crashing POINT N ARGUMENT...`: the program, dying at a point of the N-th write.

The points are those of the protocol: before the intent is committed, after it, after the write has been
handed to the tenant, after its reply, and after its outcome is committed. The end is os._exit: nothing is
cleaned up, as by kill -9.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from musicctl.cli import main
from musicctl.operations.rolewriting import RoleWriting
from musicctl.store.journal import Journal

DIED = 86
POINTS = ("before the intent", "after the intent", "after the send", "after the reply", "after the outcome")


def die_around(owner: type, name: str, turn: int, *, before: bool) -> None:
    """Make the `turn`-th call of a method the last thing that this process does, or the thing before it."""
    real: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def deadly(*arguments: object, **keywords: object) -> object:
        nonlocal calls
        calls += 1
        if calls == turn and before:
            os._exit(DIED)
        try:
            return real(*arguments, **keywords)
        finally:
            if calls == turn:
                os._exit(DIED)

    setattr(owner, name, deadly)


def die_after_outcome(turn: int) -> None:
    """Die when the outcome of the `turn`-th write has been committed."""
    real = Journal.ended
    calls = 0

    def deadly(self: Journal, ended: Any) -> None:
        nonlocal calls
        calls += 1
        real(self, ended)
        if calls == turn:
            self.flush()
            os._exit(DIED)

    Journal.ended = deadly  # type: ignore[method-assign]


def prepare(point: str, turn: int) -> None:
    """Arrange the end."""
    if point == "before the intent":
        die_around(Journal, "send", turn, before=True)
    elif point == "after the intent":
        die_around(Journal, "send", turn, before=False)
    elif point in ("after the send", "after the reply"):
        die_around(RoleWriting, "write", turn, before=False)
    else:
        die_after_outcome(turn)


if __name__ == "__main__":
    prepare(sys.argv[1], int(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
