"""A terminal of a known size, on which many commands are run one after the other by one process."""

import fcntl
import json
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

RUNNER = """
import json, os, sys
from musicctl.cli import main
usual = dict(os.environ)
for number, (variables, words) in enumerate(json.load(open(sys.argv[1]))):
    os.environ.update(variables)
    code = main(words)
    for name in variables:
        os.environ.pop(name)
    os.environ.update(usual)
    sys.stdout.flush()
    print(f"<{sys.argv[2]} {number} {code}>", file=sys.stderr, flush=True)
"""
OWN = re.compile(r"\x1b\[\?25[lh]|\r?(?:\x1b\[1A)?\x1b\[2K")
"""How a progress bar hides the cursor, and writes over itself."""

MARK = os.urandom(6).hex()


@dataclass(frozen=True)
class Screen:
    """What one command has written on the terminal, both streams, and its exit code."""

    code: int
    text: str

    @property
    def lines(self) -> list[str]:
        """The lines, without our own styling; a line of CSV may end in CR and LF, and nothing else in CR."""
        return [line.removesuffix("\r") for line in OWN.sub("", self.text).split("\n")[:-1]]


@dataclass(frozen=True)
class Typed:
    """A command as it is typed, behind variables for it alone."""

    words: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)


def screens(
    commands: Iterable[Typed], folder: Path, *, columns: int = 80, encoding: str = "utf-8"
) -> list[Screen]:
    """Run each command in `folder`, on a terminal without translations, and return what each wrote.

    What is asked is answered by no.
    """
    todo = folder / "commands.json"
    todo.write_text(json.dumps([(dict(each.variables), list(each.words)) for each in commands]))
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ["PYTHONIOENCODING"] = encoding
        _become(columns, [sys.executable, "-c", RUNNER, str(todo), MARK])
    seen = _watched(terminal).decode(encoding)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended == 0, seen[-2000:]
    return _apart(seen)


def _become(columns: int, command: list[str]) -> None:
    """Set the terminal up in the child: as it is written, so it is read."""
    modes = termios.tcgetattr(0)
    modes[1] &= ~termios.OPOST
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(0, termios.TCSANOW, modes)
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    os.environ.pop("COLUMNS", None)
    os.execv(command[0], command)


def _watched(terminal: int) -> bytes:
    seen = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux' way to say that the other side has gone
            break
        if not piece:
            break
        seen += piece
        if seen.endswith(b"[y/N] "):
            os.write(terminal, b"n\n")
    os.close(terminal)
    return seen


def _apart(seen: str) -> list[Screen]:
    found: list[Screen] = []
    while seen:
        text, _, rest = seen.partition(f"<{MARK} {len(found)} ")
        code, _, seen = rest.partition(">\n")
        found.append(Screen(int(code), text))
    return found
