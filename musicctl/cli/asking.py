"""Asks a person on the terminal, whatever standard input and output are connected to."""

import os
import select

from musicctl.errors import MusicctlError, UsageError
from musicctl.settings.environment import person_present

PATIENCE = 600.0
"""Seconds after which no answer counts as no."""


def confirm(question: str) -> bool:
    """Ask a yes-or-no question on the controlling terminal; anything but y or yes is no.

    Raises UsageError when there is no terminal to ask on.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        raise UsageError("there is no terminal to ask on", hint="--yes goes on without asking") from None
    try:
        os.write(terminal, f"{question} [y/N] ".encode())
        ready, _, _ = select.select([terminal], [], [], PATIENCE)
        if not ready:
            os.write(terminal, b"\nno answer in 10 minutes\n")
            return False
        return os.read(terminal, 64).strip().lower() in {b"y", b"yes"}
    finally:
        os.close(terminal)


def agree(question: str, *, yes: bool) -> None:
    """Go on when `yes`, or when a person who is present says so.

    Raises UsageError when nobody is present and `yes` is not given, MusicctlError when the answer is no.
    """
    if yes:
        return
    if not person_present():
        raise UsageError(f"this needs --yes where nobody can be asked: {question}")
    if not confirm(question):
        raise MusicctlError("not confirmed; nothing was changed", hint="--yes goes on without asking")
