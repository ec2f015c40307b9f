"""Random schedules of threads, refusals, lost replies and stops on a virtual clock: somebody can go on."""

import os
import random
from contextlib import suppress

import pytest

from musicctl.tenant.pacer import Kind, Pacer, Rate, Ticket
from musicctl.tenant.ratelimit import LONGEST_WAIT, RateLimit
from musicctl.tenant.reservation import Reservation

SCHEDULES = int(os.environ.get("SCHEDULES", "1500"))
STEPS, MOST_THREADS = 60, 8
PAIR = (Kind.WRITE_USERS, Kind.READ_USERS)
LIMITS = (None, 1, 2, 10, 50)


class Later(Exception):  # noqa: N818 -- it says when, and is no error
    """A thread has to wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Door:
    """A pacing in which nobody sleeps: who has to wait is told for how long."""

    def __init__(self, chance: random.Random) -> None:
        self.per_second = chance.choice([None, None, 0.5, 20.0])
        self.pacer = Pacer(Rate(chance.choice([0.5, 0.8, 1.0]), self.per_second))
        self.now = 0.0

    @property
    def longest(self) -> float:
        """The seconds within which somebody can go on, whatever happens."""
        return LONGEST_WAIT + (2 * MOST_THREADS / self.per_second if self.per_second else 0.0) + 1e-6

    def take(self, *kinds: Kind) -> list[Ticket]:
        wait = self.pacer.delay(kinds, self.now)
        assert 0.0 <= wait <= self.longest
        if wait > 0.0:
            raise Later(wait)
        return self.pacer.take(kinds, self.now)

    def give_back(self, tickets: list[Ticket]) -> None:
        for ticket in tickets:
            self.pacer.give_back(ticket)


class Thread:
    """Reads, and then writes, with a reservation of its own; what is refused is sent again."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.under_way: Ticket | None = None
        self.begin()

    def begin(self) -> None:
        self.held = Reservation(self.door, PAIR)  # type: ignore[arg-type]
        self.todo = list(reversed(PAIR))

    def send(self) -> None:
        """Send what is next, or raise Later."""
        kind = self.todo[0]
        ticket = self.held.use(kind)
        if blocked := self.door.pacer.blocked(kind, self.door.now):
            self.door.give_back([ticket])
            self.held.let_go()
            self.begin()
            raise Later(blocked)
        self.door.pacer.sent(ticket, self.door.now)
        self.under_way = ticket

    def replied(self, said: RateLimit, fate: str) -> None:
        assert self.under_way is not None
        ticket, self.under_way = self.under_way, None
        refused = fate in ("refused", "refused bare")
        self.door.pacer.replied(ticket, said, refused=refused, now=self.door.now, answered=fate != "lost")
        if fate != "well":
            return  # what else is held has to be let go of by whoever asks for the next request
        self.todo.pop(0)
        if not self.todo:
            self.begin()


class Schedule:
    """Threads, what the tenant answers, and a clock, all by one seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.door = Door(self.chance)
        self.limits = {kind: self.chance.choice(LIMITS) for kind in Kind}
        self.threads = [Thread(self.door) for _ in range(self.chance.randint(1, MOST_THREADS))]

    def step(self) -> None:
        """Let one thread do what it does next, or the clock go on."""
        thread = self.chance.choice(self.threads)
        if self.chance.random() < 0.2:
            self.door.now += self.chance.choice([0.01, 0.3, 2.0])
        elif thread.under_way is not None:
            self.reply(thread)
        elif self.chance.random() < 0.05:
            thread.held.let_go()
        else:
            with suppress(Later):
                thread.send()

    def reply(self, thread: Thread) -> None:
        assert thread.under_way is not None
        kind, fate = thread.under_way.kind, self.chance.choice(FATES)
        if self.chance.random() < 0.02:
            self.limits[kind] = self.chance.choice(LIMITS)
        limit = self.limits[kind]
        left = None if limit is None else self.chance.randint(0, limit)  # other clients take the rest
        wait = self.chance.choice([None, 1.0, 2.0, 60.0])
        said = RateLimit(limit, left, wait) if fate in ("well", "refused") else RateLimit()
        thread.replied(said, fate)

    def come_to_rest(self) -> None:
        """Answer what is under way: then somebody can send within the longest wait, whoever holds what."""
        for thread in self.threads:
            if thread.under_way is not None:
                self.reply(thread)
        until = self.door.now + self.door.longest
        while (wait := self._until_one_sends()) > 0.0:
            self.door.now += wait
            assert self.door.now <= until, "nobody can go on"
        for thread in self.threads:
            if thread.under_way is not None:
                thread.replied(RateLimit(), "lost")
            thread.held.let_go()

    def _until_one_sends(self) -> float:
        """Return 0 once any thread has sent, or else when the first of them is to ask again."""
        waits = []
        for thread in self.threads:
            try:
                thread.send()
            except Later as later:
                waits.append(later.seconds)
            else:
                return 0.0
        return min(waits)


FATES = ("well", "well", "well", "refused", "refused bare", "lost")


@pytest.mark.timeout(0)
def test_somebody_can_always_go_on_and_nothing_stays_reserved() -> None:
    for seed in range(SCHEDULES):
        schedule = Schedule(seed)
        try:
            for _ in range(STEPS):
                schedule.step()
            schedule.come_to_rest()
        except AssertionError as error:
            raise AssertionError(f"schedule {seed}: {error}") from error
        pacer = schedule.door.pacer
        assert all(lane.out == 0 for lane in pacer._lanes.values()), seed
        assert all(each._reserved == 0 and not each._under_way for each in pacer._buckets.values()), seed
