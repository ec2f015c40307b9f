"""Reads that fail for a while: sent again, counted, told of, and stopped at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler

import pytest

from musicctl.errors import DeniedError, UnavailableError
from musicctl.tenant.border import LostReplyError, StoppedError, ThrottledError
from musicctl.tenant.client import Tenant
from musicctl.tenant.pacer import Rate
from musicctl.tenant.retries import Patience
from musicctl.tenant.token import Credentials
from tests.program import Sandbox
from tests.tenant.relay import Misbehaviour, Relay, answering, cut, refuse


@pytest.mark.parametrize(
    "how",
    [
        cut,
        answering(409, b"{}"),
        answering(500, b"{}"),
        answering(502, b"<html>Bad gateway</html>", "text/html"),
        answering(200, b"<html>"),
        answering(200, b'{"user_id":"auth0|a"'),
    ],
)
def test_a_read_is_sent_again(patient: Tenant, between: Relay, how: Misbehaviour) -> None:
    between.misbehave("GET", how, times=2)
    user = patient.user("auth0|a")
    assert user is not None
    assert user.app_metadata == {"roles": ["x"], "plan": 1}
    assert between.sent("GET") == 3
    assert (patient.traffic.requests, patient.traffic.retries, patient.traffic.throttled) == (4, 2, 0.0)


def test_a_read_waits_as_the_tenant_says(between: Relay, credentials: Credentials) -> None:
    told: list[tuple[float, str]] = []
    opened = Tenant(between.url, credentials, on_wait=lambda seconds, why: told.append((seconds, why)))
    between.misbehave("GET", refuse, times=1)
    began = time.monotonic()
    assert opened.user("auth0|a") is not None
    assert time.monotonic() - began >= 1.0
    assert between.sent("GET") == 2
    assert opened.traffic.retries == 1
    assert opened.traffic.throttled >= 1.0
    assert [seconds for seconds, _ in told] == [1.0]
    assert "429" in told[0][1]
    opened.close()


def test_a_token_is_asked_for_again(patient: Tenant, between: Relay) -> None:
    between.misbehave("POST", answering(503, b"{}"), "/oauth/token", times=2)
    assert patient.user("auth0|a") is not None
    assert between.sent("POST") == 3


def test_patience_ends(between: Relay, credentials: Credentials) -> None:
    with closing(Tenant(between.url, credentials, patience=Patience(failing=2.0, throttled=0.5))) as opened:
        assert opened.user("auth0|a") is not None  # with the token in hand, all patience is for the reads
        between.misbehave("GET", answering(503, b'{"message":"Down"}'))
        with pytest.raises(UnavailableError, match="503: Down"):
            opened.user("auth0|a")
        assert between.sent("GET") >= 3
        between.misbehave("GET", refuse)
        with pytest.raises(ThrottledError):
            opened.user("auth0|a")


def test_patience_with_the_token_is_all_the_patience_there_is(
    between: Relay, credentials: Credentials
) -> None:
    between.misbehave("POST", answering(503, b'{"message":"Down"}'), "/oauth/token")
    with closing(Tenant(between.url, credentials, patience=Patience(failing=0.5, throttled=0.5))) as opened:
        with pytest.raises(UnavailableError, match="503: Down") as raised:
            opened.user("auth0|a")
        assert not isinstance(raised.value, LostReplyError), "the read would be begun once more"


def test_a_stop_ends_every_wait(patient: Tenant, between: Relay) -> None:
    arrived, ended = threading.Event(), list[BaseException]()

    def busy(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        later = {"Retry-After": "60", "X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0"}
        answering(429, b"{}", headers=later)(handler, body, status)
        arrived.set()

    def read() -> None:
        try:
            patient.user("auth0|a")
        except StoppedError as error:
            ended.append(error)

    between.misbehave("GET", busy)
    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert arrived.wait(10)
    patient.stop()
    for thread in threads:
        thread.join(10)
    assert len(ended) == 3
    sent = len(between.seen)
    with pytest.raises(StoppedError):
        patient.user("auth0|a")
    with pytest.raises(StoppedError):
        patient.set_roles("auth0|a", [])
    assert len(between.seen) == sent


def test_a_reserved_write_that_the_tenant_has_begun_to_refuse_is_not_sent(
    patient: Tenant, between: Relay, sandbox: Sandbox
) -> None:
    patient.set_roles("auth0|a", [])
    with patient.reserved_write():
        between.misbehave("PATCH", refuse, times=1)
        with ThreadPoolExecutor(1) as other, pytest.raises(ThrottledError, match="429"):
            other.submit(patient.set_roles, "auth0|a", ["other"]).result()
        with pytest.raises(ThrottledError, match="in the meantime"):
            patient.set_roles("auth0|a", ["y"])
    assert between.sent("PATCH") == 2
    with patient.reserved_write():
        assert patient.user("auth0|a") is not None
        patient.set_roles("auth0|a", ["z"])
    assert between.sent("PATCH") == 3
    assert sandbox.roles("auth0|a") == ["z"]
    assert patient.traffic.throttled > 0.0


def test_requests_a_second_are_held_to(between: Relay, credentials: Credentials) -> None:
    opened = Tenant(between.url, credentials, rate=Rate(per_second=20.0))
    opened.user("auth0|a")
    began = time.monotonic()
    for _ in range(20):
        opened.user("auth0|a")
    assert time.monotonic() - began >= (20 - 5) / 20
    opened.close()


def test_a_denial_is_not_sent_on_and_on(patient: Tenant, between: Relay) -> None:
    between.misbehave("GET", answering(401, b'{"message":"Invalid token"}'))
    with pytest.raises(DeniedError):
        patient.user("auth0|a")
    with pytest.raises(DeniedError):
        patient.user("auth0|a")
    assert (between.sent("GET"), between.sent("POST")) == (3, 2)
