"""Export jobs: from the request to the last line of the file, and the minute that its link lasts."""

import gzip
import http.client
import re
from pathlib import Path

import pytest

from musicctl.sandbox.local_tenant.jobs import KEPT
from musicctl.sandbox.local_tenant.records import Job, NewUser
from musicctl.sandbox.local_tenant.settings import TenantSettings
from musicctl.sandbox.local_tenant.storage import milliseconds
from tests.sandbox.tenant_fixtures import RunningTenant

EXPORTS = "/api/v2/jobs/users-exports"
METADATA = [{"name": "user_id"}, {"name": "email"}, {"name": "app_metadata"}, {"name": "user_metadata"}]


def test_a_job_is_pending_and_then_completed_with_a_link(tenant: RunningTenant) -> None:
    asked = {"format": "json", "limit": 5, "fields": METADATA}
    started = tenant.send("POST", EXPORTS, asked)
    assert started.status == 200
    job = started.json
    assert re.fullmatch(r"job_[A-Za-z0-9]{16}", job["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", job["created_at"])
    assert job == {
        "type": "users_export",
        "status": "pending",
        **asked,
        "created_at": job["created_at"],
        "id": job["id"],
    }
    read = tenant.send("GET", f"/api/v2/jobs/{job['id']}").json
    assert read.pop("location").startswith(f"{tenant.url}/exports/{job['id']}.json.gz?")
    assert read == {**job, "status": "completed"}


def test_a_job_takes_the_time_that_is_set(tenant: RunningTenant) -> None:
    tenant.storage.change_settings(TenantSettings(export_time=3600))
    job = tenant.send("POST", EXPORTS, {}).json
    assert tenant.send("GET", f"/api/v2/jobs/{job['id']}").json == job
    tenant.storage.change_settings(TenantSettings(export_time=0))
    assert tenant.send("GET", f"/api/v2/jobs/{job['id']}").json["status"] == "completed"


def test_the_file_has_the_fields_that_a_user_has(tenant: RunningTenant) -> None:
    tenant.put("auth0|a", app_metadata='{"roles":["x"]}', user_metadata='{"displayName":"é ⭐ \\"\\\\"}')
    tenant.put("auth0|b", email=None, user_metadata="{}")
    tenant.put('auth0|"c\\', app_metadata='"junk"')
    assert tenant.exported(fields=METADATA) == [
        {
            "user_id": "auth0|a",
            "email": "ringo@example.com",
            "app_metadata": {"roles": ["x"]},
            "user_metadata": {"displayName": 'é ⭐ "\\'},
        },
        {"user_id": "auth0|b", "user_metadata": {}},
        {"user_id": 'auth0|"c\\', "email": "ringo@example.com", "app_metadata": "junk"},
    ]
    assert tenant.exported(fields=[{"name": "email"}])[1] == {}
    assert tenant.exported(fields=[{"name": "user_id", "export_as": 'the "id"'}, {"name": "no_such"}])[0] == {
        'the "id"': "auth0|a"
    }


def test_the_other_fields_are_those_of_the_profile(tenant: RunningTenant) -> None:
    tenant.put("auth0|a", app_metadata='{"roles":["x"]}', root='{"blocked":true}')
    profile = tenant.send("GET", "/api/v2/users/auth0%7Ca").json
    every = [{"name": name} for name in profile]
    assert tenant.exported(fields=every) == [profile]
    assert tenant.exported(fields=[{"name": "name", "export_as": "called"}, {"name": "blocked"}]) == [
        {"called": "ringo@example.com", "blocked": True}
    ]
    [plain] = tenant.exported()
    assert plain.items() <= profile.items()
    assert "user_id" in plain
    assert "app_metadata" not in plain


def test_every_user_is_in_it_once(tenant: RunningTenant) -> None:
    tenant.storage.add_missing_users(NewUser(f"auth0|{number:05}", None) for number in range(4500))
    ids = [line["user_id"] for line in tenant.exported(fields=METADATA)]
    assert ids == [f"auth0|{number:05}" for number in range(4500)]
    for limit in (1, 1999, 2000, 2001, 4500, 5000):
        assert len(tenant.exported(fields=METADATA, limit=limit)) == min(limit, 4500)
        assert len(tenant.exported(limit=limit)) == min(limit, 4500)


def test_the_file_of_nobody_is_empty(tenant: RunningTenant) -> None:
    assert tenant.exported(fields=METADATA) == []


def test_the_link_needs_no_token_and_takes_none(tenant: RunningTenant) -> None:
    link = tenant.link()
    reply = tenant.send("GET", link, headers={})
    assert (reply.status, reply.headers["content-type"]) == (200, "application/gzip")
    assert gzip.decompress(reply.body) == b""
    assert tenant.send("GET", link).status == 400


def test_the_link_lasts_for_a_minute_and_each_look_at_the_job_renews_it(tenant: RunningTenant) -> None:
    job = tenant.send("POST", EXPORTS, {}).json
    path = f"/api/v2/jobs/{job['id']}"
    before = milliseconds()
    ends = int(tenant.send("GET", path).json["location"].split("Expires=")[1].split("&")[0])
    assert before + 60_000 <= ends <= milliseconds() + 60_000

    tenant.storage.change_settings(TenantSettings(link_lifetime=0))
    stale = tenant.send("GET", path).json["location"].removeprefix(tenant.url)
    reply = tenant.send("GET", stale, headers={})
    assert (reply.status, reply.headers["content-type"]) == (403, "application/xml")
    assert b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in reply.body

    tenant.storage.change_settings(TenantSettings())
    fresh = tenant.send("GET", path).json["location"].removeprefix(tenant.url)
    assert tenant.send("GET", fresh, headers={}).status == 200
    assert tenant.send("GET", stale, headers={}).status == 403


def test_a_link_cannot_be_changed(tenant: RunningTenant) -> None:
    link, other = tenant.link(), tenant.link()
    job, signature = link.split("?")[0], other.split("?")[1]
    later = re.sub(r"Expires=\d", "Expires=9", link)
    for forged in (f"{job}?{signature}", later, link[:-1], link.split("&")[0], job, f"{job}?Expires=x"):
        assert tenant.send("GET", forged, headers={}).status == 403


def test_the_file_is_as_the_users_are_when_it_is_read(tenant: RunningTenant) -> None:
    link = tenant.link(fields=METADATA)
    tenant.put("auth0|late")
    assert b"auth0|late" in gzip.decompress(tenant.send("GET", link, headers={}).body)


def test_a_job_is_kept_for_a_day(tenant: RunningTenant) -> None:
    for job_id, age, status in (("job_old", KEPT + 1000, 404), ("job_young", KEPT - 60_000, 200)):
        tenant.storage.add_job(Job(job_id, "{}", milliseconds() - age))
        assert tenant.send("GET", f"/api/v2/jobs/{job_id}").status == status


@pytest.mark.parametrize("job_id", ["job_nobodyknowsthis", "users-exports", "a%2Fb", "%20"])
def test_an_unknown_job(tenant: RunningTenant, job_id: str) -> None:
    reply = tenant.send("GET", f"/api/v2/jobs/{job_id}")
    assert reply.status == 404
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.json == {
        "statusCode": 404,
        "error": "Not Found",
        "message": "Job not found.",
        "errorCode": "inexistent_job",
    }


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"colour": "red"}, 400),
        ({"limit": 0}, 400),
        ({"limit": "5"}, 400),
        ({"limit": True}, 400),
        ({"fields": "email"}, 400),
        ({"fields": ["email"]}, 400),
        ({"fields": [{"export_as": "x"}]}, 400),
        ({"fields": [{"name": "email", "colour": "red"}]}, 400),
        ({"format": 7}, 400),
        ({"format": "csv"}, 501),
        ({"connection_id": "con_0000000000000001"}, 501),
        ({"fields": [{"name": "identities[0].connection"}]}, 501),
        ({"fields": [{"name": "user_metadata.displayName"}]}, 501),
    ],
)
def test_refuses_what_cannot_be_exported(
    tenant: RunningTenant, asked: dict[str, object], status: int
) -> None:
    reply = tenant.send("POST", EXPORTS, asked)
    assert reply.status == status
    assert reply.json["errorCode"] == ("invalid_body" if status == 400 else "not_emulated")


def test_streams_without_holding_the_users_and_answers_meanwhile(tenant: RunningTenant) -> None:
    name = "x" * 2000
    users = (NewUser(f"auth0|{number}", None, None, f'{{"n":"{number}{name}"}}') for number in range(40_000))
    tenant.storage.add_missing_users(users)
    link = tenant.link(fields=METADATA)
    before = peak_memory(tenant.process.pid)
    connection = http.client.HTTPConnection("127.0.0.1", tenant.state.port, timeout=60)
    try:
        connection.request("GET", link)
        reply = connection.getresponse()
        reply.read(1000)
        assert tenant.send("PATCH", "/api/v2/users/auth0%7C1", {"app_metadata": {"a": 1}}).status == 200
        while reply.read(1 << 16):
            pass
    finally:
        connection.close()
    # The file is made of 80 MB.
    assert peak_memory(tenant.process.pid) - before < 40


def test_a_download_that_is_given_up_does_no_harm(tenant: RunningTenant) -> None:
    tenant.storage.add_missing_users(NewUser(f"auth0|{number:0500}", None) for number in range(20_000))
    link = tenant.link(fields=METADATA)
    for _ in range(3):
        connection = http.client.HTTPConnection("127.0.0.1", tenant.state.port, timeout=60)
        connection.request("GET", link)
        connection.getresponse().read(10)
        connection.close()
    assert len(tenant.exported(fields=METADATA)) == 20_000
    assert "Traceback" not in (tenant.folder / "tenant.log").read_text()


def peak_memory(pid: int) -> float:
    """The most memory that the process ever had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024
