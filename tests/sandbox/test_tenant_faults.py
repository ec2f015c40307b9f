"""Faults: what a client sees, and what the log of effects says that the tenant did."""

import gzip
import json
import time
import zlib
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path

import pytest

from musicctl.sandbox.local_tenant import faults, outside
from musicctl.sandbox.local_tenant.fault_words import switch_on
from musicctl.sandbox.local_tenant.records import Effect
from musicctl.sandbox.local_tenant.settings import TenantSettings
from musicctl.sandbox.local_tenant.storage import Storage
from tests.sandbox.tenant_fixtures import Reply, RunningTenant, running_tenant, stop

RINGO = "/api/v2/users/auth0%7Cringo"
EDITOR = {"app_metadata": {"roles": ["playlist editor"]}}
NAMED = {"user_metadata": {"displayName": "Ringo"}}
CUT = (RemoteDisconnected, ConnectionResetError)


@pytest.fixture
def ringo(tenant: RunningTenant) -> RunningTenant:
    """The tenant with one user."""
    tenant.put("auth0|ringo", app_metadata='{"roles":["drummer"]}')
    return tenant


def patch(tenant: RunningTenant, body: object = EDITOR, correlation: str = "run-1/7") -> Reply:
    headers = {**tenant.headers, "X-Correlation-ID": correlation}
    return tenant.send("PATCH", RINGO, body, headers)


def roles(tenant: RunningTenant) -> object:
    user = tenant.storage.get_user("auth0|ringo")
    assert user is not None
    return json.loads(user.app_metadata or "{}").get("roles")


def eventually(found: Callable[[], bool]) -> None:
    """Wait until it is so, a minute at most."""
    deadline = time.monotonic() + 60
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def correlated(effects: list[Effect]) -> list[tuple[str, str | None, str | None]]:
    return [(effect.method, effect.user_id, effect.correlation_id) for effect in effects]


ONCE = [("PATCH", "auth0|ringo", "run-1/7")]


# What the client sees, and what took effect


@pytest.mark.parametrize("status", [400, 401, 403, 409, 429, 500, 502, 503, 511])
def test_a_status_is_without_effect(ringo: RunningTenant, status: int) -> None:
    switch_on(ringo.storage, f"status={status}")
    assert patch(ringo).status == status
    assert ringo.storage.effects() == []
    assert roles(ringo) == ["drummer"]
    assert [request.status for request in ringo.storage.requests() if request.method == "PATCH"] == [status]


def test_the_bodies_of_statuses_are_auth0s(ringo: RunningTenant) -> None:
    def body(status: int) -> Reply:
        switch_on(ringo.storage, f"status={status}")
        return patch(ringo)

    assert body(500).json == {
        "statusCode": 500,
        "error": "Internal Server Error",
        "message": "Internal error.",
    }
    assert body(503).json["error"] == "Service Unavailable"
    assert body(401).json["attributes"] == {"error": "Invalid token"}
    assert body(403).json["message"].startswith("Insufficient scope, expected any of: update:users,")
    assert body(429).json["errorCode"] == "too_many_requests"
    for status in (502, 504):
        page = body(status)
        assert page.headers["content-type"].startswith("text/html")
        assert f"<h1>{status} ".encode() in page.body


def test_a_429_has_a_reset_in_two_seconds(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "status=429")
    reply = patch(ringo)
    assert (reply.headers["x-ratelimit-limit"], reply.headers["x-ratelimit-remaining"]) == ("50", "0")
    sent = parsedate_to_datetime(reply.headers["date"]).timestamp()
    assert 1 <= int(reply.headers["x-ratelimit-reset"]) - sent <= 3
    ringo.storage.change_settings(TenantSettings(plan="free"))
    assert patch(ringo).headers["x-ratelimit-limit"] == "2"


def test_the_token_endpoint_and_the_file_store_fail_in_their_own_words(ringo: RunningTenant) -> None:
    link = ringo.link()
    switch_on(ringo.storage, "status=429", endpoint="POST /oauth/token")
    token = ringo.send("POST", "/oauth/token", ringo.credentials(), headers={})
    assert (token.status, token.json["error"]) == (429, "too_many_requests")
    switch_on(ringo.storage, "status=503", endpoint="POST /oauth/token")
    assert ringo.send("POST", "/oauth/token", ringo.credentials(), headers={}).json == {
        "error": "access_denied",
        "error_description": "Service Unavailable",
    }
    switch_on(ringo.storage, "status=503", endpoint="GET /exports")
    assert b"<Code>SlowDown</Code>" in ringo.send("GET", link, headers={}).body
    assert ringo.send("GET", RINGO).status == 200


def test_a_cut_before_the_effect_has_none(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "cut-before")
    with pytest.raises(CUT):
        patch(ringo)
    assert ringo.storage.effects() == []
    assert roles(ringo) == ["drummer"]


def test_a_cut_after_the_effect_has_one(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "cut-after")
    with pytest.raises(CUT):
        patch(ringo)
    assert correlated(ringo.storage.effects()) == ONCE
    assert roles(ringo) == ["playlist editor"]
    assert [request.status for request in ringo.storage.requests() if request.method == "PATCH"] == [0]


def test_a_connection_that_was_kept_open_is_cut_too(ringo: RunningTenant) -> None:
    connection = HTTPConnection("127.0.0.1", ringo.state.port, timeout=30)
    connection.request("GET", RINGO, headers=ringo.headers)
    assert connection.getresponse().read()
    switch_on(ringo.storage, "cut-after", count=1)
    connection.request("PATCH", RINGO, json.dumps(EDITOR), ringo.headers)
    with pytest.raises(CUT):
        connection.getresponse()
    connection.close()
    assert len(ringo.storage.effects()) == 1
    assert ringo.send("GET", RINGO).json["app_metadata"] == EDITOR["app_metadata"]


@pytest.mark.parametrize("fault", ["html", "half-json"])
def test_an_unreadable_200_has_its_effect(ringo: RunningTenant, fault: str) -> None:
    switch_on(ringo.storage, fault)
    reply = patch(ringo)
    assert reply.status == 200
    assert int(reply.headers["content-length"]) == len(reply.body) > 0
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|Invalid"):
        json.loads(reply.body)
    assert ("text/html" in reply.headers["content-type"]) == (fault == "html")
    assert correlated(ringo.storage.effects()) == ONCE
    assert roles(ringo) == ["playlist editor"]


def test_half_of_nothing_is_nothing(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "half-json")
    reply = ringo.send("DELETE", RINGO)
    assert (reply.status, reply.body) == (204, b"")
    assert len(ringo.storage.effects()) == 1


def test_reading_is_spoiled_as_well(ringo: RunningTenant) -> None:
    whole = ringo.send("GET", RINGO).body
    switch_on(ringo.storage, "half-json")
    assert ringo.send("GET", RINGO).body == whole[: len(whole) // 2]
    switch_on(ringo.storage, "html")
    assert b"<html>" in ringo.send("GET", RINGO).body


def test_html_in_place_of_tokens_keys_and_files(ringo: RunningTenant) -> None:
    link = ringo.link()
    for endpoint, method, path, body in (
        ("POST /oauth/token", "POST", "/oauth/token", ringo.credentials()),
        ("GET /.well-known", "GET", "/.well-known/jwks.json", None),
        ("GET /exports", "GET", link, None),
    ):
        switch_on(ringo.storage, "html", endpoint=endpoint)
        reply = ringo.send(method, path, body, headers={})
        assert (reply.status, b"<html>" in reply.body) == (200, True)


def test_latency_comes_before_the_effect_and_holds_up_nobody_else(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "latency=3600", endpoint="PATCH /users")
    connection = HTTPConnection("127.0.0.1", ringo.state.port, timeout=30)
    connection.request("PATCH", RINGO, json.dumps(EDITOR), ringo.headers)
    eventually(lambda: faults.switched_on(ringo.storage)[0].hits == 1)
    assert ringo.send("GET", RINGO).json["app_metadata"] == {"roles": ["drummer"]}
    assert ringo.storage.effects() == []
    connection.close()


def test_latency_delays_the_reply(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "latency=0.25")
    began = time.monotonic()
    assert patch(ringo).status == 200
    assert time.monotonic() - began >= 0.25
    assert correlated(ringo.storage.effects()) == ONCE


# Late writes


def test_a_late_write_is_answered_first_and_takes_effect_once(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "late")
    assert patch(ringo).json["app_metadata"] == EDITOR["app_metadata"]
    eventually(lambda: bool(ringo.storage.effects()))
    faults.clear(ringo.storage)
    assert patch(ringo, NAMED, "run-1/8").status == 200
    assert correlated(ringo.storage.effects()) == [*ONCE, ("PATCH", "auth0|ringo", "run-1/8")]
    assert roles(ringo) == ["playlist editor"]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RunningTenant]:
    """A tenant that the test may stop."""
    with running_tenant(tmp_path) as running:
        running.put("auth0|ringo", app_metadata='{"roles":["drummer"]}')
        yield running


def test_until_then_nothing_is_seen_of_it_and_the_servers_end_brings_it_on(own: RunningTenant) -> None:
    switch_on(own.storage, "late=3600")
    assert patch(own).json["app_metadata"] == EDITOR["app_metadata"]
    assert own.send("GET", RINGO).json["app_metadata"] == {"roles": ["drummer"]}
    assert own.storage.effects() == []
    assert stop(own.process) == 0
    assert correlated(own.storage.effects()) == ONCE
    assert roles(own) == ["playlist editor"]


def test_a_late_write_changes_what_is_there_by_then(own: RunningTenant) -> None:
    switch_on(own.storage, "late=3600", count=1)
    assert patch(own).status == 200
    assert patch(own, NAMED, "run-1/8").status == 200
    assert stop(own.process) == 0
    assert [effect.correlation_id for effect in own.storage.effects()] == ["run-1/8", "run-1/7"]
    user = own.storage.get_user("auth0|ringo")
    assert user is not None
    assert json.loads(user.app_metadata or "") == EDITOR["app_metadata"]
    assert json.loads(user.user_metadata or "") == NAMED["user_metadata"]


def test_a_late_write_to_a_user_who_is_gone_by_then_has_no_effect(own: RunningTenant) -> None:
    switch_on(own.storage, "late=3600", endpoint="PATCH /users")
    assert patch(own).status == 200
    assert own.send("DELETE", RINGO).status == 204
    assert stop(own.process) == 0
    assert [effect.method for effect in own.storage.effects()] == ["DELETE"]


def test_kill_9_takes_late_writes_along(own: RunningTenant) -> None:
    switch_on(own.storage, "late=3600")
    assert patch(own).status == 200
    own.process.kill()
    own.process.wait()
    assert own.storage.effects() == []
    assert roles(own) == ["drummer"]


def test_what_is_refused_is_not_late(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "late")
    assert ringo.send("PATCH", "/api/v2/users/auth0%7Cnobody", EDITOR).status == 404
    assert patch(ringo, {"app_metadata": {"email": "x"}}).status == 400
    assert ringo.send("PATCH", RINGO, b" " * (1 << 21)).status == 413
    assert ringo.send("DELETE", RINGO).status == 204
    eventually(lambda: bool(ringo.storage.effects()))
    assert [effect.method for effect in ringo.storage.effects()] == ["DELETE"]


def test_a_late_reply_may_be_cut_as_well(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "late=0.1", "cut-after")
    with pytest.raises(CUT):
        patch(ringo)
    eventually(lambda: bool(ringo.storage.effects()))
    assert correlated(ringo.storage.effects()) == ONCE


# Outside edits


def test_an_outside_edit_comes_just_before_the_change(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "outside-edit=+pinned", count=1)
    assert ringo.send("GET", RINGO).json["app_metadata"] == {"roles": ["drummer"]}
    assert patch(ringo, NAMED).json["app_metadata"] == {"roles": ["drummer", "pinned"]}
    assert [effect.correlation_id for effect in ringo.storage.effects()] == [outside.NAME, "run-1/7"]
    [edit, _] = ringo.storage.effects()
    assert (edit.user_id, json.loads(edit.body)) == (
        "auth0|ringo",
        {"app_metadata": {"roles": ["drummer", "pinned"]}},
    )


def test_whoever_replaces_the_array_then_loses_the_outside_edit(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "outside-edit=pinned")
    patch(ringo)
    assert roles(ringo) == ["playlist editor"]
    assert [effect.correlation_id for effect in ringo.storage.effects()] == [outside.NAME, "run-1/7"]


def test_an_outside_edit_at_the_reading_is_seen_at_the_next(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "outside-edit=-drummer@read", count=1)
    patch(ringo, NAMED)
    assert ringo.send("GET", RINGO).json["app_metadata"] == {"roles": ["drummer"]}
    assert ringo.send("GET", RINGO).json["app_metadata"] == {"roles": []}
    assert [effect.correlation_id for effect in ringo.storage.effects()] == ["run-1/7", outside.NAME]


def test_an_outside_edit_that_changes_nothing_is_none(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "outside-edit=drummer")
    patch(ringo, NAMED)
    assert ringo.send("PATCH", "/api/v2/users/auth0%7Cnobody", NAMED).status == 404
    assert correlated(ringo.storage.effects()) == ONCE


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (None, "+a", '{"roles":["a"]}'),
        ('{"plan":"x"}', "a", '{"plan":"x","roles":["a"]}'),
        ('{"roles":["a","b","a"]}', "-a", '{"roles":["b"]}'),
        ('{"roles":["b"]}', "+-a", '{"roles":["b","-a"]}'),
        ('{"roles":"b"}', "+a", '{"roles":"b"}'),
        ('"odd"', "+a", '"odd"'),
        ("{}", "-a", "{}"),
    ],
)
def test_an_outside_edit_of_roles(ringo: RunningTenant, before: str | None, value: str, after: str) -> None:
    ringo.put("auth0|ringo", app_metadata=before)
    outside.edit_roles(ringo.storage, "auth0|ringo", value)
    user = ringo.storage.get_user("auth0|ringo")
    assert user is not None
    assert user.app_metadata == after
    assert len(ringo.storage.effects()) == (before != after)


# Export jobs and their files


def test_a_stuck_job_stays_pending_until_it_is_not(ringo: RunningTenant) -> None:
    job = ringo.send("POST", "/api/v2/jobs/users-exports", {}).json
    switch_on(ringo.storage, "job-stuck", count=2)
    path = f"/api/v2/jobs/{job['id']}"
    shown = [ringo.send("GET", path).json for _ in range(3)]
    assert [each["status"] for each in shown] == ["pending", "pending", "completed"]
    assert ["location" in each for each in shown] == [False, False, True]


def test_a_failed_job_has_errors_and_no_file(ringo: RunningTenant) -> None:
    job = ringo.send("POST", "/api/v2/jobs/users-exports", {}).json
    switch_on(ringo.storage, "job-failed")
    failed = ringo.send("GET", f"/api/v2/jobs/{job['id']}").json
    assert failed == {**job, "status": "failed"}
    errors = ringo.send("GET", f"/api/v2/jobs/{job['id']}/errors")
    assert (errors.status, errors.json["status"]) == (200, "failed")


def many(tenant: RunningTenant, count: int) -> None:
    for number in range(count):
        tenant.put(f"auth0|{number:05}", email=f"{number}@example.com")


@pytest.mark.parametrize("count", [0, 1, 3000])
def test_a_gzip_that_is_cut_in_its_middle_comes_as_if_it_were_whole(
    tenant: RunningTenant, count: int
) -> None:
    many(tenant, count)
    link = tenant.link(fields=[{"name": "user_id"}, {"name": "email"}])
    whole = tenant.send("GET", link, headers={})
    switch_on(tenant.storage, "truncate-export")
    cut = tenant.send("GET", link, headers={})
    assert (cut.status, cut.headers["content-type"]) == (200, whole.headers["content-type"])
    assert cut.body == whole.body[: len(whole.body) // 2]
    with pytest.raises((EOFError, zlib.error)):
        gzip.decompress(cut.body)


@pytest.mark.parametrize("count", [1, 3000])
def test_half_a_line_in_a_whole_gzip(tenant: RunningTenant, count: int) -> None:
    many(tenant, count)
    link = tenant.link(fields=[{"name": "user_id"}, {"name": "email"}])
    whole = gzip.decompress(tenant.send("GET", link, headers={}).body)
    switch_on(tenant.storage, "truncate-export=half-line")
    cut = gzip.decompress(tenant.send("GET", link, headers={}).body)
    *lines, half = cut.split(b"\n")
    assert lines == whole.splitlines()[:-1]
    assert whole.splitlines()[-1].startswith(half)
    with pytest.raises(json.JSONDecodeError):
        json.loads(half)


def test_half_a_line_of_an_empty_file_is_an_empty_file(tenant: RunningTenant) -> None:
    switch_on(tenant.storage, "truncate-export=half-line")
    assert tenant.exported() == []


# The reset that is told


def test_a_reset_that_is_wrong(ringo: RunningTenant) -> None:
    def told(value: str, answer: Callable[[RunningTenant], Reply] = patch) -> tuple[str, float]:
        switch_on(ringo.storage, f"ratelimit-header={value}")
        reply = answer(ringo)
        return reply.headers["x-ratelimit-reset"], parsedate_to_datetime(reply.headers["date"]).timestamp()

    past, sent = told("past")
    assert int(past) < sent
    far, sent = told("far")
    assert int(far) > sent + 365 * 86400
    assert told("junk")[0] == "soon"
    assert told("1234567890")[0] == "1234567890"
    switch_on(ringo.storage, "status=429")
    assert told("junk")[0] == "soon"
    assert told("-5", lambda tenant: tenant.send("GET", RINGO, headers={}))[0] == "-5"


def test_a_plans_own_429_tells_the_wrong_reset_too(ringo: RunningTenant) -> None:
    ringo.storage.change_settings(TenantSettings(plan="free"))
    switch_on(ringo.storage, "ratelimit-header=junk")
    for _ in range(500):
        if (reply := patch(ringo)).status == 429:
            break
    assert reply.status == 429
    assert reply.headers["x-ratelimit-reset"] == "soon"
    assert reply.headers["x-ratelimit-limit"] == "2"


# Where, how often, and which


def struck(tenant: RunningTenant, count: int = 60) -> list[bool]:
    """Which of so many reads a status of 500 strikes."""
    return [tenant.send("GET", RINGO).status == 500 for _ in range(count)]


def test_the_same_seed_strikes_the_same_requests(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "status=500", rate=0.5, seed=7)
    first = struck(ringo)
    switch_on(ringo.storage, "status=500", rate=0.5, seed=7)
    assert struck(ringo) == first
    assert 10 < sum(first) < 50
    switch_on(ringo.storage, "status=500", rate=0.5, seed=8)
    assert struck(ringo) != first
    [fault] = faults.switched_on(ringo.storage)
    assert (fault.requests, fault.seed) == (60, 8)


def test_a_count_ends_a_fault_and_both_are_told(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "status=500", count=2)
    assert struck(ringo, 5) == [True, True, False, False, False]
    [fault] = faults.switched_on(ringo.storage)
    assert (fault.count, fault.hits, fault.requests) == (2, 2, 5)


def test_a_fault_strikes_its_endpoint_alone(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "status=500", endpoint="PATCH /users")
    assert ringo.send("GET", RINGO).status == 200
    assert patch(ringo).status == 500
    assert ringo.send("PATCH", "/api/v2/users/auth0|ringo", NAMED).status == 500
    assert faults.switched_on(ringo.storage)[0].hits == 2


def test_without_an_endpoint_it_strikes_the_management_api_alone(ringo: RunningTenant) -> None:
    link = ringo.link()
    switch_on(ringo.storage, "status=500")
    assert ringo.send("GET", link, headers={}).status == 200
    assert ringo.send("GET", "/.well-known/jwks.json", headers={}).status == 200
    assert ringo.token()
    assert ringo.send("GET", "/api/v2/users").status == 500


def test_who_is_not_let_in_is_not_struck(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "status=500")
    assert ringo.send("GET", RINGO, headers={}).status == 401
    assert ringo.send("GET", "/api/v2/no/such").status == 501
    assert faults.switched_on(ringo.storage)[0].requests == 0


def test_faults_add_up_and_one_of_a_name_replaces_the_other(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "outside-edit=+x", "cut-after", endpoint="PATCH /users")
    switch_on(ringo.storage, "cut-after", endpoint="PATCH /users", count=3)
    assert [(each.name, each.count) for each in faults.switched_on(ringo.storage)] == [
        ("outside-edit", None),
        ("cut-after", 3),
    ]
    with pytest.raises(CUT):
        patch(ringo)
    assert [effect.correlation_id for effect in ringo.storage.effects()] == [outside.NAME, "run-1/7"]


def test_clearing_ends_them_at_once(ringo: RunningTenant) -> None:
    switch_on(ringo.storage, "status=500", "latency=0.001")
    assert patch(ringo).status == 500
    assert faults.clear(ringo.storage) == 2
    assert patch(ringo).status == 200
    switch_on(ringo.storage, "status=500")
    ringo.storage.clear()
    assert faults.switched_on(ringo.storage) == ()
    assert patch(ringo).status == 404


def test_a_fault_outlives_a_restart_and_nobody_else_sets_one(own: RunningTenant) -> None:
    assert faults.switched_on(own.storage) == ()
    switch_on(own.storage, "cut-after", count=5)
    with pytest.raises(CUT):
        patch(own)
    assert stop(own.process) == 0
    with Storage.open(own.folder / "tenant.sqlite") as reopened:
        assert [(each.name, each.hits) for each in faults.switched_on(reopened)] == [("cut-after", 1)]


def test_the_log_says_nothing_of_a_failure_of_ours(own: RunningTenant) -> None:
    for words in (
        ("cut-before",),
        ("cut-after",),
        ("late=0.01",),
        ("half-json",),
        ("html",),
        ("status=502",),
    ):
        switch_on(own.storage, *words)
        try:
            patch(own)
        except CUT:
            assert words[0].startswith("cut")
        faults.clear(own.storage)
    assert stop(own.process) == 0
    assert len(own.storage.effects()) == 4
    log = (own.folder / "tenant.log").read_text()
    assert "Error" not in log
    assert "Traceback" not in log
