"""Rate limits: the buckets on a clock of the test's own, and what a client of a tenant with a plan sees."""

import time
from email.utils import parsedate_to_datetime
from typing import get_args

import pytest

from musicctl.sandbox.local_tenant.app import ROUTES
from musicctl.sandbox.local_tenant.limits import GROUPS, PLANS, Bucket, Limit, Limits
from musicctl.sandbox.local_tenant.refusals import Refusal
from musicctl.sandbox.local_tenant.settings import Plan, Refill, TenantSettings
from tests.sandbox.tenant_fixtures import Reply, RunningTenant

START = 1_700_000_000_000
RINGO = "/api/v2/users/auth0%7Cringo"
USERS = ("GET", "/api/v2/users/*")
PATCH = ("PATCH", "/api/v2/users/*")
JOB = ("GET", "/api/v2/jobs/*")
TOKEN = ("POST", "/oauth/token")


class Clock:
    """Milliseconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


def limits(plan: Plan, clock: Clock, refill: Refill = "documented") -> Limits:
    made = Limits(clock)
    made.choose(plan, refill)
    return made


def admitted(made: Limits, endpoint: tuple[str, str], most: int = 2000) -> int:
    """How many requests in a row are admitted."""
    for number in range(most):
        try:
            made.admit(*endpoint)
        except Refusal:
            return number
    return most


def refused(made: Limits, endpoint: tuple[str, str]) -> Refusal:
    with pytest.raises(Refusal) as raised:
        made.admit(*endpoint)
    return raised.value


def taken(bucket: Bucket, now: int) -> int:
    return sum(bucket.take(now) for _ in range(bucket.limit.size + 1))


def test_a_bucket_begins_full_and_holds_no_more() -> None:
    bucket = Bucket(Limit(50, 16, "second"), 1, START)
    assert bucket.remaining(START + 3_600_000) == 50
    assert taken(bucket, START + 3_600_000) == 50
    assert not bucket.take(START + 3_600_000)


def test_by_the_millisecond_each_token_comes_when_it_is_due() -> None:
    bucket = Bucket(Limit(50, 16, "second"), 1, START)
    taken(bucket, START)
    # A sixteenth of a second is 62.5 ms.
    assert [bucket.remaining(START + after) for after in (62, 63, 124, 125, 999, 1000)] == [
        0,
        1,
        1,
        2,
        15,
        16,
    ]


def test_by_the_second_tokens_come_at_the_top_of_it() -> None:
    bucket = Bucket(Limit(50, 16, "second"), 1000, START + 400)
    taken(bucket, START + 400)
    assert [bucket.remaining(START + at) for at in (999, 1000, 1999, 2000, 60_000)] == [0, 16, 16, 32, 50]


def test_what_a_minute_brings_is_not_rounded_away() -> None:
    bucket = Bucket(Limit(20, 200, "minute"), 1000, START)
    taken(bucket, START)
    assert [bucket.remaining(START + second * 1000) for second in (1, 2, 3)] == [3, 6, 10]
    assert sum(taken(bucket, START + second * 1000) for second in range(1, 61)) == 200


def test_over_an_hour_exactly_the_rate_is_let_through() -> None:
    bucket = Bucket(Limit(50, 16, "second"), 1, START)
    assert sum(taken(bucket, START + at) for at in range(0, 3_600_001, 750)) == 50 + 16 * 3600


def test_the_reset_is_when_one_more_token_is_there() -> None:
    bucket = Bucket(Limit(2, 2, "second"), 1, START + 300)
    taken(bucket, START + 300)
    assert bucket.reset(START + 300) == START // 1000 + 1
    assert bucket.reset(START + 700) == START // 1000 + 1
    assert bucket.reset(START + 800) == START // 1000 + 2
    slow = Bucket(Limit(1, 1, "minute"), 1000, START)
    slow.take(START)
    assert slow.reset(START) == START // 1000 + 60
    assert not slow.take(START + 59_999)
    assert slow.take(START + 60_000)


def test_the_reset_may_be_when_the_bucket_is_full() -> None:
    bucket = Bucket(Limit(50, 16, "second"), 1, START, "full")
    assert bucket.reset(START) == START // 1000
    taken(bucket, START)
    # 50 tokens at 16 a second take 3.125 s.
    assert [bucket.reset(START + after) for after in (0, 1000, 4000)] == [START // 1000 + 4] * 3
    lumps = Bucket(Limit(2, 2, "second"), 1000, START + 300, "full")
    taken(lumps, START + 300)
    assert lumps.reset(START + 900) == START // 1000 + 1


def test_a_clock_that_is_set_back_adds_and_takes_nothing() -> None:
    bucket = Bucket(Limit(2, 2, "second"), 1, START)
    bucket.take(START)
    assert bucket.remaining(START - 60_000) == 1
    assert bucket.remaining(START + 500) == 2


def test_what_headers_say_already_stays() -> None:
    headers = {"x-ratelimit-reset": "7"}
    Bucket(Limit(50, 16, "second"), 1, START).stamp(headers, START)
    assert headers == {
        "x-ratelimit-limit": "50",
        "x-ratelimit-remaining": "50",
        "x-ratelimit-reset": "7",
    }


def test_enterprise_has_one_bucket_for_the_management_api() -> None:
    made = limits("enterprise", clock := Clock())
    assert admitted(made, USERS) == 50
    assert refused(made, JOB).body == {
        "statusCode": 429,
        "error": "Too Many Requests",
        "message": "Global limit has been reached",
        "errorCode": "too_many_requests",
    }
    clock.now += 1000
    assert admitted(made, PATCH) == 16


def test_free_has_two_and_adds_two_a_second() -> None:
    made = limits("free", clock := Clock())
    assert admitted(made, PATCH) == 2
    clock.now += 500
    assert admitted(made, USERS) == 1


def test_essentials_keeps_reading_writing_deleting_and_the_rest_apart() -> None:
    made = limits("essentials", clock := Clock())
    delete = ("DELETE", "/api/v2/users/*")
    endpoints = (USERS, PATCH, delete, JOB)
    assert [admitted(made, endpoint) for endpoint in endpoints] == [40, 20, 20, 10]
    assert admitted(made, ("POST", "/api/v2/users")) == 0
    assert admitted(made, ("GET", "/api/v2/users-by-email")) == 0
    assert admitted(made, ("PATCH", "/api/v2/actions/triggers/*/bindings")) == 0
    clock.now += 6_000
    assert [admitted(made, endpoint) for endpoint in endpoints] == [40, 20, 20, 10]
    clock.now += 3_000
    assert [admitted(made, endpoint) for endpoint in endpoints] == [25, 10, 10, 7]


def test_the_message_names_the_group() -> None:
    made = limits("essentials", Clock())
    admitted(made, PATCH)
    admitted(made, JOB)
    message = "Global per minute users_write group limit has been reached"
    assert message in str(refused(made, PATCH).body)
    assert "'Global limit has been reached'" in str(refused(made, JOB).body)


def test_tokens_have_a_bucket_of_their_own_and_a_body_too() -> None:
    made = limits("free", Clock())
    assert admitted(made, TOKEN) == 300
    assert refused(made, TOKEN).body == {
        "error": "too_many_requests",
        "error_description": "Global limit has been reached",
    }
    assert admitted(made, USERS) == 2
    assert [admitted(limits(plan, Clock()), TOKEN) for plan in ("essentials", "enterprise")] == [25, 100]


def test_without_a_plan_nothing_is_limited_nor_told() -> None:
    made, headers = limits("none", Clock()), dict[str, str]()
    assert admitted(made, USERS) == 2000
    made.stamp(headers, *USERS)
    assert headers == {}


def test_what_is_no_api_is_never_limited() -> None:
    assert admitted(limits("free", Clock()), ("GET", "/exports/*")) == 2000
    assert admitted(limits("free", Clock()), ("GET", "/.well-known/jwks.json")) == 2000


def test_another_plan_begins_with_full_buckets_and_the_same_one_goes_on() -> None:
    made = limits("free", Clock())
    admitted(made, USERS)
    made.choose("free", "documented")
    assert admitted(made, USERS) == 0
    made.choose("enterprise", "documented")
    assert admitted(made, USERS) == 50
    made.choose("free", "documented")
    assert admitted(made, USERS) == 2


@pytest.mark.parametrize(
    ("plan", "refill", "after_half_a_second", "after_one"),
    [
        ("enterprise", "documented", 8, 16),
        ("enterprise", "millisecond", 8, 16),
        ("enterprise", "second", 0, 16),
        ("essentials", "documented", 0, 8),
        ("essentials", "millisecond", 4, 8),
        ("essentials", "second", 0, 8),
    ],
)
def test_how_often_tokens_are_added_is_a_setting(
    plan: Plan, refill: Refill, after_half_a_second: int, after_one: int
) -> None:
    made = limits(plan, clock := Clock(), refill)
    admitted(made, USERS)
    bucket = made.bucket(*USERS)
    assert bucket is not None
    assert bucket.remaining(clock.now + 500) == after_half_a_second
    assert bucket.remaining(clock.now + 1000) == after_one


def test_every_plan_has_limits_and_every_group_an_endpoint() -> None:
    assert set(PLANS) == set(get_args(Plan))
    assert set(GROUPS) <= {f"{route.method} {route.path}" for route in ROUTES}


def until_refused(tenant: RunningTenant, method: str, path: str) -> tuple[list[Reply], Reply]:
    """The replies before the first 429, and that."""
    replies: list[Reply] = []
    for _ in range(500):
        reply = tenant.send(method, path)
        if reply.status == 429:
            return replies, reply
        replies.append(reply)
    raise AssertionError("never refused")


@pytest.fixture
def limited(tenant: RunningTenant) -> RunningTenant:
    """The tenant on the free plan, with full buckets: it has seen none in between."""
    tenant.send("GET", RINGO)
    tenant.put("auth0|ringo")
    tenant.storage.change_settings(TenantSettings(plan="free"))
    return tenant


def test_a_running_tenant_obeys_a_new_plan(limited: RunningTenant) -> None:
    replies, refusal = until_refused(limited, "GET", RINGO)
    assert len(replies) >= 2
    assert {reply.status for reply in replies} == {200}
    assert replies[0].headers["x-ratelimit-limit"] == "2"
    assert replies[0].headers["x-ratelimit-remaining"] == "1"
    assert refusal.json["message"] == "Global limit has been reached"
    assert refusal.headers["x-ratelimit-remaining"] == "0"
    limited.storage.change_settings(TenantSettings())
    assert not any(name.startswith("x-ratelimit") for name in limited.send("GET", RINGO).headers)


def test_the_reset_of_a_refusal_is_soon_and_true(limited: RunningTenant) -> None:
    _, refusal = until_refused(limited, "GET", RINGO)
    reset = int(refusal.headers["x-ratelimit-reset"])
    sent = parsedate_to_datetime(refusal.headers["date"]).timestamp()
    assert sent < reset <= sent + 2
    time.sleep(max(0.0, reset - time.time()))
    assert limited.send("GET", RINGO).status == 200


def test_every_reply_of_the_management_api_has_the_headers(limited: RunningTenant) -> None:
    unknown = limited.send("GET", "/api/v2/users/auth0%7Cnobody")
    denied = limited.send("GET", RINGO, headers={})
    token = limited.send("POST", "/oauth/token", limited.credentials(), headers={})
    keys = limited.send("GET", "/.well-known/jwks.json", headers={})
    assert [reply.status for reply in (unknown, denied, token, keys)] == [404, 401, 200, 200]
    assert [reply.headers.get("x-ratelimit-limit") for reply in (unknown, denied, token, keys)] == [
        "2",
        "2",
        "300",
        None,
    ]
    assert all("date" in reply.headers for reply in (unknown, denied, token, keys))


def test_who_has_no_token_spends_nothing_and_who_lacks_a_scope_does(tenant: RunningTenant) -> None:
    tenant.storage.change_settings(TenantSettings(scopes="read:actions"))
    narrow = {"Authorization": f"Bearer {tenant.token()}"}
    tenant.storage.change_settings(TenantSettings(plan="essentials", refill="second"))
    spent = [tenant.send("DELETE", RINGO, headers={}) for _ in range(3)][-1]
    assert (spent.status, spent.headers["x-ratelimit-remaining"]) == (401, "20")
    scarce = tenant.send("DELETE", RINGO, headers=narrow)
    assert (scarce.status, scarce.headers["x-ratelimit-remaining"]) == (403, "19")


def test_a_refused_write_has_no_effect(limited: RunningTenant) -> None:
    for number in range(500):
        if limited.send("PATCH", RINGO, {"user_metadata": {"number": number}}).status == 429:
            break
    effects = limited.storage.effects()
    assert len(effects) == number >= 2
    assert [request.status for request in limited.storage.requests() if request.method == "PATCH"] == [
        *[200] * number,
        429,
    ]


def test_clearing_the_tenant_ends_its_limits(limited: RunningTenant) -> None:
    limited.storage.clear()
    assert limited.storage.settings().plan == "none"
    assert "x-ratelimit-limit" not in limited.send("GET", RINGO).headers
