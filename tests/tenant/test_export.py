"""The export job: everyone or an error, never a smaller tenant."""

import gzip
import json
from http.server import BaseHTTPRequestHandler

import pytest

from musicctl.errors import MusicctlError
from musicctl.tenant.client import Tenant
from tests.program import Sandbox
from tests.tenant.relay import Misbehaviour, Relay, answering, cut, refuse


def test_an_export_gives_everyone(tenant: Tenant, sandbox: Sandbox) -> None:
    for number in range(5):
        sandbox.add_user(f"auth0|u{number}", app_metadata={"roles": [str(number)]})
    users = {user.user_id: user.app_metadata for user in tenant.export()}
    assert users == {"auth0|a": {"roles": ["x"], "plan": 1}} | {
        f"auth0|u{number}": {"roles": [str(number)]} for number in range(5)
    }
    assert (tenant.traffic.requests, tenant.traffic.polls, tenant.traffic.retries) == (3, 1, 0)


WHOLE = gzip.compress(b'{"user_id":"auth0|1"}\n') + gzip.compress(
    b'{"user_id":"auth0|2"}\n{"user_id":"auth0|3"}'
)


def test_an_export_in_several_members_without_a_last_line_end(
    tenant: Tenant, sandbox: Sandbox, between: Relay
) -> None:
    over(between, sandbox, answering(200, WHOLE, "application/octet-stream"))
    assert [user.user_id for user in tenant.export()] == ["auth0|1", "auth0|2", "auth0|3"]


def test_odd_lines_are_told_and_everyone_else_goes_on(
    tenant: Tenant, sandbox: Sandbox, between: Relay
) -> None:
    lines = [
        b'{"user_id":"auth0|1","app_metadata":7,"user_metadata":[]}',
        b'{"user_id":7,"email":"seven@example.com"}',
        b'{"email":"none@example.com"}',
        rb'{"user_id":"auth0|2","user_metadata":{"displayName":"\ud800"}}',
        b'{"user_id":"auth0|3","user_metadata":' + b"[" * 3000 + b"]" * 3000 + b"}",
        b"",
    ]
    over(between, sandbox, answering(200, gzip.compress(b"\n".join(lines))))
    odd: list[str] = []
    assert [user.user_id for user in tenant.export(odd.append)] == ["auth0|1", "auth0|2", "auth0|3"]
    assert len(odd) == 2
    assert "seven@example.com" in odd[0]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (answering(200, WHOLE[:-4]), "ends in the middle"),
        (answering(200, b""), "ends in the middle"),
        (answering(200, b"<html>"), "no gzip file"),
        (answering(200, gzip.compress(b'{"user_id":"auth0|1"}\n{"user_')), "cannot be read"),
        (answering(403, b"<Error>", "application/xml"), "answered 403"),
        (cut, "the connection was cut"),
    ],
)
def test_a_broken_export_is_an_error_and_never_a_smaller_tenant(
    tenant: Tenant, sandbox: Sandbox, between: Relay, how: Misbehaviour, said: str
) -> None:
    over(between, sandbox, how)
    with pytest.raises(MusicctlError, match=said):
        list(tenant.export())


def test_a_link_that_has_ended_is_renewed(patient: Tenant, sandbox: Sandbox, between: Relay) -> None:
    over(between, sandbox, answering(403, b"<Error>", "application/xml"), times=1)
    assert [user.user_id for user in patient.export()] == ["auth0|a"]
    assert (patient.traffic.polls, patient.traffic.retries) == (2, 1)


def test_a_link_that_is_never_good_is_an_error(patient: Tenant, sandbox: Sandbox, between: Relay) -> None:
    over(between, sandbox, answering(403, b"<Error>", "application/xml"))
    with pytest.raises(MusicctlError, match="answered 403"):
        list(patient.export())
    assert (patient.traffic.polls, patient.traffic.retries) == (2, 1)


def over(between: Relay, sandbox: Sandbox, how: Misbehaviour, times: float = 1000) -> None:
    """Lead the download of an export over the relay too, where it misbehaves so many times."""
    left = times

    def location(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        nonlocal left
        if handler.path.startswith("/exports/"):
            left -= 1
            how(handler, body, status) if left >= 0 else answering(status, body)(handler, body, status)
            return
        job = json.loads(body)
        if "location" in job:
            job["location"] = job["location"].replace(sandbox.state.auth0_domain, between.url)
        answering(200, json.dumps(job).encode())(handler, b"", 200)

    between.misbehave("GET", location, "/")


@pytest.mark.parametrize("how", [refuse, answering(500, b"{}"), answering(200, b"<html>"), cut])
def test_a_job_is_started_once_unless_it_was_certainly_not(
    patient: Tenant, between: Relay, how: Misbehaviour
) -> None:
    between.misbehave("POST", how, "/api/v2/jobs/", times=1)
    if how is refuse:
        assert [user.user_id for user in patient.export()] == ["auth0|a"]
    else:
        with pytest.raises(MusicctlError):
            list(patient.export())
    started = sum(request == "POST /api/v2/jobs/users-exports" for request in between.seen)
    assert started == (2 if how is refuse else 1)


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({"id": "job_1", "status": "failed"}, "job_1 failed"),
        ({"id": "job_1", "status": "completed"}, "no file"),
        ({"status": 7}, "cannot be read"),
    ],
)
def test_a_job_that_fails(tenant: Tenant, between: Relay, job: dict[str, object], said: str) -> None:
    between.misbehave("GET", answering(200, json.dumps(job).encode()), "/api/v2/jobs/")
    with pytest.raises(MusicctlError, match=said):
        list(tenant.export())


def test_a_stop_ends_the_wait_for_a_job(tenant: Tenant, between: Relay) -> None:
    def stop(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        tenant.stop()
        answering(200, b'{"id":"job_1","status":"pending"}')(handler, body, status)

    between.misbehave("GET", stop, "/api/v2/jobs/")
    with pytest.raises(MusicctlError, match="stopped"):
        list(tenant.export())
    assert tenant.traffic.polls == 1
