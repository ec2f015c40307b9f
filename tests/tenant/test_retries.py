"""When a request is sent again, on a clock that stands still until told otherwise."""

import pytest

from musicctl.errors import DeniedError, MusicctlError, NotFoundError, UnavailableError
from musicctl.tenant.border import (
    LostReplyError,
    StoppedError,
    ThrottledError,
    UncertainError,
    UnreachableError,
)
from musicctl.tenant.retries import Patience, Resend, Tries

LOST, UNREACHABLE = LostReplyError("503"), UnreachableError("refused")
BUSY, STOPPED = ThrottledError("429", wait=2.0), StoppedError("stopped")


@pytest.mark.parametrize(
    ("error", "always", "if_not_applied"),
    [
        (LOST, True, False),
        (UNREACHABLE, True, True),
        (BUSY, True, True),
        (UncertainError("?"), False, False),
        (DeniedError("401"), False, False),
        (NotFoundError("404"), False, False),
        (MusicctlError("400"), False, False),
        (UnavailableError("its certificate"), False, False),
        (STOPPED, False, False),
    ],
)
def test_what_is_sent_again(error: MusicctlError, always: bool, if_not_applied: bool) -> None:
    again = {resend: Tries(resend, Patience(), 0.0).pause(error, 0.0, 0.5) is not None for resend in Resend}
    assert again == {Resend.ALWAYS: always, Resend.IF_NOT_APPLIED: if_not_applied, Resend.NEVER: False}


def test_pauses_double_up_to_a_limit_and_are_spread() -> None:
    tries = Tries(Resend.ALWAYS, Patience(failing=1000.0), 0.0)
    pauses = [tries.pause(LOST, 0.0, 1.0) for _ in range(8)]
    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert tries.pause(LOST, 0.0, 0.0) == 0.0
    assert tries.pause(LOST, 0.0, 0.25) == 2.0


def test_patience_ends() -> None:
    tries, now, attempts = Tries(Resend.ALWAYS, Patience(failing=40.0), 100.0), 100.0, 1
    while (pause := tries.pause(LOST, now, 1.0)) is not None:
        now += pause
        attempts += 1
    assert 130.0 <= now <= 140.0
    assert attempts == 10


def test_a_wait_that_was_told_is_kept_and_counts_against_another_patience() -> None:
    tries, now, attempts = Tries(Resend.ALWAYS, Patience(failing=0.0, throttled=300.0), 0.0), 0.0, 1
    busy = ThrottledError("429", wait=60.0)
    while (pause := tries.pause(busy, now, 0.3)) is not None:
        assert pause == 60.0
        now += pause
        attempts += 1
    assert (now, attempts) == (300.0, 6)


def test_a_wait_that_was_not_told_grows() -> None:
    tries = Tries(Resend.ALWAYS, Patience(throttled=1000.0), 0.0)
    pauses = [tries.pause(ThrottledError("429"), 0.0, 0.3) for _ in range(8)]
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
