"""User ids that are empty, dots, slashes, huge or broken: refused before any call, or percent-encoded."""

import io

import pytest

from tests.program import Program, Sandbox

COMMANDS = [
    ("profile", "show"),
    ("roles", "list"),
    ("users", "show"),
    ("promote",),
    ("roles", "explain"),
    ("roles", "grant"),
    ("songs", "list"),
]
REFUSED = [
    "",
    ".",
    "..",
    "a/b",
    "|",
    "auth0|",
    "|x",
    "auth0|a\nb",
    "auth0|" + "x" * (1 << 20),
    "auth0|\udcff",
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("user", REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_user_is_refused_before_any_call(
    sandbox: Sandbox, program: Program, command: tuple[str, ...], user: str
) -> None:
    ended = program(*command, user)
    assert (ended.code, ended.out) == (2, "")
    assert len(ended.err) < 2000
    assert sandbox.requests() == []


@pytest.mark.parametrize("user", ["auth0|a/b", "auth0|..", "auth0|x?y#z", "auth0|a%2Fb", "auth0|é🎵 x"])
def test_odd_ids_mean_exactly_that_user(sandbox: Sandbox, program: Program, user: str) -> None:
    sandbox.add_user(user, app_metadata={"roles": ["x"]}, plays=100)
    assert program("profile", "show", user, "--json").json["user_id"] == user
    assert program("promote", user, "--json").json["applied"]["grant"] == 1
    assert sandbox.roles(user) == ["x", "playlist editor"]


def test_ids_from_standard_input(sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("auth0|a\n..\n"))
    assert program("promote", "-").code == 2
    assert sandbox.requests() == []
