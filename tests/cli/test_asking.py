"""A person at a terminal is shown the plan and asked; only a yes goes on."""

import os
import pty
import sys

import pytest

from musicctl.errors import Exit
from tests.program import Sandbox


def on_a_terminal(arguments: list[str], answer: bytes) -> tuple[int, str]:
    """Run musicctl on a terminal of its own, answer its question, and return its exit code and the screen."""
    child, screen = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-m", "musicctl", *arguments])
    seen = b""
    while True:
        try:
            piece = os.read(screen, 4096)
        except OSError:  # Linux' way to say that the other side has gone
            break
        if not piece:
            break
        seen += piece
        if b"[y/N] " in piece:
            os.write(screen, answer)
    os.close(screen)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen.decode()


@pytest.fixture
def ready(sandbox: Sandbox) -> Sandbox:
    sandbox.add_user("auth0|a\u202e", plays=100)
    return sandbox


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"yess\n", b"\x04"])
def test_anything_but_yes_writes_nothing(ready: Sandbox, answer: bytes) -> None:
    code, seen = on_a_terminal(["roles", "sync"], answer)
    assert code == Exit.FAILED
    assert "1 to be granted" in seen
    assert "Apply this change to" in seen
    assert seen.count("writing to") == 1
    assert "nothing was changed" in seen
    assert "\u202e" not in seen
    assert ready.writes() == []


@pytest.mark.parametrize("answer", [b"y\n", b"YES\n"])
def test_yes_goes_on(ready: Sandbox, answer: bytes) -> None:
    code, seen = on_a_terminal(["roles", "sync"], answer)
    assert code == 0
    assert "Granted 1, revoked 0." in seen
    assert len(ready.writes()) == 1


def test_yes_given_beforehand_asks_nothing(ready: Sandbox) -> None:
    code, seen = on_a_terminal(["roles", "sync", "--yes"], b"")
    assert (code, len(ready.writes())) == (0, 1)
    assert "[y/N]" not in seen
