"""Real threads under one pacing: what they may do at once, and what is put down to the rate limit."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from musicctl.tenant.pacer import Kind, Rate
from musicctl.tenant.pacing import Pacing
from musicctl.tenant.reservation import Reservation

READ, WRITE = Kind.READ_USERS, Kind.WRITE_USERS


@pytest.mark.timeout(60)
def test_threads_whose_writes_never_leave_do_not_read_one_after_another() -> None:
    pacing = Pacing(Rate())

    def read(_: int) -> None:
        held = Reservation(pacing, (WRITE, READ))
        held.take()
        ticket = held.use(READ)
        pacing.sent(ticket)
        time.sleep(0.5)
        pacing.replied(ticket, 200, {})
        held.let_go()

    began = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(read, range(40)))
    assert time.monotonic() - began < 10  # one after another: 20
    assert pacing.throttled == 0.0
