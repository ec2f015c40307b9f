"""The ways in which a tenant goes away, as a relay before it shows them, and comes back."""

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from tests.faults.processes import settings
from tests.program import Sandbox
from tests.tenant.relay import Relay, answering, cut, hang

DOWN = answering(503, b'{"statusCode":503,"message":"Service unavailable"}')
ENDED = answering(401, b'{"statusCode":401,"message":"Invalid token"}')
TIMES = "30"
"""How much shorter than in earnest the program's patience is."""

IMPATIENT = ("tests.faults.impatient", TIMES)


def without_token(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
    """Refuse every token, and give no new one."""
    (DOWN if handler.path.startswith("/oauth/") else ENDED)(handler, body, status)


def with_a_slow_token(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
    """Refuse every token, and never come back to who asks for a new one."""
    (hang if handler.path.startswith("/oauth/") else ENDED)(handler, body, status)


WAYS: dict[str, Callable[[Relay], None]] = {
    "all fails": lambda between: between.misbehave("*", DOWN, "/", instead=True),
    "all is cut": lambda between: between.misbehave("*", cut, "/", instead=True),
    "all hangs": lambda between: between.misbehave("*", hang, "/", instead=True),
    "all is cut once it was applied": lambda between: between.misbehave("*", cut, "/"),
    "nobody is there": lambda between: between.go(),
    "reads fail": lambda between: between.misbehave("GET", DOWN),
    "reads are cut": lambda between: between.misbehave("GET", cut),
    "reads hang": lambda between: between.misbehave("GET", hang),
    "writes fail": lambda between: between.misbehave("PATCH", DOWN, instead=True),
    "writes are cut": lambda between: between.misbehave("PATCH", cut, instead=True),
    "writes hang": lambda between: between.misbehave("PATCH", hang, instead=True),
    "no token": lambda between: between.misbehave("*", without_token, "/", instead=True),
    "a token that hangs": lambda between: between.misbehave("*", with_a_slow_token, "/", instead=True),
}


def over(between: Relay) -> None:
    """Have the tenant come back."""
    between.misbehaviour = None
    if between.gone:
        between.come()


def behind(sandbox: Sandbox, between: Relay, **others: str) -> dict[str, str]:
    """Return the settings of a program that reaches the tenant over the relay."""
    return settings(sandbox, domain=between.url, **{"settle": "0.1s", "max_grant": "100%"} | others)


def await_writes(sandbox: Sandbox, count: int) -> None:
    """Wait until the tenant has taken so many writes."""
    deadline = time.monotonic() + 30
    while len(sandbox.writes()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.002)
