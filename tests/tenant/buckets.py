"""A tenant's token buckets and the clients that spend them, on a clock that jumps from event to event."""

import heapq
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil, floor

from musicctl.tenant.pacer import Kind, Pacer, Rate, Ticket
from musicctl.tenant.pacing import MOMENT
from musicctl.tenant.ratelimit import RateLimit

STARTED = 0.37
"""Seconds of the tenant's clock past a whole second when ours is at 0."""

LATENCY = 0.05


@dataclass
class ServerBucket:
    """Holds `limit` tokens and gets `rate` a second, steadily or in lumps; reset may mean full."""

    limit: int
    rate: float
    lumps: bool = False
    resets_full: bool = False
    tokens: float = 0.0
    at: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = float(self.limit)

    def take(self, now: float) -> tuple[bool, RateLimit]:
        """Answer a request: whether it was let in, and what the headers say."""
        gone = floor(now + STARTED) - floor(self.at + STARTED) if self.lumps else now - self.at
        self.tokens, self.at = min(float(self.limit), self.tokens + gone * self.rate), now
        let_in = self.tokens >= 1.0 - 1e-9
        self.tokens -= let_in
        clock = now + STARTED
        more_at = clock + (self.limit - self.tokens) / self.rate if self.resets_full else floor(clock) + 1
        return let_in, RateLimit(self.limit, int(self.tokens + 1e-9), float(ceil(more_at) - floor(clock)))

    def permitted(self, seconds: float) -> float:
        """Return how many requests could have been let in by then."""
        return self.limit + self.rate * seconds


@dataclass
class World:
    """Workers that read and write under one pacer, and perhaps another client that only writes."""

    buckets: Mapping[Kind, ServerBucket]
    rate: Rate
    wanted: int
    pacer: Pacer = field(init=False)
    now: float = 0.0
    written: int = 0
    sent: int = 0
    refused: int = 0
    others: int = 0
    others_refused: int = 0
    gaps: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pacer = Pacer(self.rate)
        self._random = random.Random(1)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._waiting: dict[int, Callable[[], None]] = {}

    def run(self, *, threads: int, others: float = 0.0) -> "World":
        """Let so many workers make the writes that are wanted, beside `others` writes a second."""
        for worker in range(threads):
            self._at(0.0, lambda worker=worker: self._begin(worker))  # type: ignore[misc]
        if others:
            self._at(0.01, lambda: self._other(1.0 / others))
        while self.written < self.wanted:
            self.now, _, event = heapq.heappop(self._events)
            event()
        return self

    def _at(self, when: float, event: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (when, self._count, event))

    def _begin(self, worker: int) -> None:
        kinds = (Kind.WRITE_USERS, Kind.READ_USERS)
        wait = self.pacer.delay(kinds, self.now)
        if wait > 0.0:
            self._wait(worker, wait)
            return
        write, read = self.pacer.take(kinds, self.now)
        began = self.now

        def then(let_in: bool) -> None:
            blocked = self.pacer.blocked(Kind.WRITE_USERS, self.now)
            if let_in and 0.0 < blocked <= MOMENT:
                self._at(self.now + blocked, lambda: then(True))
                return
            if not let_in or blocked:
                self.pacer.give_back(write)
                self._begin(worker)
                return
            self.gaps.append(self.now - began)
            self._send(write, lambda done: self._finish(worker, done))

        self._send(read, then)

    def _wait(self, worker: int, seconds: float) -> None:
        """Look again after a while, or as soon as any reply arrives."""

        def again() -> None:
            if self._waiting.get(worker) is again:
                del self._waiting[worker]
                self._begin(worker)

        self._waiting[worker] = again
        self._at(self.now + min(seconds, 60.0), again)

    def _finish(self, worker: int, done: bool) -> None:
        self.written += done
        self._begin(worker)

    def _send(self, ticket: Ticket, then: Callable[[bool], None]) -> None:
        self.pacer.sent(ticket, self.now)
        self.sent += 1
        self._at(self.now + self._half_way(), lambda: self._arrive(ticket, then))

    def _arrive(self, ticket: Ticket, then: Callable[[bool], None]) -> None:
        let_in, said = self.buckets[ticket.kind].take(self.now)
        self.refused += not let_in
        self._at(self.now + self._half_way(), lambda: self._reply(ticket, let_in, said, then))

    def _reply(self, ticket: Ticket, let_in: bool, said: RateLimit, then: Callable[[bool], None]) -> None:
        self.pacer.replied(ticket, said, refused=not let_in, now=self.now)
        for again in list(self._waiting.values()):
            self._at(self.now, again)
        then(let_in)

    def _other(self, pause: float) -> None:
        self.others += 1
        self.others_refused += not self.buckets[Kind.WRITE_USERS].take(self.now)[0]
        self._at(self.now + pause, lambda: self._other(pause))

    def _half_way(self) -> float:
        return LATENCY / 2 * self._random.uniform(0.8, 1.2)


def enterprise(*, lumps: bool, resets_full: bool) -> dict[Kind, ServerBucket]:
    """Return the one bucket of a public enterprise tenant."""
    return dict.fromkeys(Kind, ServerBucket(50, 16.0, lumps, resets_full))


def essentials(*, lumps: bool, resets_full: bool) -> dict[Kind, ServerBucket]:
    """Return the three buckets of an essentials tenant."""
    sizes = {Kind.READ_USERS: (40, 500), Kind.WRITE_USERS: (20, 200), Kind.OTHER: (10, 150)}
    return {kind: ServerBucket(size, each / 60, lumps, resets_full) for kind, (size, each) in sizes.items()}


def free(*, lumps: bool, resets_full: bool) -> dict[Kind, ServerBucket]:
    """Return the one bucket of a free tenant, which a read and a write empty."""
    return dict.fromkeys(Kind, ServerBucket(2, 2.0, lumps, resets_full))
