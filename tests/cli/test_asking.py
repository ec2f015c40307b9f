"""A person at a terminal is shown the plan and asked; only a yes goes on."""

import os
import pty
import sys
from collections.abc import Iterator
from itertools import repeat

import pytest

from musicctl.errors import Exit
from tests.program import Program, Sandbox


def on_a_terminal(arguments: list[str], answer: bytes | Iterator[bytes]) -> tuple[int, str]:
    """Run musicctl on a terminal of its own, answer what it asks, and return its exit code and the screen."""
    answers = repeat(answer) if isinstance(answer, bytes) else answer
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
            os.write(screen, next(answers))
    os.close(screen)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen.decode()


@pytest.fixture
def ready(sandbox: Sandbox) -> Sandbox:
    sandbox.add_user("auth0|a\u202e", plays=100)
    return sandbox


@pytest.mark.parametrize("answer", [b"n\n", b"NO\n", b"\n", b"yess\n", b"\x04"])
def test_anything_but_yes_writes_nothing(ready: Sandbox, answer: bytes) -> None:
    code, seen = on_a_terminal(["roles", "sync"], answer)
    assert code == Exit.FAILED
    assert "1 to be granted" in seen
    assert "Apply this change to" in seen
    assert seen.count("writing to") == 1
    assert "nothing was changed" in seen
    assert "\u202e" not in seen
    assert ready.writes() == []


def test_ctrl_c_at_the_question(ready: Sandbox) -> None:
    code, seen = on_a_terminal(["roles", "sync"], b"\x03")
    assert code == Exit.INTERRUPTED
    assert seen.splitlines()[-1] == "musicctl: stopped"
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


def test_an_odd_answer_is_asked_about_three_times(ready: Sandbox) -> None:
    code, seen = on_a_terminal(["roles", "sync"], b"foo\n")
    assert (code, seen.count("[y/N]"), seen.count("please answer y or n")) == (Exit.FAILED, 3, 2)
    assert ready.writes() == []


def test_an_answer_after_an_odd_one_counts(ready: Sandbox) -> None:
    answers = iter([b"foo\n", b"y\n"])
    code, seen = on_a_terminal(["roles", "sync"], answers)
    assert (code, seen.count("[y/N]")) == (0, 2)
    assert len(ready.writes()) == 1


def test_an_end_of_input_does_not_glue_the_error_to_the_question(ready: Sandbox) -> None:
    code, seen = on_a_terminal(["roles", "sync"], b"\x04")
    assert code == Exit.FAILED
    assert "[y/N] \r\nmusicctl: not confirmed" in seen
    assert ready.writes() == []


@pytest.fixture
def earned_and_lost(sandbox: Sandbox) -> Sandbox:
    sandbox.add_user("auth0|up", plays=100)
    sandbox.add_user("auth0|down", plays=0, app_metadata={"roles": ["a", "playlist editor"]})
    return sandbox


BOTH = ["promote", "auth0|up", "auth0|down"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [(b"n\n", Exit.FAILED), (b"\n", Exit.FAILED), (b"\x04", Exit.FAILED), (b"\x03", Exit.INTERRUPTED)],
)
def test_promote_takes_no_role_away_without_a_yes(
    earned_and_lost: Sandbox, answer: bytes, code: Exit
) -> None:
    ended, seen = on_a_terminal(BOTH, answer)
    assert (ended, seen.count("[y/N]"), seen.count("writing to")) == (code, 1, 1)
    assert "1 to be taken away" in seen
    assert "auth0|down" in seen
    assert earned_and_lost.writes() == []
    assert earned_and_lost.roles("auth0|down") == ["a", "playlist editor"]
    assert earned_and_lost.query("SELECT count(*) FROM musicctl.runs") == [(0,)]


@pytest.mark.parametrize(("options", "asked"), [([], 1), (["--yes"], 0), (["-y", "--json"], 0)])
def test_promote_goes_on_after_a_yes(earned_and_lost: Sandbox, options: list[str], asked: int) -> None:
    ended, seen = on_a_terminal([*BOTH, *options], b"y\n")
    assert (ended, seen.count("[y/N]")) == (0, asked), seen
    assert earned_and_lost.roles("auth0|down") == ["a"]
    assert earned_and_lost.roles("auth0|up") == ["playlist editor"]


@pytest.mark.parametrize("words", [["promote", "auth0|up"], [*BOTH, "--dry-run"], ["promote", "auth0|keeps"]])
def test_promote_asks_only_before_it_takes_a_role_away(earned_and_lost: Sandbox, words: list[str]) -> None:
    earned_and_lost.add_user("auth0|keeps", plays=100, app_metadata={"roles": ["playlist editor"]})
    ended, seen = on_a_terminal(words, b"n\n")
    assert (ended, "[y/N]" in seen) == (0, False), seen


def test_promote_asks_nobody_where_nobody_is(earned_and_lost: Sandbox, program: Program) -> None:
    assert program(*BOTH).code == 0
    assert earned_and_lost.roles("auth0|down") == ["a"]
