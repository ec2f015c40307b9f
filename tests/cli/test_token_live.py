"""`musicctl token verify --live`: the roles in a token beside those in the tenant."""

import json
import time
from pathlib import Path

import pytest

from musicctl.sandbox import listener_tokens
from tests.program import Program, Sandbox
from tests.signing import NAMESPACE

ADA = "auth0|ada"


def written(folder: Path, token: str) -> str:
    path = folder / "token"
    path.write_text(token)
    return f"@{path}"


def with_roles(sandbox: Sandbox, folder: Path, roles: object, tmp_path: Path, **changes: object) -> str:
    now = int(time.time())
    claims = {
        "iss": f"{sandbox.state.auth0_domain}/",
        "sub": ADA,
        "aud": sandbox.state.auth0_client_id,
        "iat": now,
        "exp": now + 60,
        f"{NAMESPACE}/roles": roles,
    }
    return written(tmp_path, listener_tokens.sign(folder, {**claims, **changes}))


@pytest.fixture
def named(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox's tenant as an environment that says what the roles claim is called."""
    state = sandbox.state
    monkeypatch.delenv("MUSICCTL_PROFILE")
    for name, value in {
        "DATABASE_URL": state.database_url,
        "AUTH0_DOMAIN": state.auth0_domain,
        "AUTH0_CLIENT_ID": state.auth0_client_id,
        "AUTH0_CLIENT_SECRET": state.auth0_client_secret,
        "MUSICCTL_CLAIM_NAMESPACE": f"{NAMESPACE}/",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize(
    ("carried", "held", "stale"),
    [
        (["playlist editor", "x"], {"roles": ["x", "playlist editor"]}, False),
        (["playlist editor"], {"roles": []}, True),
        ([], {"roles": ["playlist editor"]}, True),
        ([], None, False),
        (["x"], {"roles": "x"}, False),
    ],
)
def test_live_says_whether_the_roles_are_stale(
    program: Program,
    sandbox: Sandbox,
    sandbox_folder: Path,
    tmp_path: Path,
    carried: object,
    held: object,
    stale: bool,
) -> None:
    sandbox.add_user(ADA, app_metadata=held)
    word = with_roles(sandbox, sandbox_folder, carried, tmp_path)
    verified = program("token", "verify", word, "--live", "--json")
    assert (verified.code, verified.json["roles"], verified.json["stale"]) == (0, carried, stale)
    assert (f"{ADA} has other roles now" in verified.err) is stale
    assert program("token", "verify", word, "--json").json["stale"] is None


@pytest.mark.usefixtures("named")
def test_live_asks_only_for_a_listener_whose_token_is_good(
    program: Program, sandbox: Sandbox, sandbox_folder: Path, tmp_path: Path
) -> None:
    word = with_roles(sandbox, sandbox_folder, [], tmp_path, exp=5)
    assert program("token", "verify", word, "--live").code == 4
    assert not any("/users/" in request for request in sandbox.requests())
    word = with_roles(sandbox, sandbox_folder, [], tmp_path, sub="machine@clients")
    assert (program("token", "verify", word, "--live").code, program("token", "verify", word).code) == (4, 0)
    assert program("token", "verify", with_roles(sandbox, sandbox_folder, [], tmp_path), "--live").code == 3


def test_the_sandbox_says_what_its_claim_is_called(
    program: Program, sandbox: Sandbox, sandbox_folder: Path, tmp_path: Path
) -> None:
    sandbox.add_user(ADA)
    word = with_roles(sandbox, sandbox_folder, ["playlist editor"], tmp_path)
    verified = program("token", "verify", word, "--live", "--json").json
    assert (verified["roles"], verified["stale"]) == (["playlist editor"], True)


@pytest.mark.usefixtures("named")
def test_live_needs_the_name_of_the_claim(
    program: Program, sandbox: Sandbox, sandbox_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSICCTL_CLAIM_NAMESPACE")
    word = with_roles(sandbox, sandbox_folder, [], tmp_path)
    assert program("token", "verify", word, "--json").json["roles"] is None
    refused = program("token", "verify", word, "--live", "--json")
    assert (refused.code, refused.error["code"]) == (78, "config")
    assert "claim_namespace" in refused.error["message"]


@pytest.mark.usefixtures("named")
def test_roles_are_printed_safely(
    program: Program, sandbox: Sandbox, sandbox_folder: Path, tmp_path: Path
) -> None:
    word = with_roles(sandbox, sandbox_folder, ["\x1b]0;x\x07", "\u202eeditor"], tmp_path)
    shown = program("token", "verify", word)
    assert (shown.code, "\x1b" in shown.out, "\u202e" in shown.out) == (0, False, False)
    assert json.loads(program("token", "verify", word, "--json").out)["roles"][1] == "\u202eeditor"
