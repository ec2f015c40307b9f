"""Finds by trying how fast a bucket refills that is full whenever we look: nothing else would show it."""

from math import inf, sqrt

FASTER, SLOWER, CLOSE = 1.5, 1.25, 1.05
"""By what the rate tried grows until it proves too fast, and shrinks when what was borne out does; and how
near to that is near enough."""

BELIEVED = 120.0
"""Seconds for which a rate counts as too fast: perhaps another client had spent the tokens."""


class Trial:
    """A search between the fastest rate that was borne out and the slowest that was not.

    A bucket of two tokens is full after each wait that was long enough, and says the same after one that
    was twice as long. So we wait a little less each time, until less is there than we wanted.
    """

    def __init__(self) -> None:
        self.rate: float | None = None
        self._borne_out = 0.0
        self._too_fast, self._too_fast_at = inf, -inf

    def settled(self, now: float) -> bool:
        """Tell whether there is nothing left to try."""
        self._forget(now)
        return self._too_fast <= self._borne_out * CLOSE

    def full(self, *, least: float, most: float, now: float) -> None:
        """Take in that the bucket was full again after a wait, short or long as the network has it.

        What was tried is borne out, and what would have filled it in the longest time that it may have had.
        """
        self._forget(now)
        self._borne_out = max(self._borne_out, min(most, max(least, self.rate or 0.0)))
        if self._too_fast <= self._borne_out:
            self._too_fast = inf
        if self._too_fast == inf:
            self.rate = self._borne_out * FASTER
        elif not self.settled(now):
            self.rate = sqrt(self._borne_out * self._too_fast)
        else:
            self.rate = self._borne_out

    def short(self, now: float) -> None:
        """Take in that less was there than the rate we try had promised."""
        if self.rate is None:
            return
        self._too_fast, self._too_fast_at = self.rate, now
        if self._borne_out >= self.rate:
            self._borne_out = self.rate / SLOWER
        self.rate = self._borne_out

    def _forget(self, now: float) -> None:
        if now - self._too_fast_at > BELIEVED:
            self._too_fast = inf
