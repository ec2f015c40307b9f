"""One bucket of the tenant's rate limit, as we know it: what is left, what is under way, what is ours."""

from math import ceil, inf

from musicctl.tenant.ratelimit import LONGEST_WAIT
from musicctl.tenant.refill import SLACK, Refill
from musicctl.tenant.trial import Trial

UNTOLD = 1.0
"""Seconds after which more is added to an empty bucket, when the tenant does not say."""

LOOK_AGAIN = 0.5
"""Seconds after which who waits looks again, when only a reply can tell more."""

FIRST_GRAIN, COARSEST = 0.25, 1.0
"""Seconds between two lumps of a bucket that is not refilled steadily: suspected first, and then."""

TINY = 3
"""Tokens up to which a bucket is full, or nearly, whenever two requests may leave at once."""

NEARLY = 1e-6


class Bucket:
    """Pure: the time is handed in. What is under way counts as spent until a reply has shown that it was.

    `share` is the part that is ours: the rest of the bucket stays unspent, and of what comes in the same
    part is spent. The latter is not held to for the few seconds in which the refill is being learned, and
    made good for afterwards.
    """

    def __init__(self, limit: int, share: float, now: float) -> None:
        self.limit = limit
        self._share = share
        self._remaining, self._seen_at, self._basis_at = limit, now, -inf
        self._basis_sent_at = self._told_at = self._blocked_until = now
        self._sent, self._free, self._under_way = 0, 0, dict[int, float]()
        self._reserved, self._took_at = 0, now
        self._refusals, self._refused_at, self._grain = 0, -inf, 0.0
        self._refill, self._trial, self._learning = Refill(SLACK), Trial(), True
        self._purse, self._purse_at = share * limit, now

    def delay(self, need: int, now: float) -> float:
        """Return the seconds until `need` requests may be sent, 0 for at once; ask again after that."""
        if now < self._blocked_until:
            return self._blocked_until - now
        return max(self._until_there(need, now), self._until_ours(need, now))

    def blocked(self, now: float) -> float:
        """Return the seconds for which the tenant refuses everything, as far as we know."""
        return max(0.0, self._blocked_until - now, self._until_one(now))

    def reserve(self, now: float) -> None:
        """Set one request aside, to be sent later."""
        self._save_up(now)
        self._took_at = now
        self._reserved += 1
        self._purse -= 1.0

    def give_back(self) -> None:
        """Take back what was reserved and is not sent."""
        self._reserved -= 1
        self._purse += 1.0

    def send(self, now: float) -> int:
        """Count a reserved request as under way and return its number."""
        self._reserved -= 1
        self._under_way[self._sent] = now
        self._sent += 1
        return self._sent - 1

    def lost(self, number: int) -> None:
        """Take in that a request ended without a word about what is left; it may have been counted."""
        del self._under_way[number]
        self._remaining = max(0, self._remaining - 1)

    def replied(self, number: int, remaining: int, wait: float | None, now: float) -> None:
        """Take in a reply; replies may come in another order than the tenant made them."""
        sent_at = self._under_way.pop(number)
        self._refusals = 0
        if sent_at < self._basis_at:
            # It may have been answered before the one that we build on: it can only make us more careful.
            if remaining < self._remaining:
                self._remaining, self._seen_at = remaining, now
            return
        self._compare(remaining, sent_at, now)
        self._remaining, self._seen_at, self._basis_at = remaining, now, now
        self._basis_sent_at = sent_at
        self._told_at = now + (UNTOLD if wait is None else wait)
        earlier = sum(each < number for each in self._under_way)
        later = len(self._under_way) - earlier
        counted = (number + 1 - earlier - self._free, number + 1 + later - self._free)
        full = remaining >= self.limit - 1
        self._refill.saw(at=sent_at, now=now, remaining=remaining, full=full, sent=counted)
        self._go_on_learning(now)

    def refused(self, number: int, wait: float | None, now: float) -> None:
        """Take in a 429: nothing is left until the time that the tenant says, or a growing one of ours."""
        sent_at = self._under_way.pop(number)
        self._free += 1
        first = sent_at >= self._refused_at  # not one of several that left before any was known
        if wait is None:
            wait = min(LONGEST_WAIT, UNTOLD * 2.0 ** min(self._refusals, 10)) if first else 0.0
        if first:
            self._refusals, self._refused_at = self._refusals + 1, now
            self._compare(-1, sent_at, now)
            self._basis_sent_at = sent_at
            self._coarsen()
        self._remaining = 0
        self._seen_at = self._basis_at = now
        self._told_at = self._blocked_until = max(self._blocked_until, now + wait)

    def _until_there(self, need: int, now: float) -> float:
        """Return the seconds until the tenant has that many besides those that stay unspent."""
        committed = len(self._under_way) + self._reserved
        unspent = (1.0 - self._share) * self.limit
        # A bucket that never holds so many gives what it has: else nothing would ever be sent.
        goal = min(need + unspent, self.limit) + committed
        missing = goal - self._remaining
        if missing <= NEARLY or (committed == 0 and now >= self._told_at):
            return 0.0
        if goal > self.limit and committed:
            return LOOK_AGAIN
        rate = self._rate
        if rate is None:
            return LOOK_AGAIN if committed else self._told_at - now
        at = self._seen_at + min(LONGEST_WAIT, self._whole_grains(missing / rate))
        # What the tenant told of may be the next token alone.
        told_at = min(self._told_at + max(0.0, missing - 1.0) / rate, self._seen_at + LONGEST_WAIT)
        return max(0.0, (at if committed else min(at, told_at)) - now)

    def _until_one(self, now: float) -> float:
        """Return the seconds until one is there, when the last reply left none and we know the rate."""
        rate = self._rate
        if rate is None or now >= self._told_at:
            return 0.0
        missing = 1.0 - self._remaining - rate * (now - self._seen_at)
        return min(missing / rate, self._told_at - now) if missing > NEARLY else 0.0

    @property
    def _rate(self) -> float | None:
        """The tokens that come in a second, as far as we know or try."""
        if self._refill.rate is None or self._trial.rate is None:
            return self._refill.rate or self._trial.rate
        return max(self._refill.rate, self._trial.rate)

    def _compare(self, remaining: int, sent_at: float, now: float) -> None:
        """Compare what the only request under way found with what we thought had come in until it left."""
        span, rate = sent_at - self._seen_at, self._rate
        if self.limit > TINY or self._under_way or span <= 0.0:
            return
        if remaining >= self.limit - 1 and self._remaining < self.limit - 1:
            came_in, longest = self.limit - self._remaining, now - self._basis_sent_at
            self._trial.full(least=came_in / longest, most=came_in / span, now=now)
        elif rate is not None and self._remaining + rate * span >= remaining + 2 - NEARLY:
            self._trial.short(now)

    def _coarsen(self) -> None:
        """Believe that less comes in at a time; what was learned before may have taken one lump for two."""
        if self._grain < COARSEST:
            self._grain = COARSEST if self._grain else FIRST_GRAIN
            self._refill = Refill(slack=max(SLACK, self._grain))

    def _whole_grains(self, seconds: float) -> float:
        if not self._grain:
            return seconds
        grains = seconds / self._grain
        # What is found by trying is sometimes a little more than whole grains.
        return self._grain * (ceil(grains - NEARLY) if self._trial.rate is None else max(1, round(grains)))

    def _until_ours(self, need: int, now: float) -> float:
        """Return the seconds until our part of what comes in covers that many.

        Of a tiny part that could be hours: a minute after the last ones, the next may be sent all the same.
        """
        rate = self._rate
        if self._share >= 1.0 or self._learning or rate is None:
            return 0.0
        self._save_up(now)
        missing = min(need, self._share * self.limit) - self._purse
        if missing <= NEARLY:
            return 0.0
        return max(0.0, min(missing / (self._share * rate), self._took_at + LONGEST_WAIT - now))

    def _save_up(self, now: float) -> None:
        """Add our part of what came in; while the rate is being learned, that waits for the end of it."""
        if not self._learning and self._rate is not None:
            came_in = self._share * self._rate * (now - self._purse_at)
            self._purse, self._purse_at = min(self._share * self.limit, self._purse + came_in), now

    def _go_on_learning(self, now: float) -> None:
        self._save_up(now)
        self._learning = not (self._refill.learned(now) or self._trial.settled(now))
        self._save_up(now)
