"""How fast a bucket refills, as far as replies have shown it: nowhere does the tenant say so."""

from dataclasses import dataclass

SLACK = 0.5
"""Seconds added to each span, at first: a bucket may be refilled in lumps, and a span may see one more."""

QUICK, LEARNED = 1.0, 5.0
"""Seconds from which on a span says anything, and much."""

APART, MOST = 2.0, 32
"""Seconds between the replies that spans begin with, and how many are kept."""

WINDOW = 120.0
"""Seconds for which the greatest rate seen is believed: other clients can only make it look smaller."""

FRESH = 300.0
"""Seconds after which the rate should be learned anew."""


@dataclass(slots=True)
class _Start:
    """A reply that a span begins with: when sent, what remained, how many of ours came before or with it."""

    at: float
    remaining: int
    sent: int
    truncated: bool = False


class Refill:
    """Estimates tokens a second from below: what came in is what remains more, and what we took out.

    A span in which the bucket was full lost tokens, so it cannot lower the estimate.
    """

    def __init__(self, slack: float) -> None:
        self._slack = slack
        self.rate: float | None = None
        self._rate_at = 0.0
        self._learned_at: float | None = None
        self._starts: list[_Start] = []

    def learned(self, now: float) -> bool:
        """Tell whether the rate rests on a long span, and not too long ago."""
        return self._learned_at is not None and now - self._learned_at <= FRESH

    def saw(self, *, at: float, now: float, remaining: int, full: bool, sent: tuple[int, int]) -> None:
        """Take in a reply that came `now` to a request sent `at`; `full` when the bucket lost tokens.

        `sent` is how many of our requests the tenant had certainly, and had perhaps, counted at that reply.
        """
        for start in self._starts:
            start.truncated = start.truncated or full
            span = now - start.at
            if span >= QUICK:
                # Both counts are rounded down, so one token may not have come in.
                came_in = remaining - start.remaining + sent[0] - start.sent - 1
                self._learn(
                    came_in / (span + self._slack), now, thorough=span >= LEARNED and not start.truncated
                )
        if not self._starts or at - self._starts[-1].at >= APART:
            self._starts = [*self._starts[1 - MOST :], _Start(at, remaining, sent[1], full)]

    def _learn(self, rate: float, now: float, *, thorough: bool) -> None:
        if rate <= 0:
            return
        if thorough:
            self._learned_at = now
        if self.rate is None or rate >= self.rate or (thorough and now - self._rate_at > WINDOW):
            self.rate, self._rate_at = rate, now
