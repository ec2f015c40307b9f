"""Decides when the next request may leave, from what replies have said: a pure machine over a clock."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf

from musicctl.tenant.bucket import LOOK_AGAIN, UNTOLD, Bucket
from musicctl.tenant.ratelimit import LONGEST_WAIT, RateLimit

FIRST_REPLY = 2.0
"""Seconds for which all others of a kind wait for the reply that is to show its bucket."""

BURST = 0.25
"""Seconds' worth of requests that may leave at once when so many a second are allowed."""


class Kind(Enum):
    """What a request is to the tenant's limits: plans with several buckets tell these apart."""

    READ_USERS = "read users"
    WRITE_USERS = "write users"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Rate:
    """What we may use up: a share of each bucket, from 0 to 1, and at most so many requests a second."""

    share: float = 1.0
    per_second: float | None = None


@dataclass(slots=True)
class Ticket:
    """The right to send one request; `bucket` is None while no limit of its kind is known."""

    kind: Kind
    bucket: Bucket | None
    number: int = -1
    sent_at: float = 0.0
    spent: bool = False


class _Lane:
    """What is known of the requests of one kind: their bucket, once a reply has shown it."""

    def __init__(self) -> None:
        self.bucket: Bucket | None = None
        self.answered = False
        self.out = 0
        self.first_at: float | None = None
        self.refusals, self.refused_at = 0, -inf
        self.blocked_until = 0.0

    def behind(self, now: float) -> float:
        """Return the seconds to wait while one request goes ahead to find the bucket.

        Its turn does not last for ever: what was taken for a write may be given back unsent, again and again.
        """
        if self.bucket is not None or self.answered or not self.out or self.first_at is None:
            return 0.0
        return LOOK_AGAIN if now < self.first_at + FIRST_REPLY else 0.0

    def refuse(self, wait: float | None, sent_at: float, now: float) -> None:
        """Take in a 429 that named no bucket; several to what left before the first was known are one."""
        if wait is None and sent_at < self.refused_at:
            return
        if wait is None:
            wait = min(LONGEST_WAIT, UNTOLD * 2.0 ** min(self.refusals, 10))
        self.refusals, self.refused_at = self.refusals + 1, now
        self.blocked_until = max(self.blocked_until, now + wait)


class Pacer:
    """Knows every bucket. Kinds whose replies show the same limit are taken to share one."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._lanes = {kind: _Lane() for kind in Kind}
        self._buckets: dict[int, Bucket] = {}
        self._unlimited = False
        self._saved, self._saved_at = self._most_saved(), 0.0

    def delay(self, kinds: Sequence[Kind], now: float) -> float:
        """Return the seconds after which to ask again, or 0 when all of `kinds` may be taken now."""
        behind = 0.0 if self._unlimited else max(self._lanes[kind].behind(now) for kind in kinds)
        return max(self.limited(kinds, now), behind)

    def limited(self, kinds: Sequence[Kind], now: float) -> float:
        """Return how much of `delay` a limit is the reason for: the rest only waits to get to know one."""
        lanes = [self._lanes[kind] for kind in kinds]
        needs = Counter(lane.bucket for lane in lanes if lane.bucket is not None)
        waits = [bucket.delay(need, now) for bucket, need in needs.items()]
        waits += [lane.blocked_until - now for lane in lanes]
        return max(*waits, self._until_saved(len(kinds), now), 0.0)

    def take(self, kinds: Sequence[Kind], now: float) -> list[Ticket]:
        """Set one request of each kind aside, after `delay` has returned 0 for them."""
        self._saved -= len(kinds)
        return [self._ticket(kind, now) for kind in kinds]

    def blocked(self, kind: Kind, now: float) -> float:
        """Return the seconds for which the tenant refuses this kind, as far as we know."""
        lane = self._lanes[kind]
        of_bucket = 0.0 if lane.bucket is None else lane.bucket.blocked(now)
        return max(0.0, lane.blocked_until - now, of_bucket)

    def sent(self, ticket: Ticket, now: float) -> None:
        """Take in that the request leaves now."""
        ticket.spent, ticket.sent_at = True, now
        if ticket.bucket is not None:
            ticket.number = ticket.bucket.send(now)

    def give_back(self, ticket: Ticket) -> None:
        """Take in that the request will not be sent."""
        if ticket.spent:
            return
        ticket.spent = True
        self._lanes[ticket.kind].out -= 1
        self._saved += 1.0
        if ticket.bucket is not None:
            ticket.bucket.give_back()

    def replied(
        self, ticket: Ticket, said: RateLimit, *, refused: bool, now: float, answered: bool = True
    ) -> None:
        """Take in how a request ended: `said` is empty when it was not `answered`, `refused` means 429."""
        lane = self._lanes[ticket.kind]
        lane.out -= 1
        lane.answered = True
        # No plan limits some requests of the Management API and not others.
        self._unlimited = answered and not refused and said.limit is None and not self._buckets
        if refused and said.limit is None:
            # Whoever refused, perhaps a gateway, says nothing about the bucket.
            lane.refuse(said.wait, ticket.sent_at, now)
        elif not refused and answered:
            lane.refusals = 0
        bucket = self._bucket(said, now) or ticket.bucket
        if ticket.bucket is not None and ticket.bucket is not bucket:
            ticket.bucket.lost(ticket.number)
        if bucket is None:
            return
        if ticket.bucket is not bucket:
            bucket.reserve(now)
            ticket.number = bucket.send(ticket.sent_at)
        lane.bucket = bucket
        if refused and said.limit is not None:
            bucket.refused(ticket.number, said.wait, now)
        elif said.remaining is None:
            bucket.lost(ticket.number)
        else:
            bucket.replied(ticket.number, said.remaining, said.wait, now)

    def _ticket(self, kind: Kind, now: float) -> Ticket:
        lane = self._lanes[kind]
        lane.out += 1
        lane.first_at = now if lane.first_at is None else lane.first_at
        if lane.bucket is not None:
            lane.bucket.reserve(now)
        return Ticket(kind, lane.bucket)

    def _bucket(self, said: RateLimit, now: float) -> Bucket | None:
        if said.limit is None:
            return None
        if said.limit not in self._buckets:
            self._buckets[said.limit] = Bucket(said.limit, self._rate.share, now)
        return self._buckets[said.limit]

    def _most_saved(self) -> float:
        return max(1.0, (self._rate.per_second or 0.0) * BURST)

    def _until_saved(self, need: int, now: float) -> float:
        """Return the seconds until so many requests are within what a second may hold."""
        each = self._rate.per_second
        if each is None:
            return 0.0
        self._saved = min(self._most_saved(), self._saved + each * (now - self._saved_at))
        self._saved_at = now
        missing = min(need, self._most_saved()) - self._saved
        return 0.0 if missing <= 1e-6 else missing / each
