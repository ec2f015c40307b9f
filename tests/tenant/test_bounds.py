"""Replies without measure: an end with a reason, in memory and time that are bounded."""

import gzip
import json
import resource
import time
import zlib
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler
from itertools import islice, repeat

import pytest

from musicctl.errors import Exit, MusicctlError, UnavailableError
from musicctl.tenant import bounds, export
from musicctl.tenant.border import UncertainError
from musicctl.tenant.bounds import Limit
from musicctl.tenant.client import Tenant
from tests.tenant.relay import Misbehaviour, Relay, answering

MIB = 1024 * 1024
ALLOWED = 80 * 1024
"""KiB by which the process may grow, several replies at their limit included."""


def pouring(chunk: bytes, times: int | None = None, *, status: int = 200, **headers: str) -> Misbehaviour:
    """Reply with the same bytes so many times, or without end; a client that goes away ends it."""

    def pour(handler: BaseHTTPRequestHandler, _body: bytes, _status: int) -> None:
        handler.send_response_only(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.close_connection = True
        try:
            for each in islice(repeat(chunk), times):
                handler.wfile.write(each)
        except OSError:
            pass

    return pour


def headers(count: int, size: int = 1) -> Misbehaviour:
    return answering(200, b"{}", headers={f"X-{number}": "a" * size for number in range(count)})


def bomb(pack: Callable[[bytes], bytes]) -> bytes:
    return pack(b" " * (64 * MIB))


ENDLESS = pouring(b" " * 65536)
HOSTILE: dict[str, tuple[Misbehaviour, str]] = {
    "without end": (ENDLESS, "a user of more than 2 MiB"),
    "50 MB of blanks": (answering(200, b" " * 50_000_000), "a user of more than 2 MiB"),
    "gzip": (answering(200, bomb(gzip.compress), headers={"Content-Encoding": "gzip"}), "more than 2 MiB"),
    "deflate": (answering(200, bomb(zlib.compress), headers={"Content-Encoding": "deflate"}), "than 2 MiB"),
    "br": (answering(200, b"\x5b", headers={"Content-Encoding": "br"}), "packed in a way"),
    "twice": (answering(200, b"x", headers={"Content-Encoding": "gzip, gzip"}), "packed in a way"),
    "many values": (answering(200, b"[" + b"0," * 1_010_000 + b"0]"), "more than 1,000,000 values"),
    "many headers": (headers(500), "more than 200 headers"),
    "long headers": (headers(3, 30_000), "very long"),
    "headers without end": (headers(40_000), "headers without an end"),
    "no http": (pouring(b"", 1, Content_Length="minus one"), "no HTTP"),
    "an error": (pouring(b"<p>", status=500), "an error of more than 256 KiB"),
}


@pytest.mark.parametrize(("how", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_reply_has_an_end(patient: Tenant, between: Relay, how: Misbehaviour, said: str) -> None:
    between.misbehave("GET", how)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnavailableError, match=said):
        patient.user("auth0|a")
    assert between.sent("GET") == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < ALLOWED + 64 * 1024


@pytest.mark.parametrize(
    ("method", "path", "ask"),
    [
        ("POST", "/oauth/token", lambda tenant: tenant.user("auth0|a")),
        ("GET", "/api/v2/users-by-email", lambda tenant: tenant.users_by_email("a@example.com")),
        ("GET", "/api/v2/jobs/", lambda tenant: list(tenant.export())),
        ("GET", "/api/v2/actions/actions", lambda tenant: tenant.actions.all()),
        ("GET", "/api/v2/rules", lambda tenant: tenant.actions.rules()),
    ],
)
def test_each_kind_has_an_end(
    tenant: Tenant, between: Relay, method: str, path: str, ask: Callable[[Tenant], object]
) -> None:
    between.misbehave(method, ENDLESS, path)
    with pytest.raises(UnavailableError, match=r"of more than \d+ [KM]iB"):
        ask(tenant)


def test_of_a_write_it_is_not_known_what_became(tenant: Tenant, between: Relay) -> None:
    between.misbehave("PATCH", ENDLESS)
    with pytest.raises(UncertainError, match="more than 2 MiB"):
        tenant.set_roles("auth0|a", ["y"])


def trickle(before: bytes, drops: Iterable[bytes]) -> Misbehaviour:
    """Send a little now and then: each bit comes in time, and all of them never."""

    def send(handler: BaseHTTPRequestHandler, _body: bytes, _status: int) -> None:
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + before)
        try:
            for drop in islice(drops, 100):
                handler.wfile.write(drop)
                time.sleep(0.2)
        except OSError:
            pass

    return send


@pytest.mark.parametrize("how", [trickle(b"", repeat(b"X-More: 1\r\n")), trickle(b"\r\n", repeat(b" "))])
def test_a_reply_that_trickles_in_has_an_end(
    tenant: Tenant, between: Relay, monkeypatch: pytest.MonkeyPatch, how: Misbehaviour
) -> None:
    monkeypatch.setattr(bounds, "LIMITS", (("/", Limit("a user", MIB, seconds=1.0)),))
    between.misbehave("GET", how)
    began = time.monotonic()
    with pytest.raises(UnavailableError, match=r"did not end in time|no reply in time"):
        tenant.user("auth0|a")
    assert time.monotonic() - began < 10


def exported(between: Relay, how: Misbehaviour) -> None:
    """Have every export be complete at once, with a file that misbehaves."""
    job = {"id": "job_1", "status": "completed", "location": f"{between.url}/exports/x"}
    between.misbehave("GET", lambda *call: _job_or(job, how, *call), "/")


def _job_or(
    job: object, how: Misbehaviour, handler: BaseHTTPRequestHandler, body: bytes, status: int
) -> None:
    is_file = handler.path.startswith("/exports/")
    (how if is_file else answering(200, json.dumps(job).encode()))(handler, body, status)


def packed(chunk: bytes, times: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(each) for each in repeat(chunk, times)), packer.flush()])


USERS = b"".join(b'{"user_id":"auth0|%d"}\n' % number for number in range(20_000))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (packed(b'{"user_id":"auth0|' + b"a" * 65536, 3000), "a line of more than 2 MiB"),
        (packed(b'{"user_id":"auth0|1","x":"' + b"a" * 60_000 + b'"}\n', 1000), "unpacks to more than 0 GiB"),
        (packed(USERS, 1), "more than 10,000 lines"),
        (packed(b"\n" * 65536, 100), "more than 10,000 lines"),
    ],
    ids=["one line of 190 MB", "many bytes", "users", "blank lines"],
)
def test_an_export_has_an_end(
    tenant: Tenant, between: Relay, monkeypatch: pytest.MonkeyPatch, file: bytes, said: str
) -> None:
    monkeypatch.setattr(export, "MOST_UNPACKED", 32 * MIB)
    monkeypatch.setattr(export, "MOST_USERS", 10_000)
    exported(between, answering(200, file))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnavailableError, match=said):
        for _ in tenant.export():
            pass
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < ALLOWED


def test_an_export_that_trickles_in_has_an_end(
    tenant: Tenant, between: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Limit("an export", MIB, seconds=1.0, bytes_a_second=1000, as_it_comes=True)
    monkeypatch.setattr(bounds, "EXPORT", slow)
    exported(between, trickle(b"\r\n", (bytes([each]) for each in packed(USERS, 1))))
    with pytest.raises(UnavailableError, match=r"did not end in time|no reply in time"):
        list(tenant.export())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 300, 304])
def test_a_tenant_that_sends_us_elsewhere_is_told_at_once(
    patient: Tenant, between: Relay, status: int
) -> None:
    answer = answering(status, b"", headers={"Location": "https://evil.example.com:444/x?token=y"})
    between.misbehave("GET", answer)
    with pytest.raises(UnavailableError, match=r"sends us to evil\.example\.com:444, which is not asked$"):
        patient.user("auth0|a")
    between.misbehave("PATCH", answer)
    with pytest.raises(UncertainError, match=r"evil\.example\.com"):
        patient.set_roles("auth0|a", ["y"])
    assert (between.sent("GET"), between.sent("PATCH")) == (1, 1)


@pytest.mark.parametrize("location", ["", "http://[::1", "data:x", "/users", "//h:x", "https://user:pw@"])
def test_an_odd_place_is_named_by_what_it_is(tenant: Tenant, between: Relay, location: str) -> None:
    between.misbehave("POST", answering(302, b"", headers={"Location": location}), "/oauth/token")
    with pytest.raises(
        UnavailableError, match=r"no place that can be read|another page of its own"
    ) as caught:
        tenant.user("auth0|a")
    assert "pw" not in caught.value.what


@pytest.mark.parametrize(
    "location",
    [
        "data:application/gzip;base64,H4sI",
        "http://[::1",
        "http://[::1]:x/",
        "https://",
        "/etc/passwd",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "http://127.0.0.1/a\r\nX: y",
        "http://127.0.0.1/\0",
        "http://user:hunter2@127.0.0.1/x",
        "http://127.0.0.1:99999/x",
        "http://\N{FULLWIDTH LATIN SMALL LETTER A}.example/x",
        "javascript:alert(1)",
        "mailto:a@example.com",
    ],
)
def test_an_odd_link_is_not_followed(patient: Tenant, between: Relay, location: str) -> None:
    job = {"id": "job_1", "status": "completed", "location": location}
    between.misbehave("GET", answering(200, json.dumps(job).encode()), "/api/v2/jobs/")
    with pytest.raises(MusicctlError) as caught:
        list(patient.export())
    assert caught.value.exit is Exit.UNAVAILABLE
    assert "job_1 is complete but has" in caught.value.what
    assert "hunter2" not in caught.value.what
