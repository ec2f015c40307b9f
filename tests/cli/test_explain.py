"""`roles explain` and `roles holders`: who holds the role, and why, from every store that knows."""

import re

import pytest

from tests.program import Program, Sandbox

EDITOR = "playlist editor"


@pytest.fixture
def ringo(sandbox: Sandbox) -> Sandbox:
    """A listener below the bar who holds the role, with two playlists."""
    sandbox.add_user(
        "auth0|ringo",
        app_metadata={"roles": ["drummer", EDITOR]},
        user_metadata={"displayName": "Ringo \u202e[b]"},
    )
    sandbox.query(
        "INSERT INTO playlists VALUES ('p1', 'auth0|ringo', 'Drums', 35), ('p2', 'auth0|ringo', NULL, 60)"
    )
    return sandbox


def test_all_that_is_known(ringo: Sandbox, program: Program) -> None:
    program("roles", "plan")
    as_of = ringo.query("SELECT as_of FROM musicctl.mirror")[0][0]
    ended = program("roles", "explain", "ringo@example.com", "--json")
    shown = ended.json
    assert (ended.code, ringo.writes()) == (0, [])
    assert shown.pop("mirror").pop("as_of") == as_of.isoformat().replace("+00:00", "Z")
    assert shown == {
        "user_id": "auth0|ringo",
        "email": "ringo@example.com",
        "display_name": "Ringo \u202e[b]",
        "role": EDITOR,
        "threshold": 100,
        "plays": 95,
        "distance": -5,
        "playlists": [
            {"playlist_id": "p2", "name": None, "total_plays": 60},
            {"playlist_id": "p1", "name": "Drums", "total_plays": 35},
        ],
        "standing": "lapsing",
        "tenant": {"roles": ["drummer", EDITOR]},
        "pin": None,
        "hold": None,
        "last_change": None,
        "next": "revoke",
        "explanation": "The next sync takes the role away, with 95 plays, 5 below the bar of 100.",
    }


def test_for_people(ringo: Sandbox, program: Program) -> None:
    program(
        "roles",
        "pin",
        "auth0|ringo",
        "--state",
        "granted",
        "--reason",
        "[bold]staff",
        "--until",
        "2999-01-01",
    )
    program("roles", "sync", "--yes")
    shown = program("roles", "explain", "auth0|ringo").out
    assert re.search(r"^plays +95, 5 below the bar of 100$", shown, re.MULTILINE)
    assert re.search(r"^tenant now +drummer, playlist editor$", shown, re.MULTILINE)
    assert re.search(r"^mirror +drummer, playlist editor \(as of .* UTC\)$", shown, re.MULTILINE)
    assert re.search(
        r"^pin +granted until 2999-01-01 00:00:00 UTC by .*: \[bold\]staff$", shown, re.MULTILINE
    )
    assert re.search(r"^p1 +Drums +35$", shown, re.MULTILINE)
    assert "\\u202e" in shown
    assert shown.endswith("\nThe next sync keeps the role, being pinned as granted, whatever the plays.\n")


def test_the_last_change_and_its_run(ringo: Sandbox, program: Program) -> None:
    run = program("roles", "sync", "--yes", "--json").json["run"]
    shown = program("roles", "explain", "auth0|ringo", "--json").json
    change = shown["last_change"]
    assert (change["run"], change["command"]) == (run, "roles sync")
    assert (change["verdict"], change["state"]) == ("revoke", "applied")
    assert (shown["next"], shown["mirror"]["roles"], shown["tenant"]["roles"]) == (
        "keep",
        ["drummer"],
        ["drummer"],
    )
    assert "revoke applied" in program("roles", "explain", "auth0|ringo").out


def test_what_the_mirror_does_not_know_yet(ringo: Sandbox, program: Program) -> None:
    never = program("roles", "explain", "auth0|ringo", "--json").json
    assert (never["mirror"], never["next"]) == ({"as_of": None, "found": False, "roles": None}, "revoke")
    program("roles", "plan")
    ringo.add_user("auth0|new", plays=3, app_metadata={"roles": EDITOR})
    late = program("roles", "explain", "auth0|new", "--json").json
    assert (late["mirror"]["found"], late["next"]) == (False, "keep")
    assert "does not have the user yet; `musicctl promote` would take it away" in late["explanation"]
    assert program("roles", "sync", "--yes", "--json").json["applied"]["revoke"] == 1
    assert ringo.roles("auth0|new") == EDITOR


def test_users_in_every_state(ringo: Sandbox, program: Program) -> None:
    ringo.add_user("auth0|odd", plays=500, app_metadata={"roles": 7})
    ringo.add_user("auth0|none", app_metadata={"roles": [EDITOR]})
    odd = program("roles", "explain", "auth0|odd", "--json").json
    assert (odd["next"], odd["tenant"]) == ("unreadable", {"roles": None, "unreadable": "roles are a number"})
    assert odd["explanation"] == "The next sync does not touch the role: roles are a number."
    none = program("roles", "explain", "auth0|none", "--json").json
    assert (none["plays"], none["distance"], none["playlists"], none["next"]) == (None, None, [], "unknown")
    assert "with plays unknown, which is not" in program("roles", "explain", "auth0|none").out
    missing = program("roles", "explain", "auth0|nobody", "--json")
    assert (missing.code, missing.out, missing.error["code"]) == (3, "", "not_found")


def test_with_plays_from_elsewhere_there_are_no_playlists(
    ringo: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSICCTL_PROFILE")
    for name in ("auth0_domain", "auth0_client_id", "auth0_client_secret", "auth0_audience", "database_url"):
        monkeypatch.setenv(name.upper(), getattr(ringo.state, name))
    monkeypatch.setenv("MUSICCTL_PLAYS_QUERY", "SELECT 'auth0|ringo', 130")
    shown = program("roles", "explain", "auth0|ringo", "--json").json
    assert (shown["plays"], shown["playlists"], shown["next"]) == (130, None, "keep")
    assert "total_plays" not in program("roles", "explain", "auth0|ringo").out


def test_while_roles_are_held(ringo: Sandbox, program: Program) -> None:
    program("roles", "hold", "--reason", "audit")
    shown = program("roles", "explain", "auth0|ringo", "--json").json
    assert (shown["next"], shown["hold"]["reason"]) == ("revoke", "audit")
    assert shown["explanation"].startswith(
        "No sync writes while it is held back (audit); after that, it takes"
    )


def test_holders(ringo: Sandbox, program: Program) -> None:
    ringo.add_user("auth0|a", plays=100, user_metadata={"displayName": "Ada"})
    ringo.add_user("auth0|b", plays=700, app_metadata={"roles": EDITOR})
    ringo.add_user("auth0|u", app_metadata={"roles": [EDITOR]})
    first = program("roles", "holders", "--json")
    assert [row["user_id"] for row in first.json] == ["auth0|b", "auth0|ringo", "auth0|u"]
    assert program("roles", "sync", "--yes").code == 0
    asked = len(ringo.requests())
    listed = program("roles", "holders", "--json")
    since = [row.pop("since") for row in listed.json]
    rows = listed.json
    assert [(row["user_id"], row["display_name"], row["plays"]) for row in rows] == [
        ("auth0|b", None, 700),
        ("auth0|a", "Ada", 100),
        ("auth0|u", None, None),
    ]
    assert [moment is None for moment in since] == [True, False, True]
    assert program("roles", "holders", "--role", "drummer", "-o", "ids").out == "auth0|ringo\n"
    assert program("roles", "holders", "--role", "nobody's").out == "No holders.\n"
    assert len(ringo.requests()) == asked
    assert "the tenant as of" in listed.err
    assert program("roles", "holders", "-q").err == ""
