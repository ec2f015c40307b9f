"""The code of the two Actions in Node, on events in the shape that a tenant gives them."""

import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from musicctl.operations.actions.plan import FILES, PLACE, wanted
from musicctl.policy.actions import DEFAULT_NAME, MARK, NAMES, ROLES_CLAIM
from musicctl.policy.roles import read_roles

RUNNER = Path(__file__).with_name("post_login_cases.cjs")
NAMESPACE = 'https://music.example.com/"\u2028${1}\\'
ABSENT = object()

ROLES: list[Any] = [
    ABSENT,
    None,
    [],
    ["playlist editor"],
    ["b", "a", "b", ""],
    "playlist editor",
    "",
    ["playlist editor", 7],
    ["x", None, {}],
    [["x"]],
    {"0": "x", "length": 1},
    True,
    7,
]
NAMELESS: list[Any] = [ABSENT, None, "", " \t\n", 7, ["Ada"]]
NAMED: list[Any] = ["Ada", " Ada ", "user", "\U0001f3b5", "0"]


def event(*, app_metadata: object = None, user_metadata: object = None) -> dict[str, object]:
    """Return what a post-login Action is given, as far as it was recorded."""
    user = {
        "user_id": "auth0|5f7c8ec7c33c6c004bbafe82",
        "email": "ada@example.com",
        "email_verified": True,
        "identities": [
            {
                "connection": "Username-Password-Authentication",
                "provider": "auth0",
                "user_id": "5f7c8ec7c33c6c004bbafe82",
                "isSocial": False,
            }
        ],
        "name": "ada@example.com",
        "nickname": "ada",
        "created_at": "2023-07-11T16:30:16.596Z",
        "updated_at": "2026-11-22T09:00:00.000Z",
        "app_metadata": {} if app_metadata is None else app_metadata,
        "user_metadata": {} if user_metadata is None else user_metadata,
    }
    return {
        "user": user,
        "client": {"client_id": "sandbox-client", "name": "app", "metadata": {}},
        "connection": {"id": "con_1", "name": "Username-Password-Authentication", "strategy": "auth0"},
        "authorization": {"roles": ["of the core, and not ours"]},
        "request": {"ip": "127.0.0.1", "method": "POST", "query": {}, "body": {}},
        "secrets": {},
        "stats": {"logins_count": 3},
        "transaction": {"protocol": "oauth2-password", "requested_scopes": ["openid"]},
        "tenant": {"id": "music"},
    }


def held(key: str, value: object) -> dict[str, object]:
    return {} if value is ABSENT else {key: value}


@pytest.fixture(scope="module")
def done() -> dict[str, list[dict[str, Any]]]:
    """What the Actions did about every case, in one process."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on the PATH: the code of the Actions was not run")
    codes = {name: content.code for name, content in wanted(NAMESPACE).items()}
    odd: list[Any] = ["text", [], 7]
    events = {
        ROLES_CLAIM: [event(app_metadata=held("roles", each) | {"plan": 1}) for each in ROLES]
        + [event(app_metadata=each) for each in odd],
        DEFAULT_NAME: [event(user_metadata=held("displayName", each)) for each in NAMELESS + NAMED]
        + [event(user_metadata=each) for each in odd],
    }
    cases = [{"code": codes[name], "event": each} for name in NAMES for each in events[name]]
    ended = subprocess.run(
        [node, RUNNER], input=json.dumps(cases), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    results = json.loads(ended.stdout)
    first = len(events[ROLES_CLAIM])
    return {ROLES_CLAIM: results[:first], DEFAULT_NAME: results[first:]}


def test_the_claim_has_the_roles_as_musicctl_reads_them(done: dict[str, list[dict[str, Any]]]) -> None:
    claim = f"{NAMESPACE}/roles"
    for value, did in zip(ROLES, done[ROLES_CLAIM], strict=False):
        expected = list(read_roles(held("roles", value)) or ())
        assert did == {"idToken": {claim: expected}, "accessToken": {claim: expected}, "user": {}}, value
    assert [did["idToken"][claim] for did in done[ROLES_CLAIM][len(ROLES) :]] == [[], [], []]


def test_a_name_is_given_to_those_without(done: dict[str, list[dict[str, Any]]]) -> None:
    given = [did["user"] for did in done[DEFAULT_NAME]]
    assert given[: len(NAMELESS)] == [{"displayName": "user"}] * len(NAMELESS)
    assert given[len(NAMELESS) : -3] == [{}] * len(NAMED)
    assert given[-3:] == [{"displayName": "user"}] * 3
    assert all(did["idToken"] == did["accessToken"] == {} for did in done[DEFAULT_NAME])


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_part_of_the_package_and_say_whose_they_are(name: str) -> None:
    text = (
        files("musicctl.operations.actions").joinpath("post_login", FILES[name]).read_text(encoding="utf-8")
    )
    assert text.startswith(MARK)
    assert "Replaces the Rule" in text
    assert text.isascii()
    assert text.count(PLACE) == (name == ROLES_CLAIM)
    assert len(text) < 2000
