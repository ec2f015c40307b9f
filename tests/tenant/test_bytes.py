"""Replies that are no JSON in UTF-8: lost, whatever was asked for, and never a traceback."""

import codecs
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from musicctl.errors import Exit, MusicctlError
from musicctl.tenant import lenient_json
from musicctl.tenant.border import LostReplyError, UncertainError
from musicctl.tenant.client import Tenant
from musicctl.tenant.retries import Patience
from musicctl.tenant.token import Credentials
from tests.program import Sandbox
from tests.tenant.relay import Relay, answering

NONE = Patience(failing=0.0, throttled=0.0)
USER = '{"user_id": "auth0|a", "id": "job_1", "status": "completed", "name": "\N{SNOWMAN}"}'
BODIES = {
    "a byte that is not UTF-8": USER.encode().replace(b"\xe2\x98\x83", b"\xff"),
    "latin-1": USER.replace("\N{SNOWMAN}", "\xe9").encode("latin-1"),
    "half a character": USER.encode().replace(b"\xe2\x98\x83", b"\xe2\x98"),
    "a surrogate": USER.encode().replace(b"\xe2\x98\x83", b"\xed\xa0\x80"),
    "UTF-16": USER.encode("utf-16"),
    "UTF-32": USER.encode("utf-32"),
    "nothing": b"",
    "a mark alone": codecs.BOM_UTF8,
    "NUL": b"\0" * 100,
    "deep": b"[" * 100_000,
    "a text without an end": b'"' + rb"\"" * 100_000,
    "a number": b"1" * 10_000,
    "no number": b"NaN",
    "null": b"null",
    "text": b'"auth0|a"',
}
READS: dict[str, tuple[str, str, Callable[[Tenant], object]]] = {
    "user": ("GET", "/api/v2/users/", lambda tenant: tenant.user("auth0|a")),
    "list": ("GET", "/api/v2/users-by-email", lambda tenant: tenant.users_by_email("a@example.com")),
    "job": ("POST", "/api/v2/jobs/", lambda tenant: list(tenant.export())),
    "poll": ("GET", "/api/v2/jobs/", lambda tenant: list(tenant.export())),
    "Actions": ("GET", "/api/v2/actions/actions", lambda tenant: tenant.actions.all()),
    "bindings": ("GET", "/api/v2/actions/triggers", lambda tenant: tenant.actions.bindings("post-login")),
    "token": ("POST", "/oauth/token", lambda tenant: tenant.user("auth0|a")),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(("method", "path", "ask"), READS.values(), ids=READS)
def test_a_read_is_lost(
    tenant: Tenant, between: Relay, method: str, path: str, ask: Callable[[Tenant], object], body: bytes
) -> None:
    between.misbehave(method, answering(200, body), path)
    with pytest.raises(MusicctlError) as caught:
        ask(tenant)
    assert caught.value.exit is Exit.UNAVAILABLE


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_of_a_write_it_is_not_known_what_became(tenant: Tenant, between: Relay, body: bytes) -> None:
    between.misbehave("PATCH", answering(200, body))
    with pytest.raises(UncertainError):
        tenant.set_roles("auth0|a", ["y"])


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_an_error_is_one_whatever_it_says(tenant: Tenant, between: Relay, body: bytes) -> None:
    between.misbehave("GET", answering(400, body))
    with pytest.raises(MusicctlError, match="answered 400") as caught:
        tenant.user("auth0|a")
    # What is not in Auth0's form is not Auth0's refusal.
    assert caught.value.exit is (Exit.UNAVAILABLE if body else Exit.FAILED)


def test_a_line_of_an_export_is_lost(tenant: Tenant, between: Relay) -> None:
    whole = b'{"user_id":"auth0|1"}\n'
    for line in (b'{"user_id":"auth0|2","name":"\xff"}', b'{"user_id":"auth0|\xff"}'):
        job = {"id": "job_1", "status": "completed", "location": f"{between.url}/exports/x"}
        between.misbehave("POST", answering(201, json.dumps(job).encode()), "/api/v2/jobs/")
        found = tenant.export()
        between.misbehave("GET", answering(200, gzip.compress(whole + line)), "/exports/")
        with pytest.raises(LostReplyError, match="cannot be read"):
            list(found)


@pytest.mark.parametrize("content", [b"\xff", b'{"access_token":"\xff","expires_at":1e18}', b"[" * 50_000])
def test_a_broken_cache_is_made_anew(
    between: Relay, credentials: Credentials, tmp_path: Path, content: bytes, sandbox: Sandbox
) -> None:
    def ask() -> None:
        tenant = Tenant(between.url, credentials, cache=tmp_path, patience=NONE)
        assert tenant.user("auth0|a") is not None
        tenant.close()

    ask()
    [kept] = (tmp_path / "tokens").glob("*.json")
    kept.write_bytes(content)
    ask()
    assert json.loads(kept.read_bytes())["access_token"].startswith("ey")
    ask()
    assert between.sent("POST") == 2


def test_what_json_has_no_number_for_becomes_null() -> None:
    odd = b'\xef\xbb\xbf{"a": NaN, "b": 1e999, "c": -Infinity, "d": 1' + b"0" * 400 + b', "e": 1.5}'
    assert lenient_json.decode(odd) == {"a": None, "b": None, "c": None, "d": None, "e": 1.5}
