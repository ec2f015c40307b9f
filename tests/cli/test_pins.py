"""`roles pin`, `unpin`, `pins`, `hold` and `release`: what they take, print and refuse."""

import csv
import io
import os
import pwd
import socket

import pytest

from tests.program import Program, Sandbox

ACTOR = f"{pwd.getpwuid(os.geteuid()).pw_name}@{socket.gethostname()}"
EDITOR = "playlist editor"
PIN = ("roles", "pin", "auth0|a", "--state", "granted", "--reason", "staff")


def test_a_pin_is_printed_as_it_is_kept(sandbox: Sandbox, program: Program) -> None:
    ended = program(*PIN, "--until", "2999-12-31T18:00+01:00", "--json")
    wanted = {
        "user_id": "auth0|a",
        "role": EDITOR,
        "state": "granted",
        "until": "2999-12-31T17:00:00Z",
        "reason": "staff",
        "actor": ACTOR,
    }
    assert (ended.code, ended.json) == (0, wanted)
    assert "writing to" in ended.err
    assert "it was not pinned before" in ended.err
    assert program("roles", "pins", "--json").json == [wanted]
    assert sandbox.requests() == []


def test_pinning_again_says_what_was_before(sandbox: Sandbox, program: Program) -> None:
    program(*PIN, "--until", "2999-01-01")
    again = program("roles", "pin", "auth0|a", "--state", "revoked", "--reason", "spam", "--json")
    assert f"pinned before: granted until 2999-01-01 00:00 UTC by {ACTOR}: staff" in again.err
    assert [(each["state"], each["until"]) for each in program("roles", "pins", "--json").json] == [
        ("revoked", None)
    ]
    removed = program("roles", "unpin", "auth0|a", "--json")
    assert (removed.code, removed.json["state"]) == (0, "revoked")
    missing = program("roles", "unpin", "auth0|a", "--json")
    assert (missing.code, missing.out, missing.error["code"]) == (3, "", "not_found")


def test_by_email_address(sandbox: Sandbox, program: Program) -> None:
    sandbox.add_user("auth0|ada")
    ended = program("roles", "pin", "ada@example.com", "--state", "granted", "--reason", "x", "--json")
    assert ended.json["user_id"] == "auth0|ada"
    assert program("roles", "pins", "-o", "ids").out == "auth0|ada\n"
    assert program("roles", "unpin", "nobody@example.com").code == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["--state", "kept", "--reason", "x"],
        ["--reason", "x"],
        ["--state", "granted"],
        ["--state", "granted", "--reason", " "],
        ["--state", "granted", "--reason", "a\x1b[2J"],
        ["--state", "granted", "--reason", "x", "--until", "soon"],
        ["--state", "granted", "--reason", "x", "--until", "2020-01-01"],
        ["--state", "granted", "--reason", "x", "--until", "9999-12-31"],
    ],
)
def test_what_is_no_pin_changes_nothing(sandbox: Sandbox, program: Program, arguments: list[str]) -> None:
    ended = program("roles", "pin", "auth0|a", *arguments, "--json")
    assert (ended.code, ended.out, ended.error["code"]) == (2, "", "usage")
    assert "\x1b" not in ended.err
    assert sandbox.query("SELECT count(*) FROM musicctl.pins") == [(0,)]


def test_pins_in_every_format(sandbox: Sandbox, program: Program) -> None:
    assert program("roles", "pins").out == "No pins.\n"
    assert program("roles", "pins", "--json").json == []
    assert program("roles", "pins", "-o", "csv").out == "user_id,role,state,until,reason,actor\r\n"
    program(*PIN[:-1], "says \u202e[bold], twice")
    program("roles", "pin", "auth0|b", "--state", "revoked", "--reason", "spam", "--until", "2999-01-01")
    rows = list(csv.reader(io.StringIO(program("roles", "pins", "-o", "csv").out)))
    assert rows[1:] == [
        ["auth0|a", EDITOR, "granted", "", "says \u202e[bold], twice", ACTOR],
        ["auth0|b", EDITOR, "revoked", "2999-01-01T00:00:00Z", "spam", ACTOR],
    ]
    shown = program("roles", "pins").out
    assert "says \\u202e[bold], twice" in shown
    assert "2999-01-01 00:00:00 UTC" in shown
    assert program("roles", "pins", "--role", "dj", "--json").json == []


def test_hold_and_release(sandbox: Sandbox, program: Program) -> None:
    first = program("roles", "hold", "--reason", "audit", "--until", "2999-01-01", "--json")
    assert (first.code, first.json["until"], first.json["actor"]) == (0, "2999-01-01T00:00:00Z", ACTOR)
    assert "it was not held before" in first.err
    second = program("roles", "hold", "--reason", "outage", "--json")
    assert f"until 2999-01-01 00:00 UTC by {ACTOR}: audit" in second.err
    assert second.json["until"] is None
    released = program("roles", "release", "--json")
    assert (released.code, released.json["held"], released.json["reason"]) == (0, False, "outage")
    again = program("roles", "release", "--json")
    assert (again.code, again.json["held"], again.json["reason"]) == (0, False, None)
    assert "it was not held" in again.err
    assert sandbox.requests() == []


@pytest.mark.parametrize("arguments", [[], ["--reason", ""], ["--reason", "x", "--until", "2020-01-01"]])
def test_what_is_no_hold_holds_nothing(sandbox: Sandbox, program: Program, arguments: list[str]) -> None:
    assert program("roles", "hold", *arguments).code == 2
    assert sandbox.query("SELECT count(*) FROM musicctl.holds") == [(0,)]
