"""Asks a person on the terminal, whatever standard input and output are connected to."""

import os
import select
from contextlib import suppress

from musicctl.errors import MusicctlError, UsageError
from musicctl.render.text import safe, wrapped
from musicctl.settings.environment import person_present

PATIENCE = 600.0
"""Seconds after which no answer counts as no."""


ATTEMPTS = 3
"""How often a question is asked when the answer is neither yes nor no."""

LONGEST_LINE = 4096
"""Bytes that a terminal hands over at once at most."""

ANSWERS = {b"y": True, b"yes": True, b"n": False, b"no": False, b"": False}


def confirm(question: str) -> bool:
    """Ask a yes-or-no question on the controlling terminal; no answer is no, and so is a third odd one.

    Raises UsageError when there is no terminal to ask on.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        raise UsageError("there is no terminal to ask on", hint="--yes goes on without asking") from None
    try:
        for attempt in range(ATTEMPTS):
            if attempt:
                os.write(terminal, b"please answer y or n\n")
            answer = _answer(terminal, question)
            if answer in ANSWERS:
                return ANSWERS[answer]
        return False
    finally:
        os.close(terminal)


def _answer(terminal: int, question: str) -> bytes:
    """Return what was typed in lower case; empty when nothing was, and when nobody answers."""
    prompt = wrapped(f"{safe(question)} [y/N]", _columns(terminal), indent="")
    try:
        # Within the try: Ctrl-C may come as soon as the question can be read.
        os.write(terminal, f"{prompt} ".encode())
        ready, _, _ = select.select([terminal], [], [], PATIENCE)
        line = _typed(terminal) if ready else None
    except BaseException:  # what is said of it is no part of the question
        with suppress(OSError):
            os.write(terminal, b"\n")
        raise
    if line is None:
        os.write(terminal, b"\nno answer in 10 minutes\n")
        return b""
    if not line.endswith(b"\n"):  # Ctrl-D leaves the cursor behind the question
        os.write(terminal, b"\n")
    return line.strip().lower()


def _typed(terminal: int) -> bytes:
    try:
        return os.read(terminal, LONGEST_LINE)
    except OSError:  # the terminal has gone, and nohup kept us: nobody answers any more
        return b"\n"


def _columns(terminal: int) -> int | None:
    return os.get_terminal_size(terminal).columns or None


def agree(question: str, *, yes: bool) -> None:
    """Go on when `yes`, or when a person who is present says so.

    Raises UsageError when nobody is present and `yes` is not given, MusicctlError when the answer is no.
    """
    if yes:
        return
    if not person_present():
        raise UsageError(
            f"this needs --yes where nobody can be asked: {question}",
            hint="--yes goes on without asking; --dry-run shows what would be done, where there is one",
        )
    if not confirm(question):
        raise MusicctlError("not confirmed; nothing was changed", hint="--yes goes on without asking")
