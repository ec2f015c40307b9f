"""The adapter against the local tenant, over a relay that cuts, garbles and refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from musicctl.errors import BusyError, DeniedError, MusicctlError, NotFoundError, UnavailableError, UsageError
from musicctl.tenant.border import NotAppliedError, ThrottledError, UncertainError
from musicctl.tenant.client import Tenant
from musicctl.tenant.token import Credentials
from tests.program import Sandbox
from tests.tenant.conftest import with_secret
from tests.tenant.relay import Misbehaviour, Relay, answering, cut, refuse, relay

EDITOR = "playlist editor"


def test_reads_and_writes(tenant: Tenant, sandbox: Sandbox) -> None:
    user = tenant.user("auth0|a")
    assert user is not None
    assert (user.email, user.app_metadata) == ("a@example.com", {"roles": ["x"], "plan": 1})
    assert tenant.user("auth0|nobody") is None
    assert [each.user_id for each in tenant.users_by_email("a@example.com")] == ["auth0|a"]
    assert tenant.users_by_email("nobody@example.com") == []
    tenant.set_roles("auth0|a", ["x", EDITOR])
    tenant.set_display_name("auth0|a", "Ringo ⭐")
    assert sandbox.profile("auth0|a")["app_metadata"] == {"roles": ["x", EDITOR], "plan": 1}
    assert sandbox.profile("auth0|a")["user_metadata"] == {"theme": "dark", "displayName": "Ringo ⭐"}
    assert tenant.traffic.requests == 1 + 2 + 2 + 2
    assert (tenant.traffic.retries, tenant.traffic.throttled) == (0, 0.0)
    with pytest.raises(NotFoundError):
        tenant.set_roles("auth0|nobody", [])


@pytest.mark.parametrize(
    "user_id", ["auth0|a/b", "auth0|x?y#z", "auth0|..", "auth0|a b%20", "auth0|é🎵", "auth0|a|b"]
)
def test_ids_reach_the_tenant_as_they_are(tenant: Tenant, sandbox: Sandbox, user_id: str) -> None:
    sandbox.add_user(user_id)
    user = tenant.user(user_id)
    assert user is not None
    assert user.user_id == user_id
    tenant.set_roles(user_id, ["x"])
    assert sandbox.roles(user_id) == ["x"]


@pytest.mark.parametrize("user_id", ["", ".", "..", "a/b", "auth0|", "auth0|\ud800", "auth0|" + "x" * 2**20])
def test_what_is_no_id_never_leaves(tenant: Tenant, between: Relay, user_id: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: tenant.user(user_id),
        lambda: tenant.set_roles(user_id, []),
        lambda: tenant.set_display_name(user_id, "x"),
    ]
    for call in calls:
        with pytest.raises(UsageError):
            call()
    with pytest.raises(UsageError):
        tenant.users_by_email("\ud800@example.com")
    assert between.seen == []


def test_odd_profiles_are_read_like_any_other(tenant: Tenant, between: Relay) -> None:
    odd = {"user_id": "auth0|a", "name": 7, "blocked": "x", "created_at": [], "app_metadata": "x", "email": 1}
    between.misbehave("GET", answering(200, json.dumps(odd).encode()))
    user = tenant.user("auth0|a")
    assert user is not None
    assert (user.app_metadata, user.email, user.display_name) == ("x", None, None)


def test_writes_carry_the_name_of_the_change(tenant: Tenant, between: Relay) -> None:
    tenant.set_roles("auth0|a", [], correlation_id="20261123-101500-ab12/7")
    tenant.set_display_name("auth0|a", "A", correlation_id="x" * 64)
    tenant.set_roles("auth0|a", [])
    names = [headers.get("x-correlation-id") for headers in between.headers[1:]]
    assert names == ["20261123-101500-ab12/7", "x" * 64, None]
    for name in ("", "x" * 65, "é"):
        with pytest.raises(ValueError, match="correlation"):
            tenant.set_roles("auth0|a", [], correlation_id=name)
    assert between.sent("PATCH") == 3


SCOPE = b'{"message":"Insufficient scope, expected any of: read:users,x:y","errorCode":"insufficient_scope"}'


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        (answering(401, b'{"message":"Invalid token"}'), DeniedError, "answered 401: Invalid token"),
        (answering(403, SCOPE), DeniedError, "Insufficient scope"),
        (answering(400, b'{"message":"Bad\\nthing"}'), MusicctlError, "answered 400: Bad thing"),
        (answering(400, b'{"message":["Bad"],"error":1}'), MusicctlError, "answered 400: "),
        (refuse, BusyError, "Global limit"),
        (answering(409, b'{"message":"Conflict"}'), UnavailableError, "answered 409: Conflict"),
        (answering(500, b'{"message":"Internal error."}'), UnavailableError, "Internal error"),
        (answering(502, b"<html>Bad gateway \xe9</html>", "text/html"), UnavailableError, "not JSON"),
        (answering(503, b""), UnavailableError, "answered 503$"),
        (answering(302, b"", headers={"Location": "/login"}), UnavailableError, "answered 302"),
        (answering(200, b"<html>Welcome \xe9</html>", "text/html"), UnavailableError, "cannot be read"),
        (answering(200, b'{"user_id":"auth0|a"', "application/json"), UnavailableError, "cannot be read"),
        (answering(200, b'{"user_id":"auth0|b"}', "application/json"), UnavailableError, "something else"),
        (answering(200, b"", headers={"Content-Encoding": "gzip"}), UnavailableError, "cannot be"),
        (answering(200, b"xx", headers={"Content-Encoding": "gzip"}), UnavailableError, "cannot be unpacked"),
        (cut, UnavailableError, "the connection was cut"),
    ],
)
def test_errors_of_a_read_in_our_words(
    tenant: Tenant, between: Relay, how: Misbehaviour, error: type[MusicctlError], said: str
) -> None:
    between.misbehave("GET", how)
    with pytest.raises(error, match=said) as caught:
        tenant.user("auth0|a")
    assert "headers" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, UncertainError)


def test_a_missing_scope_is_named(tenant: Tenant, between: Relay) -> None:
    between.misbehave("PATCH", answering(403, SCOPE))
    with pytest.raises(DeniedError) as caught:
        tenant.set_roles("auth0|a", [])
    assert "read:users,x:y" in caught.value.hint


def test_a_wrong_secret_is_denied_once(sandbox: Sandbox, between: Relay) -> None:
    wrong = Tenant(between.url, with_secret(sandbox, "hunter2"))
    with pytest.raises(DeniedError) as caught:
        wrong.user("auth0|a")
    wrong.close()
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"
    assert between.seen == ["POST /oauth/token"]


@pytest.mark.parametrize(
    "how",
    [
        cut,
        answering(409, b'{"message":"Conflict"}'),
        answering(500, b'{"message":"Internal error."}'),
        answering(502, b"<html>Bad gateway</html>", "text/html"),
        answering(302, b"", headers={"Location": "/login"}),
        answering(200, b"<html>", "text/html"),
        answering(200, b'{"user_id":', "application/json"),
        answering(200, b'{"user_id":"auth0|b"}', "application/json"),
        answering(200, b"null", "application/json"),
        answering(200, b"xx", headers={"Content-Encoding": "gzip"}),
    ],
)
def test_a_write_whose_reply_is_lost_is_uncertain_and_sent_once(
    patient: Tenant, sandbox: Sandbox, between: Relay, how: Misbehaviour
) -> None:
    between.misbehave("PATCH", how)
    with pytest.raises(UncertainError) as caught:
        patient.set_roles("auth0|a", ["x", EDITOR])
    assert not isinstance(caught.value, NotAppliedError)
    assert between.sent("PATCH") == len(sandbox.writes()) == 1
    assert sandbox.roles("auth0|a") == ["x", EDITOR]


def test_a_write_that_is_refused_for_now_is_sent_once(patient: Tenant, between: Relay) -> None:
    between.misbehave("PATCH", refuse)
    with pytest.raises(ThrottledError) as caught:
        patient.set_roles("auth0|a", [])
    assert isinstance(caught.value, NotAppliedError)
    assert caught.value.wait == 1.0
    assert between.sent("PATCH") == 1


def test_a_write_that_cannot_connect_was_not_applied(
    sandbox: Sandbox, credentials: Credentials, tmp_path: Path
) -> None:
    sandbox.add_user("auth0|a")
    with relay(sandbox.state) as running:
        opened = Tenant(running.url, credentials, cache=tmp_path)
        assert opened.user("auth0|a") is not None
        opened.close()
    alone = Tenant(running.url, credentials, cache=tmp_path)
    with pytest.raises(NotAppliedError, match="cannot be reached") as caught:
        alone.set_roles("auth0|a", [])
    alone.close()
    assert isinstance(caught.value, UnavailableError)
    assert sandbox.writes() == []
