"""`sandbox faults` and `sandbox up --plan`: set by one process, obeyed by another that runs already."""

import json
from http.client import HTTPConnection
from pathlib import Path
from typing import get_args

import pytest

from musicctl.cli.commands.sandbox import Plan
from musicctl.sandbox.local_tenant import settings
from musicctl.sandbox.local_tenant.faults import COLUMNS, REACH
from musicctl.sandbox.local_tenant.storage import STATE_FILE, Storage
from tests.program import Program, Sandbox


@pytest.fixture
def ringo(sandbox: Sandbox) -> Sandbox:
    sandbox.add_user("auth0|ringo", user_metadata={"displayName": "Ringo"})
    return sandbox


@pytest.fixture
def asleep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sandbox that is down: there is the tenant's state, and no process."""
    monkeypatch.setenv("MUSICCTL_SANDBOX", str(tmp_path))
    Storage.open(tmp_path / STATE_FILE).close()
    return tmp_path


def headers_of_a_reply(sandbox: Sandbox) -> set[str]:
    connection = HTTPConnection("127.0.0.1", sandbox.state.port, timeout=30)
    connection.request("GET", "/api/v2/users")
    reply = connection.getresponse()
    reply.read()
    connection.close()
    return {name.lower() for name, _ in reply.getheaders()}


def test_a_fault_is_obeyed_from_the_next_request_on(ringo: Sandbox, program: Program) -> None:
    assert program("profile", "show", "auth0|ringo").code == 0
    ended = program("sandbox", "faults", "set", "status=403", "--endpoint", "GET /users", "--json")
    assert ended.code == 0
    assert ended.err == ""
    assert program("profile", "show", "auth0|ringo").code == 7
    [shown] = program("sandbox", "faults", "show", "--json").json
    assert shown["hits"] == shown["requests"] >= 1
    assert program("sandbox", "faults", "clear", "--json").json == {"cleared": 1}
    assert program("profile", "show", "auth0|ringo").code == 0


def test_what_is_set_is_shown(sandbox: Sandbox, program: Program) -> None:
    options = ("--endpoint", "PATCH /users", "--rate", "0.25", "--count", "3", "--seed", "7")
    ended = program("sandbox", "faults", "set", "late=3", "outside-edit=-drummer", *options, "--json")
    common = {"endpoint": "PATCH /users", "rate": 0.25, "count": 3, "seed": 7, "requests": 0, "hits": 0}
    assert ended.json == [
        {"name": "late", "value": "3", **common},
        {"name": "outside-edit", "value": "-drummer", **common},
    ]
    assert program("sandbox", "faults", "show", "--json").json == ended.json
    assert program("sandbox", "faults", "show", "-o", "ids").out == "late\noutside-edit\n"
    assert program("sandbox", "faults", "show").out.split()[: len(COLUMNS)] == list(COLUMNS)
    program("sandbox", "faults", "clear")
    assert program("sandbox", "faults", "show").out == "No faults.\n"
    assert program("sandbox", "faults", "show", "--json").json == []


def test_neither_up_nor_status_sets_or_clears_faults(sandbox: Sandbox, program: Program) -> None:
    assert program("sandbox", "up").code == 0
    assert program("sandbox", "faults", "show", "--json").json == []
    program("sandbox", "faults", "set", "latency=0.001")
    assert program("sandbox", "up").code == 0
    assert program("sandbox", "status").code == 0
    [shown] = program("sandbox", "faults", "show", "--json").json
    assert shown["name"] == "latency"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["statsu=503"], "did you mean status?"),
        (["status"], "status=503"),
        (["status=200"], "status=503"),
        (["cut-before=1"], "takes no value"),
        (["html", "--rate", "1.5"], "from 0 to 1"),
        (["html", "--rate", "nan"], "from 0 to 1"),
        (["html", "--count", "0"], "1 or more"),
        (["html", "--endpoint", "PATCH /bogus"], "PATCH /users"),
        (["late", "--endpoint", "POST /users"], "PATCH"),
        ([], "NAME"),
    ],
)
def test_what_will_not_do_is_a_usage_error(
    asleep: Path, program: Program, arguments: list[str], told: str
) -> None:
    ended = program("sandbox", "faults", "set", *arguments, "--json")
    assert ended.code == 2
    assert told in ended.error["message"] + ended.error["hint"]
    assert program("sandbox", "faults", "show", "--json").json == []


def test_a_sandbox_that_is_down_is_prepared_for_its_next_start(asleep: Path, program: Program) -> None:
    ended = program("sandbox", "faults", "set", "cut-after", "--json")
    assert (ended.code, [each["name"] for each in ended.json]) == (0, ["cut-after"])
    assert "down" in ended.err
    assert program("sandbox", "faults", "set", "html", "--quiet").err == ""
    assert program("sandbox", "faults", "clear", "--json").json == {"cleared": 2}


@pytest.mark.parametrize("arguments", [["show"], ["set", "html"], ["clear"]])
def test_without_a_sandbox_it_says_how_to_get_one(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("MUSICCTL_SANDBOX", str(tmp_path / "none"))
    ended = program("sandbox", "faults", *arguments, "--json")
    assert (ended.code, ended.error["hint"]) == (69, "musicctl sandbox up")
    assert not (tmp_path / "none").exists()


def test_the_help_names_every_fault(program: Program) -> None:
    out = program("sandbox", "faults", "set", "--help").out
    assert [name for name in REACH if f" {name}" not in out] == []


def test_up_sets_the_plan_and_otherwise_keeps_it(sandbox: Sandbox, program: Program) -> None:
    assert program("sandbox", "status", "--json").json["plan"] == "none"
    assert "x-ratelimit-limit" not in headers_of_a_reply(sandbox)
    assert program("sandbox", "up", "--plan", "enterprise", "--json").json["plan"] == "enterprise"
    assert "x-ratelimit-limit" in headers_of_a_reply(sandbox)
    assert program("sandbox", "up", "--json").json["plan"] == "enterprise"
    assert program("sandbox", "up", "--plan", "none", "--json").json["plan"] == "none"
    assert "x-ratelimit-limit" not in headers_of_a_reply(sandbox)


def test_a_plan_leaves_the_other_settings_alone(sandbox: Sandbox, program: Program) -> None:
    sandbox.tenant.change_settings(settings.TenantSettings(export_time=3.0))
    program("sandbox", "up", "--plan", "free")
    assert sandbox.tenant.settings() == settings.TenantSettings(export_time=3.0, plan="free")


def test_a_plan_that_auth0_has_not_is_a_usage_error(asleep: Path, program: Program) -> None:
    ended = program("sandbox", "up", "--plan", "gold", "--json")
    assert ended.code == 2
    assert all(plan.value in ended.error["message"] for plan in Plan)
    assert {plan.value for plan in Plan} == set(get_args(settings.Plan))


def test_status_of_a_sandbox_that_never_was_has_no_plan(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSICCTL_SANDBOX", str(tmp_path / "none"))
    assert json.loads(program("sandbox", "status", "--json").out)["plan"] is None
