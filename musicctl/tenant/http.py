"""The one HTTP client of a tenant: time limits, what was sent, and one request tried until it is answered."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from musicctl.errors import ConfigError, MusicctlError
from musicctl.redaction import hide, redacted
from musicctl.tenant.border import ThrottledError
from musicctl.tenant.clock import clock
from musicctl.tenant.pacing import Pacing
from musicctl.tenant.retries import Patience, Resend, Tries

if TYPE_CHECKING:
    import httpx

    from musicctl.tenant.leaving import Check

T = TypeVar("T")
OnReply = Callable[[str, int, float], None]
"""Is told the method and path of a request, the status of its reply, and after how many seconds it came."""

HEADERS, BODY = "send_request_headers", "send_request_body"
"""Httpcore's steps in which bytes leave: without its body no write has an effect."""

CONNECT_TIMEOUT = 10.0
REPLY_TIMEOUT = 30.0
LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")
MOST_THREADS = 64
"""Connections that are kept open: one for each thread."""


@dataclass(slots=True)
class Traffic:
    """What the tenant was sent; `polls` of a job are apart from `requests`, and retries are among both.

    `throttled` is in seconds, in which one request or several at once waited for the rate limit.
    """

    requests: int = 0
    polls: int = 0
    retries: int = 0
    throttled: float = 0.0


class Http:
    """Wraps an httpx client for any number of threads, and counts what goes over it."""

    def __init__(
        self, base_url: str, pacing: Pacing, patience: Patience, on_reply: OnReply | None = None
    ) -> None:
        self.base_url = base_url
        self.pacing = pacing
        self._patience = patience
        self._on_reply = on_reply
        self._traffic = Traffic()
        self._lock = threading.Lock()
        self._here = threading.local()

    @cached_property
    def client(self) -> "httpx.Client":
        """The client itself; made when first needed, since httpx takes 50 ms to import."""
        import httpx

        from musicctl.tenant import bounds

        try:
            httpx.URL(self.base_url).host.encode("idna")
        except (UnicodeError, httpx.InvalidURL):
            raise ConfigError(f"{self.base_url} names no host", hint="check auth0_domain") from None
        try:
            made = httpx.Client(
                headers={"Accept-Encoding": "gzip"},  # what bounds can unpack in small steps
                timeout=httpx.Timeout(REPLY_TIMEOUT, connect=CONNECT_TIMEOUT),
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=MOST_THREADS),
                event_hooks={
                    "request": [self._watch, bounds.begin],
                    "response": [self._remember, bounds.bounded],
                },
                # A proxy of the environment would otherwise take over requests to this machine itself.
                trust_env=not self.base_url.startswith(LOOPBACK),
            )
            _hide_proxies()
            return bounds.watched(made)
        except (ValueError, httpx.InvalidURL):
            raise ConfigError(
                "the environment names a proxy in a way that cannot be used",
                hint="check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY",
            ) from None
        except OSError as error:
            raise ConfigError(
                f"the certificates of the authorities cannot be read: {error.strerror or error}",
                hint="check SSL_CERT_FILE and SSL_CERT_DIR",
            ) from None

    def close(self) -> None:
        """Close the connections, if any were made."""
        if "client" in self.__dict__:  # where cached_property keeps it
            self.client.close()

    @property
    def traffic(self) -> Traffic:
        """What was sent so far."""
        with self._lock:
            self._traffic.throttled = round(self.pacing.throttled, 3)
            return self._traffic

    def persistently(self, attempt: Callable[[], T], resend: Resend) -> T:
        """Call `attempt` until it succeeds, raises what is not to be repeated, or patience ends."""
        tries = Tries(resend, self._patience, time.monotonic())
        while True:
            try:
                return attempt()
            except MusicctlError as error:
                pause = tries.pause(error, time.monotonic(), random.random())  # noqa: S311
                if pause is None:
                    raise
                self.pacing.pause(pause, error.what, throttled=isinstance(error, ThrottledError))
            with self._lock:
                self._traffic.retries += 1

    @contextmanager
    def sending(self, before_leaving: "Check | None") -> Iterator[None]:
        """Forget this thread's last reply; what is sent in the block leaves as `before_leaving` lets it."""
        self._here.reply, self._here.before_leaving = None, before_leaving
        try:
            yield
        finally:
            self._here.before_leaving = None

    def last_reply(self) -> "httpx.Response | None":
        """Return what this thread was answered since `sending`, or None."""
        reply: httpx.Response | None = self._here.reply
        return reply

    def asked_at(self) -> float:
        """Return when this thread's last request left, by `clock`: its connection was there by then."""
        left_at: float = self._here.left_at
        return left_at

    def replied_at(self) -> float:
        """Return when this thread's last reply began to arrive, by `clock`."""
        replied_at: float = self._here.replied_at
        return replied_at

    @contextmanager
    def polling(self) -> Iterator[None]:
        """Count what this thread sends as polls."""
        self._here.polling = True
        try:
            yield
        finally:
            self._here.polling = False

    def _watch(self, request: "httpx.Request") -> None:
        self._here.began = time.monotonic()
        request.extensions["trace"] = self._on_its_way

    def _on_its_way(self, event: str, about: Mapping[str, Any]) -> None:
        """Have `before_leaving` asked just before the bytes leave; what it raises closes the connection.

        A proxy is asked for a tunnel first, with the same events: that is not yet the request.
        """
        from musicctl.tenant import leaving

        step, _, state = event.partition(".")[2].partition(".")
        if step not in (HEADERS, BODY):
            return
        if state != "started":
            leaving.ask(None)
        elif about["request"].method != b"CONNECT":
            leaving.ask(getattr(self._here, "before_leaving", None))
            if step == HEADERS:
                self._here.left_at = clock()
                self.pacing.alive()
                self._count()

    def _count(self) -> None:
        with self._lock:
            if getattr(self._here, "polling", False):
                self._traffic.polls += 1
            else:
                self._traffic.requests += 1

    def _remember(self, reply: "httpx.Response") -> None:
        self._here.reply, self._here.replied_at = reply, clock()
        self.pacing.alive()
        if self._on_reply is not None:
            # A query may hold the signature of a link, which lets anybody in.
            request = f"{reply.request.method} {reply.request.url.path}"
            self._on_reply(redacted(request), reply.status_code, time.monotonic() - self._here.began)


def _hide_proxies() -> None:
    """Hide the passwords of the environment's proxies, which are sent to them."""
    from urllib.parse import unquote, urlsplit
    from urllib.request import getproxies

    for address in getproxies().values():
        password = urlsplit(address if "://" in address else f"http://{address}").password
        hide(password or "")
        hide(unquote(password or ""))
