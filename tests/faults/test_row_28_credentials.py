"""A wrong secret, a missing scope, and a token that is revoked while a run is under way."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from musicctl.sandbox.local_tenant import keys
from tests.faults.processes import EDITOR, effects, listeners
from tests.program import Program, Sandbox
from tests.tenant.relay import answering, relay


def test_a_wrong_secret_is_asked_with_once(
    sandbox: Sandbox, program: Program, set_up: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    listeners(sandbox, 3)
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", "hunter2-is-wrong")
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.error["code"]) == (7, "denied")
    assert "hunter2" not in ended.out + ended.err
    assert sandbox.requests() == ["POST /oauth/token"]


@pytest.mark.parametrize(
    ("missing", "named"),
    [("read:users", "read:users"), ("update:users", "update:users,update:users_app_metadata")],
)
def test_a_missing_scope_is_named(
    sandbox: Sandbox, program: Program, set_up: Callable[..., None], missing: str, named: str
) -> None:
    listeners(sandbox, 3)
    settings = sandbox.tenant.settings()
    kept = [scope for scope in settings.scopes.split() if not scope.startswith(missing)]
    sandbox.tenant.change_settings(type(settings)(scopes=" ".join(kept)))
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.error["code"]) == (7, "denied")
    assert named in f"{ended.error['message']} {ended.error['hint']}"
    assert sandbox.writes() == []


def test_a_token_that_is_revoked_on_the_way_is_renewed_once(
    sandbox: Sandbox, program: Program, set_up: Callable[..., None]
) -> None:
    users = listeners(sandbox, 20)

    def revoke(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        if len(sandbox.writes()) == 5:
            keys.rotate(sandbox.tenant)
            keys.revoke(sandbox.tenant)
        answering(status, body)(handler, body, status)

    with relay(sandbox.state) as between:
        set_up(domain=between.url, threads="1")
        between.misbehave("PATCH", revoke)
        ended = program("roles", "sync", "--json")
    assert (ended.code, ended.json["applied"]["grant"]) == (0, 20)
    assert sorted(effects(sandbox)) == [(user_id, ["other", EDITOR]) for user_id in users]
    assert between.seen.count("POST /oauth/token") == 2


def test_one_that_stays_refused_ends_the_run(
    sandbox: Sandbox, program: Program, set_up: Callable[..., None]
) -> None:
    listeners(sandbox, 20)
    with relay(sandbox.state) as between:
        set_up(domain=between.url, threads="1")
        between.misbehave("PATCH", answering(401, b'{"message":"Invalid token"}'))
        ended = program("roles", "sync", "--json")
    assert (ended.code, ended.error["code"]) == (7, "denied")
    assert sum(seen.startswith("PATCH") for seen in between.seen) == 2
    states = dict(sandbox.query("SELECT state, count(*) FROM musicctl.changes GROUP BY 1"))
    assert states == {"failed": 1, "unsent": 19}
