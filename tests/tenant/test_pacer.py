"""The pacer against simulated buckets, without sleeping: how fast, how polite, and what it survives."""

from collections.abc import Callable

import pytest

from musicctl.tenant.bucket import Bucket
from musicctl.tenant.pacer import Kind, Pacer, Rate, Ticket
from musicctl.tenant.ratelimit import LONGEST_WAIT, RateLimit
from tests.tenant.buckets import ServerBucket, World, enterprise, essentials, free

Plan = Callable[..., dict[Kind, ServerBucket]]
READ, WRITE, OTHER = Kind.READ_USERS, Kind.WRITE_USERS, Kind.OTHER
WRITES = {enterprise: 1000, essentials: 500}


@pytest.mark.parametrize("plan", [enterprise, essentials])
@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize(
    ("lumps", "resets_full"), [(False, False), (True, False), (False, True), (True, True)]
)
def test_a_whole_share_is_used_up(plan: Plan, threads: int, lumps: bool, resets_full: bool) -> None:
    world = World(plan(lumps=lumps, resets_full=resets_full), Rate(1.0), WRITES[plan]).run(threads=threads)
    spent = world.sent - world.refused if plan is enterprise else world.written
    assert spent >= 0.95 * world.buckets[WRITE].permitted(world.now)
    assert world.refused < 0.01 * world.sent


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("resets_full", [False, True])
@pytest.mark.parametrize(("share", "least", "most"), [(1.0, 0.9, 1.0), (0.8, 0.7, 0.9)])
def test_a_bucket_that_one_change_empties_is_used_up(
    threads: int, resets_full: bool, share: float, least: float, most: float
) -> None:
    world = World(free(lumps=False, resets_full=resets_full), Rate(share), 150).run(threads=threads)
    permitted = world.buckets[WRITE].permitted(world.now)
    assert least * permitted <= world.sent <= most * permitted
    assert world.refused == 0
    assert max(world.gaps) < 0.7  # a read is good for a second


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("resets_full", [False, True])
def test_a_tiny_bucket_that_fills_in_lumps_is_not_asked_in_vain(threads: int, resets_full: bool) -> None:
    world = World(free(lumps=True, resets_full=resets_full), Rate(1.0), 150).run(threads=threads)
    assert world.sent - world.refused >= 0.85 * world.buckets[WRITE].permitted(world.now)
    assert world.refused < 0.01 * world.sent


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("resets_full", [False, True])
def test_the_next_token_is_not_taken_for_two(threads: int, resets_full: bool) -> None:
    slow = dict.fromkeys(Kind, ServerBucket(4, 1.0, resets_full=resets_full))
    world = World(slow, Rate(1.0), 100).run(threads=threads)
    assert world.sent - world.refused >= 0.95 * slow[WRITE].permitted(world.now)
    assert world.refused <= 5


@pytest.mark.parametrize("plan", [enterprise, essentials])
@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("lumps", [False, True])
def test_another_client_keeps_what_is_left(plan: Plan, threads: int, lumps: bool) -> None:
    buckets = plan(lumps=lumps, resets_full=False)
    others = 0.2 * buckets[WRITE].rate
    world = World(buckets, Rate(0.8), WRITES[plan]).run(threads=threads, others=others)
    assert world.others >= 0.2 * buckets[WRITE].rate * world.now - 1
    assert (world.refused, world.others_refused) == (0, 0)


@pytest.mark.parametrize("plan", [enterprise, essentials])
@pytest.mark.parametrize("threads", [1, 8])
def test_a_share_is_held_to_and_used(plan: Plan, threads: int) -> None:
    world = World(plan(lumps=False, resets_full=False), Rate(0.8), WRITES[plan]).run(threads=threads)
    spent = world.sent if plan is enterprise else world.written
    permitted = world.buckets[WRITE].permitted(world.now)
    assert 0.7 * permitted <= spent <= 0.8 * permitted + 1
    assert world.refused == 0


def test_a_write_follows_its_read_at_once() -> None:
    for plan in (enterprise, essentials):
        world = World(plan(lumps=False, resets_full=False), Rate(0.8), 300).run(threads=8)
        assert max(world.gaps) <= 0.07


@pytest.mark.parametrize(("limit", "rate"), [(2, 2.0), (10, 2.0), (50, 50.0), (250, 250.0)])
@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
def test_other_plans_come_to_their_end(limit: int, rate: float, share: float) -> None:
    world = World(dict.fromkeys(Kind, ServerBucket(limit, rate)), Rate(share), 200).run(threads=8)
    assert world.now <= 2.5 * 400 / (share * rate)
    assert world.refused <= 0.02 * world.sent + 8


@pytest.mark.parametrize("share", [0.001, 0.01, 0.05])
def test_a_tiny_share_waits_no_longer_than_a_wait_may_be(share: float) -> None:
    bucket = Bucket(10, share, 0.0)
    bucket._refill.rate, bucket._learning = 2.0, False  # as it is after a while of other requests
    for _ in range(12):
        bucket.reserve(0.0)
        bucket.give_back()
        bucket._purse -= 1.0
    assert 0.0 < bucket.delay(2, 0.0) <= LONGEST_WAIT
    assert bucket.delay(2, LONGEST_WAIT + 0.1) == 0.0


def pacer_after(said: RateLimit, *, refused: bool = False, share: float = 1.0) -> Pacer:
    """Return a pacer that got one reply to a read, at time 1."""
    pacer = Pacer(Rate(share))
    ticket = take(pacer, READ, 0.0)
    pacer.sent(ticket, 0.0)
    pacer.replied(ticket, said, refused=refused, now=1.0)
    return pacer


def take(pacer: Pacer, kind: Kind, now: float) -> Ticket:
    assert pacer.delay([kind], now) == 0.0
    [ticket] = pacer.take([kind], now)
    return ticket


def test_one_goes_ahead_until_the_bucket_is_known() -> None:
    pacer = Pacer(Rate())
    ticket = take(pacer, READ, 0.0)
    assert pacer.delay([READ], 0.0) > 0.0
    assert pacer.delay([WRITE], 0.0) == 0.0
    pacer.give_back(ticket)
    assert pacer.delay([READ], 0.0) == 0.0


def test_who_goes_ahead_holds_nobody_back_for_long() -> None:
    pacer, now = Pacer(Rate()), 0.0
    while now < 3.0:  # the write is given back each time, since its read was answered too late
        pacer.give_back(take(pacer, WRITE, now))
        now += 0.7
    first, second = take(pacer, WRITE, now), take(pacer, WRITE, now)
    assert first.bucket is second.bucket is None


def test_a_reply_without_headers_frees_requests_of_every_kind() -> None:
    pacer = pacer_after(RateLimit())
    take(pacer, WRITE, 1.0)
    take(pacer, WRITE, 1.0)


def test_only_the_wait_for_a_limit_is_put_down_to_it() -> None:
    pacer = Pacer(Rate())
    ticket = take(pacer, READ, 0.0)
    assert pacer.delay([READ], 0.0) > pacer.limited([READ], 0.0) == 0.0
    pacer.sent(ticket, 0.0)
    pacer.replied(ticket, RateLimit(50, 0, 3.0), refused=True, now=0.0)
    assert pacer.delay([READ], 0.0) == pacer.limited([READ], 0.0) == 3.0


def test_without_headers_nothing_is_held_back() -> None:
    pacer = pacer_after(RateLimit())
    for _ in range(1000):
        pacer.sent(take(pacer, READ, 1.0), 1.0)


def test_what_is_under_way_and_reserved_counts_as_spent() -> None:
    pacer = pacer_after(RateLimit(50, 3, 1.0))
    tickets = [take(pacer, READ, 1.0) for _ in range(3)]
    assert pacer.delay([READ], 1.0) > 0.0
    pacer.sent(tickets[0], 1.0)
    assert pacer.delay([READ], 1.0) > 0.0
    pacer.give_back(tickets[1])
    assert pacer.delay([READ], 1.0) == 0.0
    pacer.give_back(tickets[1])  # a second time changes nothing
    take(pacer, READ, 1.0)
    assert pacer.delay([READ], 1.0) > 0.0


def test_an_older_reply_that_comes_later_does_not_make_room() -> None:
    pacer = pacer_after(RateLimit(50, 3, 1.0))
    first, second = take(pacer, READ, 1.0), take(pacer, READ, 1.0)
    pacer.sent(first, 1.0)
    pacer.sent(second, 1.0)
    pacer.replied(second, RateLimit(50, 1, 1.0), refused=False, now=1.1)
    pacer.replied(first, RateLimit(50, 2, 1.0), refused=False, now=1.2)
    take(pacer, READ, 1.2)
    assert pacer.delay([READ], 1.2) > 0.0


def test_a_lost_request_counts_as_spent() -> None:
    pacer = pacer_after(RateLimit(50, 1, 1.0))
    ticket = take(pacer, READ, 1.0)
    pacer.sent(ticket, 1.0)
    pacer.replied(ticket, RateLimit(), refused=False, now=1.5)
    assert pacer.delay([READ], 1.5) > 0.0


def test_the_same_limit_is_the_same_bucket_and_another_is_not() -> None:
    pacer = pacer_after(RateLimit(40, 0, 5.0))
    for kind, said in ((WRITE, RateLimit(20, 7, 5.0)), (OTHER, RateLimit(40, 0, 5.0))):
        ticket = take(pacer, kind, 1.0)
        pacer.sent(ticket, 1.0)
        pacer.replied(ticket, said, refused=False, now=1.0)
    assert pacer.delay([WRITE], 1.0) == 0.0
    assert pacer.delay([READ], 1.0) == pacer.delay([OTHER], 1.0) == 5.0
    assert pacer.delay([WRITE, READ], 1.0) == 5.0


@pytest.mark.parametrize("said", [RateLimit(50, 0, 2.0), RateLimit(None, None, 2.0)])
def test_a_refusal_holds_until_the_time_that_was_told(said: RateLimit) -> None:
    pacer = pacer_after(said, refused=True)
    assert pacer.delay([READ], 1.0) == pacer.blocked(READ, 1.0) == 2.0
    assert pacer.delay([READ], 2.5) == 0.5
    assert pacer.delay([READ], 3.0) == 0.0
    assert pacer.blocked(WRITE, 1.0) == 0.0


@pytest.mark.parametrize("said", [RateLimit(50, 0, None), RateLimit()])
def test_refusals_without_a_time_hold_longer_and_longer(said: RateLimit) -> None:
    pacer, now, waits = pacer_after(said, refused=True), 1.0, []
    for _ in range(8):
        waits.append(pacer.delay([READ], now))
        now += waits[-1]
        ticket = take(pacer, READ, now)
        pacer.sent(ticket, now)
        pacer.replied(ticket, said, refused=True, now=now)
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_a_bucket_that_says_nothing_of_its_rest_is_not_waited_for() -> None:
    pacer = pacer_after(RateLimit(50, None, None))
    take(pacer, READ, 1.0)


def test_nonsense_is_survived() -> None:
    pacer, now = pacer_after(RateLimit(50, 0, None)), 1.0
    sayings = [
        RateLimit(50, 50, None),
        RateLimit(50, 0, 60.0),
        RateLimit(1, 0, None),
        RateLimit(),
        RateLimit(9, 9),
    ]
    for said in sayings * 4:
        wait = pacer.delay([READ], now)
        assert 0.0 <= wait <= 60.0
        now += wait
        ticket = take(pacer, READ, now)
        pacer.sent(ticket, now)
        pacer.replied(ticket, said, refused=False, now=now)


def test_so_many_a_second() -> None:
    pacer, now = Pacer(Rate(per_second=10.0)), 0.0
    for _ in range(105):
        now += pacer.delay([READ], now)
        ticket = take(pacer, READ, now)
        pacer.sent(ticket, now)
        pacer.replied(ticket, RateLimit(), refused=False, now=now)
    assert 10.0 <= now <= 10.4
