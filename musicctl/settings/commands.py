"""Runs the command of a `cmd:` reference: bounded in time and output, and what it started ends with it."""

import os
import select
import signal
import subprocess
import time
from contextlib import suppress

from musicctl.settings.libpqs import whole_environment

PIECE = 1 << 16
AT_ONCE = 0.1
"""Seconds between two looks at whether the command has ended: what it left may hold its output open."""


def output(command: str, *, most: int, seconds: float) -> bytes:
    """Return what a command of the shell prints; raises ValueError, which never repeats any of it.

    It is the head of a process group of its own, of which nothing is left afterwards, however it ended.
    """
    try:
        process = subprocess.Popen(  # noqa: S602 -- the user's own configuration says what to run
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=whole_environment(),
            process_group=0,
        )
    except OSError as error:
        raise ValueError(f"the command cannot be started: {error.strerror}") from None
    try:
        said = _said(process, most, time.monotonic() + seconds)
    finally:
        _end(process)
    if said is None:
        raise ValueError(f"the command did not end within {seconds:.0f} s")
    if process.returncode != 0:
        raise ValueError(f"the command ended with exit code {process.returncode}")
    return said


def _said(process: "subprocess.Popen[bytes]", most: int, deadline: float) -> bytes | None:
    """Read until the command has ended and what it printed is read; None when it takes too long."""
    assert process.stdout is not None
    handle, said = process.stdout.fileno(), b""
    while (left := deadline - time.monotonic()) > 0:
        ended = process.poll() is not None
        if select.select([handle], [], [], 0 if ended else min(left, AT_ONCE))[0]:
            piece = os.read(handle, PIECE)
            said += piece
            if len(said) > most:
                raise ValueError(f"the command printed more than {most:,} bytes")
            if not piece:
                return said if _ends(process, deadline) else None
        elif ended:
            return said
    return None


def _ends(process: "subprocess.Popen[bytes]", deadline: float) -> bool:
    """Wait for the end of a command that has closed its output."""
    try:
        process.wait(max(0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(process: "subprocess.Popen[bytes]") -> None:
    # A group outlives its head: what the command left in the background is ended as well.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    assert process.stdout is not None
    process.stdout.close()
    process.wait()
