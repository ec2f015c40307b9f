"""Who waits for the rate limit and who holds a part of it, for the log of a run in which nothing happens."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from musicctl.tenant.pacer import Kind, Ticket


class Standing:
    """Kept by all threads without a lock: each writes what is its own, in steps that cannot be divided."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[str, float]] = {}
        self._held: dict[int, tuple[str, str, float]] = {}

    @contextmanager
    def waiting(self, kinds: Sequence[Kind]) -> Iterator[None]:
        """Note that this thread waits, in the block, until requests of these kinds may be sent."""
        me = threading.current_thread().name
        wanted = " and ".join(kind.value for kind in kinds)
        self._waiting[me] = (f"waits until it may {wanted}", time.monotonic())
        try:
            yield
        finally:
            self._waiting.pop(me, None)

    def took(self, tickets: Sequence[Ticket]) -> None:
        """Note that this thread holds the right to send some requests."""
        for ticket in tickets:
            self._note(ticket, "has the right to")

    def sent(self, ticket: Ticket) -> None:
        """Note that a request has left, and waits for its reply."""
        self._note(ticket, "waits for the reply to")

    def gave_back(self, ticket: Ticket) -> None:
        """Note that a request was answered, or will not be sent."""
        self._held.pop(id(ticket), None)

    def lines(self) -> list[str]:
        """Return a line for each thread that waits, and for each request that is held or under way."""
        now = time.monotonic()
        found = [(who, doing, since) for who, (doing, since) in self._waiting.copy().items()]
        found += self._held.copy().values()
        return [f"{who} {doing}, for {now - since:.0f} s" for who, doing, since in found]

    def _note(self, ticket: Ticket, doing: str) -> None:
        of = "" if ticket.bucket is None else f" (of a bucket of {ticket.bucket.limit:,})"
        said = f"{doing} {ticket.kind.value}{of}"
        self._held[id(ticket)] = (threading.current_thread().name, said, time.monotonic())
