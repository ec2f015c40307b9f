"""`python -m tests.faults.stopping POINT N ARGUMENT...`: the program, stopping itself at its N-th write.

It stops as by SIGSTOP and goes on as whoever watches it likes: once the intent is committed, while a token
is at hand, or when nothing but the bytes of the headers, or of the body, is left to be done.
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from musicctl.cli import main
from musicctl.operations.runs import lease
from musicctl.store.journal import Journal
from musicctl.tenant.http import BODY, HEADERS, Http
from musicctl.tenant.sending import Sender
from tests.faults.crashing import around

SHORT = "STOPPING_LEASE"
"""The variable with the seconds for which its lease holds by its own clock, in place of a minute."""

POINTS = ("after the intent", "with a token", "before the headers", "before the body")


def stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def stop_afterwards(real: Callable[..., Any], *arguments: object) -> object:
    """Stop when the call has returned."""
    result = real(*arguments)
    stop()
    return result


def is_write(request: Any) -> bool:
    """Tell whether a request of httpcore's changes something that a run is about."""
    about = (b"/api/v2/users/", b"/api/v2/actions/")
    return bool(request.method != b"GET" and request.url.target.startswith(about))


def stop_before_writing(step: str, turn: int) -> None:
    """Stop when a connection is there, before the last check of the `turn`-th write."""
    real, calls = Http._on_its_way, 0

    def watched(http: Http, event: str, about: Mapping[str, Any]) -> None:
        nonlocal calls
        if event.endswith(f"{step}.started") and is_write(about["request"]):
            calls += 1
            if calls == turn:
                stop()
        real(http, event, about)

    Http._on_its_way = watched  # type: ignore[method-assign, assignment]


def stop_with_a_token(turn: int) -> None:
    """Stop when the `turn`-th write has its token, before a connection is looked for."""
    real, calls = Sender._reply, 0

    def watched(sender: Sender, *arguments: Any, writing: bool) -> object:
        nonlocal calls
        calls += writing
        if writing and calls == turn:
            stop()
        return real(sender, *arguments, writing=writing)

    Sender._reply = watched  # type: ignore[method-assign, assignment]


def run(point: str, turn: int, arguments: Sequence[str]) -> int:
    """Run the program so prepared."""
    if SHORT in os.environ:
        lease.RENEWED = 0.3
        lease.SECONDS = int(os.environ[SHORT])  # type: ignore[attr-defined]
    if point == "after the intent":
        around(Journal, "send", turn, stop_afterwards)
    elif point == "with a token":
        stop_with_a_token(turn)
    else:
        stop_before_writing(HEADERS if point == "before the headers" else BODY, turn)
    return main(arguments)


if __name__ == "__main__":
    POINT, TURN, *REST = sys.argv[1:]
    sys.exit(run(POINT, int(TURN), REST))
