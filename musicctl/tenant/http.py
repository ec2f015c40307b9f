"""The one HTTP client of a tenant: time limits, what was sent, and the last reply of each thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

CONNECT_TIMEOUT = 10.0
REPLY_TIMEOUT = 30.0
LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")


@dataclass(slots=True)
class Traffic:
    """What the tenant was sent; `polls` of a job are apart from `requests`, `throttled` is in seconds."""

    requests: int = 0
    polls: int = 0
    retries: int = 0
    throttled: float = 0.0


class Http:
    """Wraps an httpx client for any number of threads, and counts what goes over it."""

    def __init__(self, base_url: str) -> None:
        self.traffic = Traffic()
        self.base_url = base_url
        self._lock = threading.Lock()
        self._here = threading.local()

    @cached_property
    def client(self) -> "httpx.Client":
        """The client itself; made when first needed, since httpx takes 50 ms to import."""
        import httpx

        return httpx.Client(
            timeout=httpx.Timeout(REPLY_TIMEOUT, connect=CONNECT_TIMEOUT),
            event_hooks={"request": [self._count], "response": [self._remember]},
            # A proxy of the environment would otherwise take over requests to this machine itself.
            trust_env=not self.base_url.startswith(LOOPBACK),
        )

    def close(self) -> None:
        """Close the connections, if any were made."""
        if "client" in self.__dict__:  # where cached_property keeps it
            self.client.close()

    def last_body(self) -> bytes:
        """Return the bytes of the last reply that this thread got."""
        reply: httpx.Response = self._here.reply
        return reply.content

    @contextmanager
    def polling(self) -> Iterator[None]:
        """Count what this thread sends as polls."""
        self._here.polling = True
        try:
            yield
        finally:
            self._here.polling = False

    def _count(self, _request: "httpx.Request") -> None:
        with self._lock:
            if getattr(self._here, "polling", False):
                self.traffic.polls += 1
            else:
                self.traffic.requests += 1

    def _remember(self, reply: "httpx.Response") -> None:
        self._here.reply = reply
