"""Random schedules of threads, refusals, lost replies and stops on a virtual clock: somebody can go on."""

import os
import random

import pytest

from musicctl.tenant.pacer import Kind, Pacer, Rate, Ticket
from musicctl.tenant.ratelimit import LONGEST_WAIT, RateLimit

SCHEDULES = int(os.environ.get("SCHEDULES", "1500"))
STEPS = 60
PAIR = (Kind.WRITE_USERS, Kind.READ_USERS)
LIMITS = (None, 1, 2, 10, 50)


class Schedule:
    """Threads that read and then write, as a Reservation has it: who waits holds nothing."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.pacer = Pacer(Rate(self.chance.choice([0.5, 0.8, 1.0])))
        self.now = 0.0
        self.limits = {kind: self.chance.choice(LIMITS) for kind in Kind}
        self.wanted: list[list[Kind]] = [list(PAIR) for _ in range(self.chance.randint(1, 8))]
        self.held: list[dict[Kind, Ticket]] = [{} for _ in self.wanted]
        self.under_way: dict[int, Ticket] = {}

    def step(self) -> None:
        """Let one thread do what it does next, or the clock go on."""
        turn = self.chance.randrange(len(self.wanted))
        if self.chance.random() < 0.2:
            self.now += self.chance.choice([0.01, 0.3, 2.0])
        elif turn in self.under_way:
            self.reply(turn)
        elif self.held[turn] and self.chance.random() < 0.1:
            self.let_go(turn)
        elif self.held[turn]:
            self.send(turn)
        else:
            self.take(turn)

    def take(self, turn: int) -> bool:
        kinds = self.wanted[turn]
        wait = self.pacer.delay(kinds, self.now)
        assert 0.0 <= wait <= LONGEST_WAIT + 1e-6
        if wait == 0.0:
            self.held[turn] = dict(zip(kinds, self.pacer.take(kinds, self.now), strict=True))
        return wait == 0.0

    def send(self, turn: int) -> None:
        kind = self.wanted[turn][-1]
        ticket = self.held[turn].pop(kind)
        if self.pacer.blocked(kind, self.now):
            self.pacer.give_back(ticket)
            self.let_go(turn)
            return
        self.wanted[turn].pop()
        self.pacer.sent(ticket, self.now)
        self.under_way[turn] = ticket

    def reply(self, turn: int, *, well: bool = False) -> None:
        ticket, fate = self.under_way.pop(turn), "well" if well else self.chance.choice(FATES)
        if self.chance.random() < 0.02:
            self.limits[ticket.kind] = self.chance.choice(LIMITS)
        limit = self.limits[ticket.kind]
        left = None if limit is None else self.chance.randint(0, limit)  # other clients take the rest
        wait = self.chance.choice([None, 1.0, 2.0, 60.0])
        said = RateLimit(limit, left, wait) if fate in ("well", "refused") else RateLimit()
        refused = fate in ("refused", "refused bare")
        self.pacer.replied(ticket, said, refused=refused, now=self.now, answered=fate != "lost")
        if fate != "well":
            self.let_go(turn)
            self.wanted[turn].append(ticket.kind)
        elif not self.wanted[turn]:
            self.wanted[turn] = list(PAIR)

    def let_go(self, turn: int) -> None:
        for ticket in self.held[turn].values():
            self.pacer.give_back(ticket)
        self.held[turn] = {}

    def come_to_rest(self) -> None:
        """Answer what is under way and stop every thread: then somebody may go within the longest wait."""
        for turn in list(self.under_way):
            self.reply(turn)
        for turn in range(len(self.held)):
            self.let_go(turn)
        for kinds in (PAIR, PAIR[:1], PAIR[1:]):
            until = self.now + LONGEST_WAIT
            while (wait := self.pacer.delay(kinds, self.now)) > 0.0:
                self.now += wait
                assert self.now <= until + 1e-6, (kinds, wait)


FATES = ("well", "well", "well", "refused", "refused bare", "lost")


@pytest.mark.timeout(0)
def test_somebody_can_always_go_on_and_nothing_stays_reserved() -> None:
    for seed in range(SCHEDULES):
        schedule = Schedule(seed)
        for _ in range(STEPS):
            schedule.step()
        schedule.come_to_rest()
        lanes, buckets = schedule.pacer._lanes.values(), schedule.pacer._buckets.values()
        assert all(lane.out == 0 for lane in lanes), seed
        assert all(bucket._reserved == 0 and not bucket._under_way for bucket in buckets), seed
