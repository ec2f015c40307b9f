"""`-v` tells of each request to the tenant, and of nothing that is secret."""

import re

import pytest

from musicctl.cli.shared_options import COLUMNS
from tests.cli.test_formats import commands
from tests.program import Program, Sandbox

ADA = "auth0|ada"
LINE = re.compile(r"(GET|POST|PATCH) (/\S+): (\d{3}) after [\d,]+ ms")


@pytest.fixture
def ada(sandbox: Sandbox) -> str:
    sandbox.add_user(ADA)
    sandbox.query("INSERT INTO playlists VALUES ('p1', %s, 'Road', 100)", ADA)
    return ADA


@pytest.mark.parametrize("also", [[], ["-q"], ["--json"]])
def test_each_request_is_told_of(ada: str, sandbox: Sandbox, program: Program, also: list[str]) -> None:
    ended = program("roles", "sync", "--yes", "-v", *also)
    told = [f"{method} {path}" for method, path, _status in LINE.findall(ended.err)]
    sent = [each.partition("?")[0].replace("%7C", "|") for each in sandbox.requests()]
    assert sorted(told) == sorted(sent)
    assert f"PATCH /api/v2/users/{ada}: 200 after" in ended.err
    assert sandbox.state.auth0_client_secret not in ended.err


def test_without_it_nothing_is(ada: str, sandbox: Sandbox, program: Program) -> None:
    assert not LINE.search(program("roles", "sync", "--yes").err)
    assert sandbox.requests() != []


def test_whatever_takes_a_profile_takes_it() -> None:
    found = dict(commands())
    assert {name for name, has in found.items() if "-v" in has} == {
        name for name, has in found.items() if "--profile" in has
    }
    assert set(COLUMNS) & {name for name, has in found.items() if "-v" not in has} == {
        "sandbox status",
        "sandbox faults show",
        "token decode",
    }
