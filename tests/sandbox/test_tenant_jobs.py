"""Export jobs: from the request to the last line of the file, and the minute that its link lasts."""

import gzip
import http.client
import re
from pathlib import Path

import pytest

from musicctl.sandbox.local_tenant.jobs import KEPT, connection_id
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
    pending = tenant.send("GET", f"/api/v2/jobs/{job['id']}").json
    assert 0 <= pending.pop("percentage_done") < 100
    assert 0 < pending.pop("time_left_seconds") <= 3600
    assert pending == job
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
    ("asked", "said"),
    [
        ({"colour": "red"}, "'Additional properties not allowed: colour'"),
        ({"limit": 0}, "'Value 0 is less than minimum 1' on property limit"),
        ({"limit": "5"}, "'Expected type integer but found type string'"),
        ({"limit": True}, "'Expected type integer but found type boolean'"),
        ({"fields": "email"}, "'Expected type array but found type string'"),
        ({"fields": ["email"]}, "on property fields"),
        ({"fields": [{"export_as": "x"}]}, "missing required field name"),
        ({"fields": [{"name": "email", "colour": "red"}]}, "unknown field colour"),
        ({"format": 7}, "'Expected type string but found type integer'"),
        ({"format": "xml"}, "'No enum match for: xml' on property format"),
        ({"connection_id": "con_short"}, "'String does not match pattern ^con_[A-Za-z0-9]{16}$'"),
        (
            {"fields": [{"name": "a" * 101}]},
            "'String is too long (101 chars), maximum 100' on property fields[0]",
        ),
        ({"fields": [{"name": "a", "export_as": "b" * 101}]}, "on property fields[0].export_as"),
        ({"format": "csv", "fields": [{"name": "email"}] * 31}, "'Array is too long (31), maximum 30'"),
        (
            {"format": "csv", "fields": [{"name": "app_metadata"}]},
            "app_metadata cannot be exported as a whole",
        ),
        (
            {"format": "csv", "fields": [{"name": "user_metadata"}]},
            "user_metadata cannot be exported as a whole",
        ),
    ],
)
def test_refuses_what_cannot_be_exported(tenant: RunningTenant, asked: dict[str, object], said: str) -> None:
    reply = tenant.send("POST", EXPORTS, asked)
    assert (reply.status, reply.json["errorCode"]) == (400, "invalid_body")
    assert said in reply.json["message"]


def test_an_export_of_one_connection_has_its_users_only(tenant: RunningTenant) -> None:
    tenant.put("auth0|a")
    tenant.put("google-oauth2|b")
    con = connection_id(tenant.storage)
    assert re.fullmatch(r"con_[A-Za-z0-9]{16}", con)
    asked = {"connection_id": con, "format": "json", "limit": 5, "fields": [{"name": "user_id"}]}
    job = tenant.send("POST", EXPORTS, asked).json
    assert list(job) == ["type", "status", *asked, "connection", "created_at", "id"]
    assert job["connection"] == "Username-Password-Authentication"
    assert tenant.exported(**asked) == [{"user_id": "auth0|a"}]
    assert len(tenant.exported(fields=[{"name": "user_id"}])) == 2
    tenant.storage.clear()
    assert connection_id(tenant.storage) == con


def test_an_export_of_a_connection_that_is_not_there(tenant: RunningTenant) -> None:
    reply = tenant.send("POST", EXPORTS, {"connection_id": "con_0000000000000001"})
    assert reply.status == 400
    assert reply.json == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": "The connection does not exist.",
        "errorCode": "inexistent_connection",
    }


def test_fields_inside_of_fields(tenant: RunningTenant) -> None:
    tenant.put("auth0|a", user_metadata='{"displayName":"R","tags":["x",{"y":1}]}')
    names = (
        "identities[0].connection",
        "user_metadata.displayName",
        "user_metadata.tags[1].y",
        "identities[1]",
    )
    [line] = tenant.exported(fields=[{"name": name} for name in names])
    assert line == {
        "identities[0].connection": "Username-Password-Authentication",
        "user_metadata.displayName": "R",
        "user_metadata.tags[1].y": 1,
    }
    odd = ("", ".", "[", "user_metadata.displayName.x", "user_metadata[0]", "identities.0", "no.such")
    assert tenant.exported(fields=[{"name": name, "export_as": "x"} for name in odd]) == [{}]


def csv_of(tenant: RunningTenant, **asked: object) -> str:
    reply = tenant.send("GET", tenant.link(format="csv", **asked), headers={})
    assert reply.status == 200
    return gzip.decompress(reply.body).decode()


def test_csv_quotes_every_text_so_that_no_spreadsheet_runs_it(tenant: RunningTenant) -> None:
    tenant.put("auth0|a", user_metadata='{"displayName":"=1+\\"2\\"\\n\\t,⭐"}', root='{"blocked":true}')
    tenant.put("auth0|b", email=None, app_metadata='{"roles":["x","y"],"level":1.5}')
    fields = [
        {"name": "user_id"},
        {"name": "user_metadata.displayName", "export_as": "Name, shown"},
        {"name": "app_metadata.roles"},
        {"name": "app_metadata.level"},
        {"name": "blocked"},
        {"name": "created_at"},
        {"name": "identities[0].isSocial", "export_as": "social"},
    ]
    assert csv_of(tenant, fields=fields) == (
        'user_id,"Name, shown",app_metadata.roles,app_metadata.level,blocked,created_at,social\n'
        """"'auth0|a","'=1+""2""\n\t,⭐",,,true,2023-07-22T04:26:40.000Z,false\n"""
        """"'auth0|b",,"'[""x"",""y""]",1.5,,2023-07-22T04:26:40.000Z,false\n"""
    )


def test_csv_without_fields_has_the_usual_ones_and_no_metadata(tenant: RunningTenant) -> None:
    assert csv_of(tenant).startswith("user_id,email,")
    assert len(csv_of(tenant).splitlines()) == 1
    tenant.put("auth0|a", app_metadata='{"roles":["x"]}')
    tenant.put("auth0|b")
    header, first, second = csv_of(tenant).splitlines()
    assert "metadata" not in header
    assert (first[:10], second[:10]) == ('"\'auth0|a"', '"\'auth0|b"')
    assert len(csv_of(tenant, limit=1).splitlines()) == 2
    job = tenant.send("POST", EXPORTS, {"format": "csv"}).json
    assert ".csv.gz?" in tenant.send("GET", f"/api/v2/jobs/{job['id']}").json["location"]


def test_a_csv_file_may_have_thirty_columns(tenant: RunningTenant) -> None:
    tenant.put("auth0|a")
    [_, row] = csv_of(tenant, fields=[{"name": "email"}] * 30).splitlines()
    assert row.count("ringo@example.com") == 30


def test_a_job_without_errors(tenant: RunningTenant) -> None:
    job = tenant.send("POST", EXPORTS, {}).json
    reply = tenant.send("GET", f"/api/v2/jobs/{job['id']}/errors")
    assert (reply.status, reply.body) == (204, b"")
    assert tenant.send("GET", "/api/v2/jobs/job_nobody/errors").json["errorCode"] == "inexistent_job"


def test_imports_are_not_emulated(tenant: RunningTenant) -> None:
    assert tenant.send("POST", "/api/v2/jobs/users-imports", b"x").status == 501


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
    # The file is made of 80 MB; 32 to 40 were seen.
    assert peak_memory(tenant.process.pid) - before < 60


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
