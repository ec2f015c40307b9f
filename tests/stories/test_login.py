"""From the plays to the token: a listener earns the role, logs in, and the role is in the claim."""

import io
import json
import shutil
import urllib.request
from typing import Any

import jwt
import pytest

from musicctl.sandbox.local_tenant import passwords
from musicctl.sandbox.local_tenant.settings import TenantSettings
from tests.program import Program, Sandbox

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")

ADA, EDITOR, CLAIM = "auth0|ada", "playlist editor", "https://music.example.com/roles"


def log_in(sandbox: Sandbox, name: str = "ada@example.com") -> dict[str, Any]:
    """Log in at the local tenant as the app does, and return its reply."""
    asked = {
        "grant_type": "password",
        "client_id": sandbox.state.auth0_client_id,
        "client_secret": sandbox.state.auth0_client_secret,
        "username": name,
        "password": passwords.COMMON,
        "scope": "openid profile",
    }
    url = f"{sandbox.state.auth0_domain}/oauth/token"
    request = urllib.request.Request(url, json.dumps(asked).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        found: dict[str, Any] = json.load(reply)
    return found


def verified(program: Program, monkeypatch: pytest.MonkeyPatch, token: str, *options: str) -> Any:
    monkeypatch.setattr("sys.stdin", io.StringIO(token))
    ended = program("token", "verify", "-", "--json", *options)
    assert ended.code == 0, ended.err
    return ended.json


def test_a_role_reaches_the_token_and_a_revoked_one_is_stale(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.tenant.change_settings(TenantSettings(build_time=0))
    sandbox.add_user(ADA, plays=100)
    said = jwt.decode(log_in(sandbox)["id_token"], options={"verify_signature": False})
    assert (said["sub"], CLAIM in said) == (ADA, False)
    assert program("actions", "deploy").code == 0
    before = log_in(sandbox)["id_token"]
    assert jwt.decode(before, options={"verify_signature": False})[CLAIM] == []
    assert sandbox.profile(ADA)["user_metadata"] == {"displayName": "user"}

    assert program("promote", ADA).code == 0
    assert verified(program, monkeypatch, before, "--live")["stale"] is True
    tokens = log_in(sandbox)
    for kind in ("id_token", "access_token"):
        shown = verified(program, monkeypatch, tokens[kind], "--live")
        assert (shown["sub"], shown["roles"], shown["stale"]) == (ADA, [EDITOR], False)

    sandbox.set_plays(ADA, 99)
    assert program("promote", ADA).code == 0
    assert sandbox.roles(ADA) == []
    shown = verified(program, monkeypatch, tokens["id_token"], "--live")
    assert (shown["roles"], shown["stale"]) == ([EDITOR], True)
    shown = verified(program, monkeypatch, log_in(sandbox)["id_token"], "--live")
    assert (shown["roles"], shown["stale"]) == ([], False)
