"""Rate limits: a token bucket for each group of endpoints, as the tenant's plan has them.

The figures are those of Auth0's rate limit policy, under "rate limit configurations":
https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Literal, NamedTuple

from musicctl.sandbox.local_tenant import refusals
from musicctl.sandbox.local_tenant.refusals import Refusal
from musicctl.sandbox.local_tenant.settings import Plan, Refill, Reset

LIMIT, REMAINING, RESET = "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"
TOKEN = 60_000
"""Units of one token: a rate of one a minute is then one unit a millisecond, and nothing is ever rounded."""


class Limit(NamedTuple):
    """What a bucket holds, and what is added to it in a second or a minute."""

    size: int
    rate: int
    per: Literal["second", "minute"]


MANAGEMENT, LOGIN = "management", "login"
READ, WRITE, DELETE = "users_read", "users_write", "users_delete"

PLANS: Mapping[Plan, Mapping[str, Limit]] = {
    "none": {},
    "free": {MANAGEMENT: Limit(2, 2, "second"), LOGIN: Limit(300, 300, "minute")},
    "essentials": {
        READ: Limit(40, 500, "minute"),
        WRITE: Limit(20, 200, "minute"),
        DELETE: Limit(20, 200, "minute"),
        MANAGEMENT: Limit(10, 150, "minute"),
        LOGIN: Limit(25, 25, "second"),
    },
    "enterprise": {MANAGEMENT: Limit(50, 16, "second"), LOGIN: Limit(100, 100, "second")},
}
"""The limits of each plan. For logins no bursts are documented: the bucket is as large as the rate."""

GROUPS = {
    "GET /api/v2/users": READ,
    "GET /api/v2/users/*": READ,
    "GET /api/v2/users-by-email": READ,
    "POST /api/v2/users": WRITE,
    "PATCH /api/v2/users/*": WRITE,
    "DELETE /api/v2/users/*": DELETE,
    "POST /oauth/token": LOGIN,
}
"""Which bucket an endpoint takes from; all others of the Management API share one, as do these where the
plan has none for them."""


class Bucket:
    """What is left of a limit. Pure: the time is handed in, in milliseconds since the epoch."""

    def __init__(self, limit: Limit, step: int, now: int, reset: Reset = "next") -> None:
        """Begin full; tokens are added at multiples of `step` ms, `reset` is what replies tell of."""
        self.limit = limit
        self._told = reset
        self._step = step
        self._per_step = limit.rate * step * (60 if limit.per == "second" else 1)
        self._units = limit.size * TOKEN
        self._steps = now // step

    def take(self, now: int) -> bool:
        """Take a token; False when there is none."""
        self._fill(now)
        if self._units < TOKEN:
            return False
        self._units -= TOKEN
        return True

    def remaining(self, now: int) -> int:
        """Return how many whole tokens are left."""
        self._fill(now)
        return self._units // TOKEN

    def reset(self, now: int) -> int:
        """Return when one more token is there, or all are, in whole seconds since the epoch, rounded up."""
        self._fill(now)
        of_all = self.limit.size * TOKEN - self._units
        missing = of_all if self._told == "full" else TOKEN - self._units % TOKEN
        steps = self._steps - (-missing // self._per_step)
        return -(-steps * self._step // 1000)

    def stamp(self, headers: MutableMapping[str, str], now: int) -> None:
        """Tell in a reply's headers what is left; what they say of that already stays."""
        headers[LIMIT] = str(self.limit.size)
        headers.setdefault(REMAINING, str(self.remaining(now)))
        headers.setdefault(RESET, str(self.reset(now)))

    def _fill(self, now: int) -> None:
        steps = now // self._step
        if steps > self._steps:
            added = (steps - self._steps) * self._per_step
            self._units = min(self.limit.size * TOKEN, self._units + added)
            self._steps = steps


class Limits:
    """The buckets of one plan, in memory: another plan, or a restart, begins with full ones."""

    def __init__(self, clock: Callable[[], int]) -> None:
        """Take the time from `clock`, in milliseconds since the epoch."""
        self._clock = clock
        self._chosen: tuple[Plan, Refill, Reset] = ("none", "documented", "next")
        self._buckets: dict[str, Bucket] = {}

    def choose(self, plan: Plan, refill: Refill, reset: Reset = "next") -> None:
        """Go over to a plan; the buckets stay what they are when it is the one that is chosen already."""
        if (plan, refill, reset) != self._chosen:
            self._chosen = plan, refill, reset
            self._buckets.clear()

    def bucket(self, method: str, path: str) -> Bucket | None:
        """Return the bucket of the endpoint with this path, `*` in it as declared; None: no limit."""
        group = _group(method, path, self._chosen[0])
        if group is None:
            return None
        if group not in self._buckets:
            plan, refill, reset = self._chosen
            limit = PLANS[plan][group]
            self._buckets[group] = Bucket(limit, _step(limit, refill), self._clock(), reset)
        return self._buckets[group]

    def admit(self, method: str, path: str) -> None:
        """Count one request; refuses it when its bucket is empty."""
        bucket = self.bucket(method, path)
        if bucket is not None and not bucket.take(self._clock()):
            raise too_many(_message(_group(method, path, self._chosen[0]), bucket.limit), path)

    def stamp(self, headers: MutableMapping[str, str], method: str, path: str) -> None:
        """Tell in a reply's headers what is left of the endpoint's bucket, if it has one."""
        bucket = self.bucket(method, path)
        if bucket is not None:
            bucket.stamp(headers, self._clock())


def too_many(message: str, path: str) -> Refusal:
    """Return the refusal of a request that is one too many; the token endpoint has a shape of its own."""
    if path == "/oauth/token":
        return Refusal(429, {"error": "too_many_requests", "error_description": message})
    return refusals.refusal(429, message, "too_many_requests")


GLOBAL = "Global limit has been reached"


def _message(group: str | None, limit: Limit) -> str:
    """Return Auth0's words; those for a group were recorded for users_write, by the second."""
    if group in (MANAGEMENT, LOGIN):
        return GLOBAL
    return f"Global per {limit.per} {group} group limit has been reached"


def _group(method: str, path: str, plan: Plan) -> str | None:
    limits = PLANS[plan]
    group = GROUPS.get(f"{method} {path}")
    if group in limits:
        return group
    return MANAGEMENT if MANAGEMENT in limits and path.startswith("/api/v2/") else None


def _step(limit: Limit, refill: Refill) -> int:
    """Return the milliseconds between two additions.

    Auth0's documentation says on one page that limits by the second are refilled by the millisecond and
    those by the minute by the second, and on another that all are topped up at the top of the second.
    """
    if refill == "documented":
        return 1 if limit.per == "second" else 1000
    return {"millisecond": 1, "second": 1000}[refill]
