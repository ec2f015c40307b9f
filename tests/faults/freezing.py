"""`python -m tests.faults.freezing DOING N ARGUMENT...`: frozen in its N-th transaction of a kind.

It stops as by SIGSTOP when all of the transaction is written and nothing but COMMIT is left to be sent, so
that it holds every lock; it goes on as whoever watches it likes. DOING is the kind, in the words of errors.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from musicctl.cli import main
from musicctl.operations.runs import lease
from musicctl.store.database import Database


def prepare(doing: str, turn: int) -> None:
    """Arrange the stop."""
    run, commit, own, calls = Database.run, Database._commit, threading.local(), 0

    def known(database: Database, work: Callable[..., Any], *, doing: str, **how: Any) -> Any:
        own.doing = doing
        return run(database, work, doing=doing, **how)

    def frozen(database: Database, *arguments: Any) -> None:
        nonlocal calls
        calls += own.doing == doing
        if own.doing == doing and calls == turn:
            os.kill(os.getpid(), signal.SIGSTOP)
        commit(database, *arguments)

    Database.run, Database._commit = known, frozen  # type: ignore[method-assign, assignment]
    lease.RENEWED = 0.2


def run(doing: str, turn: str, arguments: Sequence[str]) -> int:
    """Run the program so prepared."""
    prepare(doing, int(turn))
    return main(arguments)


if __name__ == "__main__":
    DOING, TURN, *REST = sys.argv[1:]
    sys.exit(run(DOING, TURN, REST))
