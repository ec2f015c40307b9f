"""The same question asked of several commands has one answer."""

import pytest

from tests.program import Program, Sandbox

ADA = "auth0|ada"


def test_roles_with_a_nul_are_unreadable_everywhere(sandbox: Sandbox, program: Program) -> None:
    sandbox.add_user(ADA, plays=10, app_metadata={"roles": ["playlist editor", "a\0b"]})
    counts = program("roles", "plan", "--refresh", "--json").json["counts"]
    assert (counts["unreadable"], counts["revoke"]) == (1, 0)
    shown = program("users", "show", ADA, "--json").json
    assert (shown["standing"], shown["roles"]) == ("unreadable", None)
    assert shown["unreadable"] == "roles contain a NUL character"
    explained = program("roles", "explain", ADA, "--json").json
    assert (explained["standing"], explained["next"]) == ("unreadable", "unreadable")
    listed = program("roles", "list", ADA, "--json")
    assert "NUL" in listed.err or listed.json["roles"] is None
    grant = program("roles", "grant", ADA, "--json")
    assert (grant.code, sandbox.writes()) == (5, [])


@pytest.mark.parametrize("command", [("promote",), ("roles", "grant"), ("roles", "revoke")])
def test_roles_that_cannot_be_read_are_a_conflict_of_every_command_that_names_them(
    sandbox: Sandbox, program: Program, command: tuple[str, ...]
) -> None:
    sandbox.add_user("auth0|a", app_metadata={"roles": [7]}, plays=100)
    ended = program(*command, "auth0|a", "--json")
    assert (ended.code, ended.json["conflict"], sandbox.writes()) == (5, 1, [])
    assert [problem["state"] for problem in ended.json["problems"]] == ["conflict"]
