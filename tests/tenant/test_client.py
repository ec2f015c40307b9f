"""The adapter against the local tenant, over a relay that cuts, garbles and refuses."""

import gzip
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from musicctl.errors import BusyError, DeniedError, MusicctlError, NotFoundError, UnavailableError, UsageError
from musicctl.operations.apply import Done, Means, perform
from musicctl.operations.freshplays import FreshPlays
from musicctl.policy.plan import Change
from musicctl.policy.report import Outcome
from musicctl.policy.rule import Rule, Verdict
from musicctl.secret import Secret
from musicctl.tenant.client import Tenant
from musicctl.tenant.speaking import UncertainError
from musicctl.tenant.token import Credentials
from tests.program import Sandbox
from tests.tenant.relay import Misbehaviour, Relay, answering, cut, relay

EDITOR = "playlist editor"


@pytest.fixture
def between(sandbox: Sandbox) -> Iterator[Relay]:
    sandbox.add_user("auth0|a", app_metadata={"roles": ["x"], "plan": 1}, user_metadata={"theme": "dark"})
    with relay(sandbox.state) as running:
        yield running


@pytest.fixture
def tenant(sandbox: Sandbox, between: Relay) -> Iterator[Tenant]:
    opened = Tenant(between.url, credentials(sandbox, sandbox.state.auth0_client_secret))
    yield opened
    opened.close()


def credentials(sandbox: Sandbox, secret: str) -> Credentials:
    return Credentials(
        client_id=sandbox.state.auth0_client_id,
        audience=sandbox.state.auth0_audience,
        client_secret=Secret(secret),
    )


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


@pytest.mark.parametrize("user_id", ["", ".", "..", "a/b", "auth0|"])
def test_what_is_no_id_never_leaves(tenant: Tenant, between: Relay, user_id: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: tenant.user(user_id),
        lambda: tenant.set_roles(user_id, []),
        lambda: tenant.set_display_name(user_id, "x"),
    ]
    for call in calls:
        with pytest.raises(UsageError):
            call()
    assert between.seen == []


def test_odd_profiles_are_read_like_any_other(tenant: Tenant, between: Relay) -> None:
    odd = {"user_id": "auth0|a", "name": 7, "blocked": "x", "created_at": [], "app_metadata": "x", "email": 1}
    between.misbehave("GET", answering(200, json.dumps(odd).encode()))
    user = tenant.user("auth0|a")
    assert user is not None
    assert (user.app_metadata, user.email, user.display_name) == ("x", None, None)


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        (answering(401, b'{"message":"Invalid token"}'), DeniedError, "answered 401: Invalid token"),
        (
            answering(403, b'{"message":"Insufficient scope, expected any of: read:users,x:y"}'),
            DeniedError,
            "Insufficient scope",
        ),
        (answering(400, b'{"message":"Bad\\nthing"}'), MusicctlError, "answered 400: Bad thing"),
        (answering(429, b'{"message":"Global limit has been reached"}'), BusyError, "Global limit"),
        (answering(500, b'{"message":"Internal error."}'), UnavailableError, "Internal error"),
        (answering(502, b"<html>Bad gateway</html>", "text/html"), UnavailableError, "not JSON"),
        (answering(200, b"<html>Welcome</html>", "text/html"), UnavailableError, "not JSON"),
        (answering(200, b'{"user_id":"auth0|a"', "application/json"), UnavailableError, "not JSON"),
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
    body = b'{"message":"Insufficient scope, expected any of: read:users,read:current_user"}'
    between.misbehave("GET", answering(403, body))
    with pytest.raises(DeniedError) as caught:
        tenant.user("auth0|a")
    assert "read:users,read:current_user" in caught.value.hint


def test_a_wrong_secret_is_denied_once(sandbox: Sandbox, between: Relay) -> None:
    wrong = Tenant(between.url, credentials(sandbox, "hunter2"))
    with pytest.raises(DeniedError) as caught:
        wrong.user("auth0|a")
    wrong.close()
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"
    assert between.seen == ["POST /oauth/token"]


LOST = [
    cut,
    answering(500, b'{"message":"Internal error."}'),
    answering(200, b"<html>", "text/html"),
    answering(200, b'{"user_id":', "application/json"),
]


@pytest.mark.parametrize("how", LOST)
def test_a_write_whose_reply_is_lost_is_sent_once_and_looked_at(
    tenant: Tenant, sandbox: Sandbox, between: Relay, how: Misbehaviour
) -> None:
    between.misbehave("PATCH", how)
    with pytest.raises(UncertainError):
        tenant.set_roles("auth0|a", ["x", EDITOR])
    assert len(sandbox.writes()) == 1
    [done] = apply(tenant, revoke("auth0|a"))
    assert (done.outcome, done.roles) == (Outcome.APPLIED, ("x",))
    assert len(sandbox.writes()) == 2
    assert sandbox.roles("auth0|a") == ["x"]


def test_a_write_that_stays_unknown_is_reported_so(tenant: Tenant, sandbox: Sandbox, between: Relay) -> None:
    tenant.set_roles("auth0|a", [EDITOR])

    def cut_now_and_later(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        between.misbehave("GET", cut)
        cut(handler, body, status)

    between.misbehave("PATCH", cut_now_and_later)
    [done] = apply(tenant, revoke("auth0|a"))
    assert (done.outcome, done.roles) == (Outcome.UNKNOWN, None)
    assert sandbox.roles("auth0|a") == []


def test_a_refused_credential_stops_the_run(tenant: Tenant, sandbox: Sandbox, between: Relay) -> None:
    for number in range(50):
        sandbox.add_user(f"auth0|u{number}", app_metadata={"roles": [EDITOR]})
    between.misbehave("PATCH", answering(403, b'{"message":"no"}'))
    with pytest.raises(DeniedError):
        apply(tenant, *(revoke(f"auth0|u{number}") for number in range(50)))
    assert sum(request.startswith("PATCH") for request in between.seen) <= 4


def test_other_failures_leave_the_others_alone(tenant: Tenant, sandbox: Sandbox, between: Relay) -> None:
    for user_id in ("auth0|good", "auth0|bad"):
        sandbox.add_user(user_id, app_metadata={"roles": [EDITOR]})
    between.misbehave("GET", answering(503, b"{}"), "/api/v2/users/auth0%7Cbad")
    done = apply(tenant, revoke("auth0|bad"), revoke("auth0|good"), revoke("auth0|gone"))
    assert {each.change.user_id: each.outcome for each in done} == {
        "auth0|good": Outcome.APPLIED,
        "auth0|bad": Outcome.FAILED,
        "auth0|gone": Outcome.GONE,
    }


def revoke(user_id: str) -> Change:
    return Change(Verdict.REVOKE, user_id, 0, (EDITOR,), ())


def apply(tenant: Tenant, *changes: Change) -> list[Done]:
    """Perform changes with plays of 0 for everyone."""
    user_ids = [change.user_id for change in changes]
    fresh = FreshPlays(user_ids, lambda batch: dict.fromkeys(batch, 0))
    means = Means(tenant=tenant, rule=Rule(EDITOR, 100), plays=fresh, settle=0.01, threads=4)
    return list(perform(changes, means))


def test_new_plays_overtake_a_change(tenant: Tenant, sandbox: Sandbox, between: Relay) -> None:
    fresh = FreshPlays(["auth0|a"], lambda _batch: {"auth0|a": 100})
    means = Means(tenant=tenant, rule=Rule(EDITOR, 100), plays=fresh, settle=0.01, threads=4)
    [done] = perform([revoke("auth0|a")], means)
    assert done.outcome is Outcome.OVERTAKEN
    assert between.seen == sandbox.requests() == []


def test_an_export_gives_everyone(tenant: Tenant, sandbox: Sandbox) -> None:
    for number in range(5):
        sandbox.add_user(f"auth0|u{number}", app_metadata={"roles": [str(number)]})
    users = {user.user_id: user.app_metadata for user in tenant.export()}
    assert users == {"auth0|a": {"roles": ["x"], "plan": 1}} | {
        f"auth0|u{number}": {"roles": [str(number)]} for number in range(5)
    }
    assert (tenant.traffic.requests, tenant.traffic.polls) == (3, 1)


WHOLE = gzip.compress(b'{"user_id":"auth0|1"}\n') + gzip.compress(
    b'{"user_id":"auth0|2"}\n{"user_id":"auth0|3"}'
)


def test_an_export_in_several_members_without_a_last_line_end(
    tenant: Tenant, sandbox: Sandbox, between: Relay
) -> None:
    over(between, sandbox, answering(200, WHOLE, "application/octet-stream"))
    assert [user.user_id for user in tenant.export()] == ["auth0|1", "auth0|2", "auth0|3"]


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


def over(between: Relay, sandbox: Sandbox, how: Misbehaviour) -> None:
    """Lead the download of an export over the relay too, where it misbehaves."""

    def location(handler: BaseHTTPRequestHandler, body: bytes, _status: int) -> None:
        job = json.loads(body)
        if "location" in job:
            job["location"] = job["location"].replace(sandbox.state.auth0_domain, between.url)
            between.misbehave("GET", how, "/exports/")
        answering(200, json.dumps(job).encode())(handler, b"", 200)

    between.misbehave("GET", location, "/api/v2/jobs/")


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
