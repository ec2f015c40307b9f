"""What `roles plan` can be asked beyond the plan itself: what if, only some, and who is set aside and why."""

import pytest

from tests.program import Program, Sandbox

EDITOR = "playlist editor"


@pytest.fixture
def house(sandbox: Sandbox) -> Sandbox:
    for number in range(5):
        sandbox.add_user(f"auth0|earned{number}", plays=100 + number)
    for number in range(3):
        sandbox.add_user(f"auth0|lapsing{number}", app_metadata={"roles": [EDITOR]}, plays=60)
    sandbox.add_user("auth0|unknown", app_metadata={"roles": [EDITOR]})
    sandbox.add_user("auth0|odd", app_metadata={"roles": 7}, plays=500)
    sandbox.add_user("auth0|staff", app_metadata={"roles": [EDITOR]}, plays=1)
    sandbox.query("INSERT INTO playlists VALUES ('m', 'auth0|gone', 'Mix', 700)")
    sandbox.query(
        "INSERT INTO musicctl.pins (role, user_id, state, reason, actor)"
        " VALUES (%s, 'auth0|staff', 'granted', 'staff', 'a')",
        EDITOR,
    )
    return sandbox


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("unknown", ["auth0|unknown", None, "holds the role; no plays are known"]),
        ("pinned", ["auth0|staff", 1, "pinned as granted"]),
        ("unreadable", ["auth0|odd", 500, "roles are a number"]),
        ("missing", ["auth0|gone", 700, "no such user in the tenant"]),
    ],
)
def test_those_set_aside_are_counted_and_listed(
    house: Sandbox, program: Program, kind: str, row: list[object]
) -> None:
    assert program("roles", "plan", "--json").json["counts"][kind] == 1
    listed = program("roles", "plan", "--list", kind, "--json")
    assert listed.json == [dict(zip(("user_id", "plays", "detail"), row, strict=True))]
    assert program("roles", "plan", "--list", kind, "-o", "ids").out == f"{row[0]}\n"
    assert str(row[0]) in program("roles", "plan", "--list", kind).out


def test_another_bar_is_tried_and_not_kept(house: Sandbox, program: Program) -> None:
    tried = program("roles", "plan", "--threshold", "50", "--json")
    assert (tried.json["counts"]["grant"], tried.json["counts"]["revoke"], tried.json["threshold"]) == (
        5,
        0,
        50,
    )
    assert "what if the bar were 50 plays: this plan is not kept" in tried.err
    fingerprint = tried.json["plan"]
    assert program("roles", "sync", "--accept-plan", fingerprint).code == 4
    assert program("roles", "plan", "--threshold", "0").code == 2
    assert house.writes() == []


def test_only_some_are_shown_and_all_are_counted(house: Sandbox, program: Program) -> None:
    shown = program("roles", "plan", "--limit", "2", "--json").json
    assert (len(shown["changes"]), shown["counts"]["grant"]) == (2, 5)
    people = program("roles", "plan", "--limit", "2").out
    assert ("auth0|earned4" in people, "auth0|earned0" in people) == (True, False)
    assert "… and 3 more" in people
    assert len(program("roles", "plan", "--limit", "2", "-o", "jsonl").out.splitlines()) == 2
