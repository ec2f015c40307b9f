"""Sends one request through the SDK: with a token, within the rate limit, and judged by its reply alone."""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from musicctl.errors import DeniedError, MusicctlError
from musicctl.tenant import ratelimit
from musicctl.tenant.border import LostReplyError, UncertainError, refused, speaking
from musicctl.tenant.http import Http
from musicctl.tenant.outage import TROUBLE, Outage
from musicctl.tenant.pacer import Kind, Ticket
from musicctl.tenant.reservation import Reservation
from musicctl.tenant.retries import Resend
from musicctl.tenant.token import TokenSource

if TYPE_CHECKING:
    import httpx
    from auth0.management.client import Auth0

    from musicctl.tenant.leaving import Check

    Request: TypeAlias = Callable[[Auth0], object]

T = TypeVar("T")
LONGEST_CORRELATION_ID = 64


class Sender:
    """One for all threads. The SDK's own retries are off, and its models' opinion of a reply is not asked."""

    def __init__(self, http: Http, token: TokenSource) -> None:
        self._http = http
        self._token = token
        self._lock = threading.Lock()
        self._made: Auth0 | None = None
        self._here = threading.local()
        self._outage = Outage()

    def call(
        self,
        doing: str,
        kind: Kind,
        resend: Resend,
        request: "Request",
        read: Callable[[bytes], T],
        about: Hashable = None,
    ) -> T:
        """Send `request` and return what `read` makes of the reply; `doing` says what this is, as a verb.

        What is never to be sent again is a write: its failures are told apart as UncertainError and
        NotAppliedError. Raises OutageError, without sending, where requests `about` several have failed for
        long, whichever thread sent them.
        """

        def attempt() -> T:
            self._outage.require()
            began = time.monotonic()
            try:
                return self._with_token(doing, kind, resend, request, read)
            except MusicctlError as error:
                self._let_go()  # a pause may follow, in which what is held would keep others waiting
                self._outage.failed(kind, about, began, error)
                if resend is not Resend.NEVER:  # of a write it is to be known whether it may have left
                    self._outage.require()
                raise

        return self._http.persistently(attempt, resend)

    @contextmanager
    def reserved(self, *kinds: Kind, before_leaving: "Check | None" = None) -> Iterator[None]:
        """Hold the budget for one request of each kind, for this thread to use within; waits for it first.

        Of its requests, the writes are kept back by what `before_leaving` raises.
        """
        held = Reservation(self._http.pacing, kinds)
        self._here.reservation = held
        try:
            held.take()
            with self.leaving(before_leaving):
                yield
        finally:
            self._here.reservation = None
            held.let_go()

    @contextmanager
    def leaving(self, before_leaving: "Check | None") -> Iterator[None]:
        """Have the writes of this thread kept back by what `before_leaving` raises as the last check."""
        self._here.before_leaving = before_leaving
        try:
            yield
        finally:
            self._here.before_leaving = None

    def _with_token(
        self, doing: str, kind: Kind, resend: Resend, request: "Request", read: Callable[[bytes], T]
    ) -> T:
        """Send with the token we have, and once more with a new one: what was denied had no effect."""
        if not self._token.at_hand:
            self._let_go()  # it may be long in coming
        token = self._token()
        try:
            return self._attempt(token, doing, kind, resend, request, read)
        except DeniedError:
            self._let_go()
            if not self._token.renew(token):
                raise
        return self._attempt(self._token(), doing, kind, resend, request, read)

    def _attempt(
        self,
        token: str,
        doing: str,
        kind: Kind,
        resend: Resend,
        request: "Request",
        read: Callable[[bytes], T],
    ) -> T:
        sdk, writing = self._sdk(), resend is Resend.NEVER
        self._here.token = token
        reply = self._reply(sdk, self._ticket(kind), doing, request, writing=writing)
        if not 200 <= reply.status_code < 300:
            wait = ratelimit.read(reply.headers).wait
            base_url = self._http.base_url
            error = refused(
                reply,
                reply.content,
                doing,
                base_url,
                writing=writing,
                wait=wait,
                of_users=kind is not Kind.OTHER,
            )
            if not isinstance(error, TROUBLE):
                self._outage.answered(kind)
            raise error
        try:
            found = read(reply.content)
        except LostReplyError as error:
            if writing:
                raise UncertainError(f"could not {doing}: {error.what}", hint=error.hint) from None
            raise
        self._outage.answered(kind)
        return found

    def _reply(
        self, sdk: "Auth0", ticket: Ticket, doing: str, request: "Request", *, writing: bool
    ) -> "httpx.Response":
        from auth0.management.core.api_error import ApiError
        from auth0.management.core.parse_error import ParsingError

        before_leaving = getattr(self._here, "before_leaving", None) if writing else None
        self._http.pacing.sent(ticket)
        try:
            with (
                self._http.sending(before_leaving),
                speaking(doing, self._http.base_url, writing=writing),
            ):
                request(sdk)
        except (ApiError, ParsingError, ValueError, RecursionError):
            if self._http.last_reply() is None:
                raise
            # All of them judge the reply, which we do ourselves.
        finally:
            last = self._http.last_reply()
            status, headers = (None, {}) if last is None else (last.status_code, last.headers)
            self._http.pacing.replied(ticket, status, headers)
        assert last is not None
        return last

    def _ticket(self, kind: Kind) -> Ticket:
        held: Reservation | None = getattr(self._here, "reservation", None)
        return self._http.pacing.take(kind)[0] if held is None else held.use(kind)

    def _let_go(self) -> None:
        held: Reservation | None = getattr(self._here, "reservation", None)
        if held is not None:
            held.let_go()

    def _sdk(self) -> "Auth0":
        with self._lock:
            if self._made is None:
                from auth0.management.client import Auth0

                self._made = Auth0(
                    base_url=f"{self._http.base_url}/api/v2",
                    token=lambda: str(self._here.token),
                    httpx_client=self._http.client,
                    max_retries=0,
                )
            return self._made


def log_name(correlation_id: str | None) -> dict[str, Any]:
    """Return what has the SDK send the name under which the tenant's own log is to have a write."""
    if correlation_id is None:
        return {}
    if not 0 < len(correlation_id) <= LONGEST_CORRELATION_ID or not correlation_id.isascii():
        raise ValueError("a correlation id has 1 to 64 characters of ASCII")
    return {"request_options": {"additional_headers": {"X-Correlation-ID": correlation_id}}}
