"""The only error border: whatever a command raises becomes a message on stderr and an exit code."""

import errno
import io
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

import typer

from musicctl import haste
from musicctl.cli.output import terminal_width
from musicctl.cli.pointing import with_profile
from musicctl.cli.spoken import Spoken
from musicctl.errors import Exit, MusicctlError
from musicctl.redaction import all_redacted, leave, redacted
from musicctl.render import text
from musicctl.render.error import error_line, error_text, traceback_text
from musicctl.settings.environment import completing
from musicctl.settings.libpqs import set_aside

CLOSED = {errno.EPIPE, errno.ESHUTDOWN}


USER = re.compile(r"^[^:]*[|@]")
"""An argument that is a user id or an address, and no URL, which may have a password."""

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """One of STOPPING arrived; like KeyboardInterrupt, it is no error that a command may catch."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit = Exit(128 + number)


def guarded(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code; nothing but SystemExit of the interpreter gets past."""
    leave(*filter(USER.search, arguments))
    with set_aside(), _stoppable() as received:
        try:
            code = _run(arguments)
            _flush()
        except (Exception, KeyboardInterrupt, Stopped) as error:  # noqa: BLE001 -- the one border
            # A library may have turned the interruption into an error of its own.
            told = Stopped(received[0]) if received else error
            options = Spoken.of(arguments)
            return _told(told, as_json=options.json, named=options.profile)
        return code


def _run(arguments: Sequence[str]) -> int:
    from musicctl.cli.root import command

    _prepare_streams()
    shell = completing()
    if shell is not None:
        return _complete(shell, arguments)
    # Typer's own main would turn a closed pipe and Ctrl-C into exits of its own, even when told not to.
    whole = command()
    try:
        with whole.make_context("musicctl", list(arguments)) as context:
            code = whole.invoke(context)
    except typer.Exit as wanted:
        code = wanted.exit_code
    return code if isinstance(code, int) else Exit.OK


def _complete(shell: str, arguments: Sequence[str]) -> int:
    from musicctl.cli.complete import answer

    words = list(arguments)[1:]  # after a --
    sys.stdout.write("".join(f"{line}\n" for line in answer(shell, words)))
    return Exit.OK


def _prepare_streams() -> None:
    """Make the standard streams safe to write to, whatever the shell has made of them."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed, as by >&-
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
        elif isinstance(stream, io.TextIOWrapper):
            # A name that the terminal's encoding lacks must not end a table in the middle.
            stream.reconfigure(errors=text.SUBSTITUTES)


def _flush() -> None:
    """Write out what is still buffered; that its reader has gone does not change how the command went."""
    try:
        sys.stdout.flush()
    except OSError as error:
        if error.errno not in CLOSED:
            raise
        _abandon_stdout()


def _told(error: BaseException, *, as_json: bool, named: str | None) -> int:
    """Say what happened and return the exit code that it means; `named` is the profile of -P."""
    if isinstance(error, OSError) and error.errno in CLOSED:
        _abandon_stdout()
        return Exit.OK
    if isinstance(error, KeyboardInterrupt | Stopped | typer.Abort):
        code = error.exit if isinstance(error, Stopped) else Exit.INTERRUPTED
        return _say(code, "stopped", "", {}, as_json=as_json)
    if isinstance(error, MusicctlError):
        hint = with_profile(error.hint, named)
        what = error.what if as_json else error.summary
        return _say(error.exit, what, hint, error.details, as_json=as_json, lines=error.lines)
    if isinstance(error, typer.TyperException):
        return _usage(error, as_json=as_json)
    if isinstance(error, OSError):
        _abandon_stdout()
        what = f"{_of(error)}: {error.strerror or error}"
        return _say(Exit.FAILED, what, "musicctl history list shows what was changed", {}, as_json=as_json)
    return _bug(error, as_json=as_json)


def _usage(error: typer.TyperException, *, as_json: bool) -> int:
    from musicctl.cli.hints import hint

    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message(), file=sys.stderr)
        return Exit.USAGE
    return _say(Exit.USAGE, error.format_message().rstrip("."), hint(error), {}, as_json=as_json)


def _bug(error: BaseException, *, as_json: bool) -> int:
    with suppress(OSError):
        print(redacted(traceback_text(error)), end="", file=sys.stderr)
    what = f"a bug in musicctl: {type(error).__name__}"
    return _say(Exit.BUG, what, "please report it with the lines above", {}, as_json=as_json)


def _say(
    code: Exit,
    what: str,
    hint: str,
    details: dict[str, object],
    *,
    as_json: bool,
    lines: Sequence[str] = (),
) -> int:
    what, hint = redacted(what, ours=True), redacted(hint, ours=True)
    lines = [redacted(each, ours=True) for each in lines]
    details = {name: all_redacted(each) for name, each in details.items()}
    if as_json:
        line = error_line(code.name.lower(), int(code), what, hint, details)
    else:
        line = error_text(what, hint, lines=lines, terminal=terminal_width(to_stderr=True))
    with suppress(OSError):  # nobody reads; the exit code still tells
        print(line, file=sys.stderr, flush=True)
    return code


def _of(error: OSError) -> str:
    """Return what failed: without the name of a file, it was what we print to."""
    return str(error.filename or "could not write")


def _abandon_stdout() -> None:
    """Let the interpreter's own last flush go nowhere: the reader has gone, or the disk is full."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # stdout is no file, as in a test
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 -- lives as long as we


@contextmanager
def _stoppable() -> Iterator[list[int]]:
    """Raise Stopped for STOPPING while a command runs, and yield the list of what arrived.

    What was ignored at the start stays so: by nohup, or by a shell that has put us into the background.
    """
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if received and number == signal.SIGHUP:
            return  # the kernel sends one, and the shell another: the second must not cut short what ends now
        received.append(number)
        haste.begin()
        raise Stopped(number)

    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    heeded = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in heeded}
    try:
        yield received
    finally:
        haste.end()
        for number, handler in before.items():
            signal.signal(number, handler)
