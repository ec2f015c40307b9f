"""How far an export is: a line on a terminal that comes and goes, and nothing anywhere else."""

import os
import sys
import threading
from collections.abc import Callable

import pytest

from musicctl.cli.progress import AT_ONCE, counted

ERASED = "\x1b[2K"


def seen(work: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what a terminal was sent that took the place of stderr while `work` ran."""
    ours, theirs = os.openpty()
    pieces: list[bytes] = []
    reader = threading.Thread(target=_read, args=(ours, pieces))
    reader.start()
    with monkeypatch.context() as patch, os.fdopen(theirs, "w") as stream:
        patch.setenv("TERM", "xterm")
        patch.setattr(sys, "stderr", stream)
        work()
    reader.join()
    os.close(ours)
    return b"".join(pieces).decode()


def _read(terminal: int, pieces: list[bytes]) -> None:
    try:
        while piece := os.read(terminal, 4096):
            pieces.append(piece)
    except OSError:  # Linux says so when the other end is closed
        return


def test_a_terminal_sees_how_many_and_how_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 2 * AT_ONCE + 1

    def work() -> None:
        assert list(counted(iter(range(count)), shown=True)) == list(range(count))

    text = seen(work, monkeypatch)
    assert f"{2 * AT_ONCE:,} users read, " in text
    assert text.rstrip().endswith(ERASED)
    assert len(text) < 1000


def test_what_is_broken_off_takes_its_line_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        users = counted(iter(range(2 * AT_ONCE)), shown=True)
        assert [next(users) for _ in range(AT_ONCE + 1)][-1] == AT_ONCE
        del users

    assert seen(work, monkeypatch).rstrip().endswith(ERASED)


def test_who_asked_for_quiet_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen(lambda: list(counted(iter([1, 2]), shown=False)).clear(), monkeypatch) == ""


def test_a_pipe_sees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    users = iter([1, 2])
    assert counted(users, shown=True) is users
    assert capsys.readouterr().err == ""
