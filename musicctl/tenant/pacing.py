"""Holds threads back until their request may leave; a stop, a signal or a reply ends a wait at once."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext

from musicctl.tenant import ratelimit
from musicctl.tenant.border import StoppedError, ThrottledError
from musicctl.tenant.pacer import Kind, Pacer, Rate, Ticket
from musicctl.tenant.ratelimit import RateLimit
from musicctl.tenant.standing import Standing

OnWait = Callable[[float, str], None]

WORTH_TELLING = 1.0
"""Seconds from which on a wait is told of."""

MOMENT = 0.5
"""Seconds that a request may wait with its ticket in hand: for less than what a read is good for."""


class Pacing:
    """One for all threads of a process that talk to one tenant."""

    def __init__(self, rate: Rate, on_wait: OnWait | None = None) -> None:
        """Take what may be used up, and what is told of a wait: its seconds, and why."""
        self._pacer = Pacer(rate)
        self._on_wait = on_wait
        self._changed = threading.Condition()
        self._changes = 0
        self._stopped = False
        self._throttled, self._waiting, self._waiting_since = 0.0, 0, 0.0
        self._told_until = 0.0
        self._standing = Standing()
        self.signs_of_life = 0
        self.longest_told = 0.0

    @property
    def throttled(self) -> float:
        """Seconds so far in which anything waited for the rate limit."""
        with self._changed:
            under_way = time.monotonic() - self._waiting_since if self._waiting else 0.0
            return self._throttled + under_way

    def alive(self) -> None:
        """Take in that something was sent, or that a reply came."""
        self.signs_of_life += 1  # a count lost to another thread does no harm

    def standing(self) -> list[str]:
        """Say who waits for what, and who holds what; without the lock, which may be what all wait for."""
        return self._standing.lines()

    def stop(self) -> None:
        """End every wait, and let nothing be sent any more: it raises StoppedError instead."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def take(self, *kinds: Kind) -> list[Ticket]:
        """Wait until a request of each kind may be sent, and return the right to; all are there at once."""
        while True:
            with self._changed:
                self._refuse_if_stopped()
                now = time.monotonic()
                wait = self._pacer.delay(kinds, now)
                if wait <= 0.0:
                    taken = self._pacer.take(kinds, now)
                    self._standing.took(taken)
                    return taken
                seen, limited = self._changes, self._pacer.limited(kinds, now) > 0.0
            self._tell(wait, "the tenant's rate limit")
            put_down = self._throttling() if limited else nullcontext()
            with self._standing.waiting(kinds), self._changed, put_down:
                self._changed.wait_for(lambda: self._stopped or self._changes != seen, wait)  # noqa: B023

    def pause(self, seconds: float, reason: str = "", *, throttled: bool = False) -> None:
        """Wait; raises StoppedError when told to stop meanwhile."""
        self._tell(seconds, reason)
        with self._changed:
            if throttled:
                with self._throttling():
                    self._changed.wait_for(lambda: self._stopped, seconds)
            else:
                self._changed.wait_for(lambda: self._stopped, seconds)
            self._refuse_if_stopped()

    def sent(self, ticket: Ticket) -> None:
        """Take in that the request leaves now.

        Waits a moment where less is left than we thought. Raises ThrottledError, and gives the ticket back,
        when that takes longer, as when the tenant has begun to refuse its kind since it was taken.
        """
        with self._changed:
            patient_until = time.monotonic() + MOMENT
            while (blocked := self._pacer.blocked(ticket.kind, now := time.monotonic())) > 0.0:
                self._refuse_if_stopped()
                if now + blocked > patient_until:
                    self._pacer.give_back(ticket)
                    self._standing.gave_back(ticket)
                    raise ThrottledError("the tenant's rate limit was used up in the meantime", wait=blocked)
                with self._throttling():
                    self._changed.wait_for(lambda: self._stopped, blocked)
            self._refuse_if_stopped()
            self._pacer.sent(ticket, now)
            self._standing.sent(ticket)
        self.alive()

    def give_back(self, tickets: list[Ticket]) -> None:
        """Take in that those of the tickets that were not used will not be."""
        with self._changed:
            for ticket in tickets:
                self._pacer.give_back(ticket)
                self._standing.gave_back(ticket)
            self._notify()

    def replied(self, ticket: Ticket, status: int | None, headers: Mapping[str, str]) -> None:
        """Take in how a request ended; `status` is None when no reply came."""
        said = RateLimit() if status is None else ratelimit.read(headers)
        self.alive()
        with self._changed:
            self._standing.gave_back(ticket)
            self._pacer.replied(
                ticket, said, refused=status == 429, now=time.monotonic(), answered=status is not None
            )
            self._notify()

    def _notify(self) -> None:
        self._changes += 1
        self._changed.notify_all()

    def _refuse_if_stopped(self) -> None:
        if self._stopped:
            raise StoppedError("stopped before the request was sent")

    def _tell(self, seconds: float, reason: str) -> None:
        """Tell of a long wait, once for all the threads that wait for the same."""
        now = time.monotonic()
        self.longest_told = max(self.longest_told, seconds)
        if self._on_wait is None or not reason or seconds < WORTH_TELLING or now < self._told_until:
            return
        self._told_until = now + seconds
        self._on_wait(seconds, reason)

    @contextmanager
    def _throttling(self) -> Iterator[None]:
        """Count the time within; called with the lock held, which a wait releases."""
        if self._waiting == 0:
            self._waiting_since = time.monotonic()
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            if self._waiting == 0:
                self._throttled += time.monotonic() - self._waiting_since
