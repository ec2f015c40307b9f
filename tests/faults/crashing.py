"""`python -m tests.faults.crashing FOLDER POINT N FAULT ARGUMENT...`: the program, dying at its N-th write.

The points are those of the protocol: before the intent is committed, after it, after the write has been
handed to the tenant, after its reply, and after its outcome is committed. FAULT, which may be empty, is
switched on in the tenant of the sandbox in FOLDER for that write alone. The end is os._exit: nothing is
cleaned up, as by kill -9.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from musicctl.cli import main
from musicctl.errors import MusicctlError
from musicctl.operations.names.writing import NameWriting
from musicctl.operations.roles.writing import RoleWriting
from musicctl.sandbox.local_tenant import fault_words
from musicctl.sandbox.local_tenant.storage import STATE_FILE, Storage
from musicctl.store.journal import Journal

DIED = 86
POINTS = ("before the intent", "after the intent", "after the send", "after the reply", "after the outcome")
ON_ITS_WAY = 0.15
"""Seconds after which a write has certainly been handed to the network."""


def around(owner: type, name: str, turn: int, doing: Callable[..., Any]) -> None:
    """Have `doing` called in place of a method's `turn`-th call, the real method being its first argument."""
    real = getattr(owner, name)
    calls = 0

    def counted(*arguments: object, **keywords: object) -> object:
        nonlocal calls
        calls += 1
        if calls == turn:
            return doing(real, *arguments, **keywords)
        return real(*arguments, **keywords)

    setattr(owner, name, counted)


def die(*_: object, **__: object) -> None:
    """End this process as kill -9 does."""
    os._exit(DIED)


def die_afterwards(real: Callable[..., Any], *arguments: object, **keywords: object) -> None:
    """End when the call has returned, or raised."""
    try:
        real(*arguments, **keywords)
    finally:
        die()


def die_meanwhile(real: Callable[..., Any], *arguments: object, **keywords: object) -> None:
    """End while the call is under way."""

    def write() -> None:
        with suppress(MusicctlError):
            real(*arguments, **keywords)

    threading.Thread(target=write, daemon=True).start()
    time.sleep(ON_ITS_WAY)
    die()


def die_when_flushed(real: Callable[..., Any], journal: Journal, *arguments: object) -> None:
    """End when an outcome has been committed."""
    real(journal, *arguments)
    journal.flush()
    die()


def prepare(point: str, turn: int) -> None:
    """Arrange the end."""
    if point == "before the intent":
        around(Journal, "send", turn, die)
    elif point == "after the intent":
        around(Journal, "send", turn, die_afterwards)
    elif point in ("after the send", "after the reply"):
        for writing in (RoleWriting, NameWriting):
            around(writing, "write", turn, die_meanwhile if point == "after the send" else die_afterwards)
    else:
        around(Journal, "ended", turn, die_when_flushed)


def prepare_fault(folder: Path, turn: int, fault: str) -> None:
    """Have the fault strike the write at which the process ends."""

    def struck(real: Callable[..., Any], *arguments: object) -> object:
        with Storage.open(folder / STATE_FILE) as storage:
            fault_words.switch_on(storage, fault, endpoint="PATCH /users/*", count=1)
        return real(*arguments)

    around(Journal, "send", turn, struck)


def run(folder: str, point: str, turn: str, fault: str, arguments: Sequence[str]) -> int:
    """Run the program so prepared."""
    if fault:
        prepare_fault(Path(folder), int(turn), fault)
    prepare(point, int(turn))
    return main(arguments)


if __name__ == "__main__":
    FOLDER, POINT, TURN, FAULT, *REST = sys.argv[1:]
    sys.exit(run(FOLDER, POINT, TURN, FAULT, REST))
