"""`python -m tests.faults.hanging POINT N SILENCE ARGUMENT...`: the program, with a thread that hangs.

It hangs at its N-th call of a point, and keeps what it holds there; the watchdog is as impatient as SILENCE
says, in seconds.
"""

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from musicctl.cli import main
from musicctl.operations.names.writing import NameWriting
from musicctl.operations.roles.writing import RoleRestoring, RoleWriting
from musicctl.operations.runs import watchdog
from musicctl.store.journal import Journal
from musicctl.tenant.client import Tenant
from musicctl.tenant.pacing import Pacing
from tests.faults.crashing import around

POINTS: dict[str, tuple[tuple[type, str], ...]] = {
    "before the read": ((Tenant, "user"),),
    "before the write": ((RoleWriting, "write"), (RoleRestoring, "write"), (NameWriting, "write")),
    "in the journal's turn": ((Journal, "_commit"),),
    "with the right to send": ((Pacing, "sent"),),
    "after the reply": ((Pacing, "replied"),),
}


def hang(*_: object) -> None:
    """Wait for what nobody ever does."""
    threading.Event().wait()


def hang_afterwards(real: Callable[..., Any], *arguments: object, **keywords: object) -> None:
    """Hang when the call has returned."""
    real(*arguments, **keywords)
    hang()


def run(point: str, turn: int, silence: float, arguments: Sequence[str]) -> int:
    """Run the program so prepared."""
    watchdog.SILENCE, watchdog.UNWINDING, watchdog.LOOKED = silence, 3.0, 0.2
    for owner, name in POINTS[point]:
        around(owner, name, turn, hang_afterwards if point == "after the reply" else hang)
    return main(arguments)


if __name__ == "__main__":
    POINT, TURN, SILENCE, *REST = sys.argv[1:]
    sys.exit(run(POINT, int(TURN), float(SILENCE), REST))
