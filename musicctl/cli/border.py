"""The only error border: whatever a command raises becomes a message on stderr and an exit code."""

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

import typer

from musicctl.errors import Exit, MusicctlError
from musicctl.render.error import error_line, error_text
from musicctl.settings.environment import output_format

CLOSED = {errno.EPIPE, errno.ESHUTDOWN}


class Terminated(BaseException):
    """SIGTERM arrived; like KeyboardInterrupt, it is no error that a command may catch."""


def guarded(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code; nothing but SystemExit of the interpreter gets past."""
    with _terminable():
        try:
            code = _run(arguments)
            sys.stdout.flush()
        except (Exception, KeyboardInterrupt, Terminated) as error:  # noqa: BLE001 -- the one border
            return _told(error, as_json=_wants_json(arguments))
        return code


def _run(arguments: Sequence[str]) -> int:
    from musicctl.cli.root import command

    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks must not end a table in the middle.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = command().main(list(arguments), prog_name="musicctl", standalone_mode=False)
    return code if isinstance(code, int) else Exit.OK


def _told(error: BaseException, *, as_json: bool) -> int:
    """Say what happened and return the exit code that it means."""
    if isinstance(error, OSError) and error.errno in CLOSED:
        _abandon_stdout()
        return Exit.OK
    if isinstance(error, KeyboardInterrupt | Terminated | typer.Abort):
        return _stopped(error, as_json=as_json)
    if isinstance(error, MusicctlError):
        return _say(error.exit, error.what, error.hint, error.details, as_json=as_json)
    if isinstance(error, typer.TyperException):
        return _usage(error, as_json=as_json)
    if isinstance(error, OSError):
        _abandon_stdout()
        return _say(Exit.FAILED, f"{error.strerror or error}{_of(error)}", "", {}, as_json=as_json)
    return _bug(error, as_json=as_json)


def _usage(error: typer.TyperException, *, as_json: bool) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "musicctl"
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message(), file=sys.stderr)
        return Exit.USAGE
    return _say(Exit.USAGE, error.format_message().rstrip("."), f"{path} --help", {}, as_json=as_json)


def _stopped(error: BaseException, *, as_json: bool) -> int:
    code = Exit.TERMINATED if isinstance(error, Terminated) else Exit.INTERRUPTED
    return _say(code, "stopped", "", {}, as_json=as_json)


def _bug(error: BaseException, *, as_json: bool) -> int:
    import traceback

    traceback.print_exception(error)
    what = f"a bug in musicctl: {type(error).__name__}"
    return _say(Exit.BUG, what, "please report it with the lines above", {}, as_json=as_json)


def _say(code: Exit, what: str, hint: str, details: dict[str, object], *, as_json: bool) -> int:
    line = error_line if as_json else error_text
    with suppress(OSError):  # nobody reads; the exit code still tells
        print(line(code.name.lower(), int(code), what, hint, details), file=sys.stderr, flush=True)
    return code


def _of(error: OSError) -> str:
    return f": {error.filename}" if error.filename else ""


def _abandon_stdout() -> None:
    """Let the interpreter's own last flush go nowhere: the reader has gone, or the disk is full."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # stdout is no file, as in a test
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 -- lives as long as we


def _wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether errors are to be JSON: also for a command line that cannot be parsed."""
    options = list(arguments)
    if "--" in options:
        options = options[: options.index("--")]
    for at, option in enumerate(options):
        if option in {"--json", "-ojson", "--output=json"}:
            return True
        if option in {"-o", "--output"}:
            return options[at + 1 : at + 2] == ["json"]
    return output_format() == "json"


@contextmanager
def _terminable() -> Iterator[None]:
    """Turn SIGTERM into Terminated for as long as a command runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
