"""The lease: one writer at a time, by the database's clock, with a token that only grows."""

import threading
from dataclasses import replace

import pytest

from musicctl.store import holds, lease
from musicctl.store.database import Database
from musicctl.store.lease import Fence, Process, Standing
from tests.program import query

ME = Process("ann@desk", "desk", "boot", 41)
OTHER = Process("bob@cron", "cron", "boot", 42)


def expire(url: str, seconds: float = 1.0) -> None:
    query(
        url, "UPDATE musicctl.lease SET expires_at = clock_timestamp() - %s * interval '1 second'", (seconds,)
    )


def test_a_free_lease_is_taken_with_the_first_token(database: Database) -> None:
    assert lease.look(database, "roles") is None
    assert lease.take(database, "roles", ME) == Fence("roles", 1)
    holding = lease.look(database, "roles")
    assert holding is not None
    assert (holding.token, holding.process, holding.released) == (1, ME, False)
    assert -61 < holding.ended_for < -50


def test_a_lease_that_is_held_is_not_taken(database: Database) -> None:
    lease.take(database, "roles", ME)
    assert lease.take(database, "roles", OTHER) is None
    assert lease.take(database, "roles", OTHER, gone=7) is None
    assert lease.take(database, "names", OTHER) == Fence("names", 1)


def test_what_was_released_has_expired_or_whose_holder_is_gone_is_taken(
    database: Database, database_url: str
) -> None:
    first = lease.take(database, "roles", ME)
    assert first is not None
    lease.release(database, first)
    assert lease.take(database, "roles", OTHER) == Fence("roles", 2)
    expire(database_url)
    assert lease.take(database, "roles", ME) == Fence("roles", 3)
    assert lease.take(database, "roles", OTHER, gone=3) == Fence("roles", 4)


def test_only_ours_is_renewed_and_released(database: Database, database_url: str) -> None:
    ours = lease.take(database, "roles", ME)
    assert ours is not None
    assert lease.renew(database, ours) is Standing.OURS
    expire(database_url)
    # Nobody took it meanwhile, so nobody can have written in our place.
    assert lease.renew(database, ours) is Standing.OURS
    theirs = lease.take(database, "roles", OTHER, gone=ours.token)
    assert theirs is not None
    assert lease.renew(database, ours) is Standing.LOST
    lease.release(database, ours)
    assert lease.renew(database, theirs) is Standing.OURS
    lease.release(database, theirs)
    assert lease.renew(database, theirs) is Standing.LOST


def test_a_hold_is_seen_at_the_renewal(database: Database) -> None:
    ours = lease.take(database, "roles", ME)
    assert ours is not None
    holds.put(database, "roles", reason="audit", actor="ann@desk", until=None)
    assert lease.renew(database, ours) is Standing.ON_HOLD
    holds.release(database, "roles")
    assert lease.renew(database, ours) is Standing.OURS


@pytest.mark.parametrize("round_", range(5))
def test_of_many_contenders_one_wins(database: Database, round_: int) -> None:
    won: list[Fence] = []
    start = threading.Barrier(8)

    def contend(number: int) -> None:
        mine = database.another()
        try:
            start.wait()
            fence = lease.take(mine, "roles", replace(ME, pid=number))
            if fence is not None:
                won.append(fence)
        finally:
            mine.close()

    threads = [threading.Thread(target=contend, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [Fence("roles", 1)]
