"""Owners in the app's tables whom the tenant does not know: they cost no requests, and starve nobody."""

from datetime import datetime

import pytest

from tests.program import Program, Sandbox

ORPHANS = 3000
EDITOR = "playlist editor"
NEW = "auth0|new"


@pytest.fixture
def orphaned(sandbox: Sandbox) -> Sandbox:
    """A tenant with one user, and the playlists of thousands who are gone."""
    sandbox.add_user("auth0|ada", plays=5)
    sandbox.query(
        "INSERT INTO playlists SELECT 'o' || n, 'auth0|gone' || n, 'Mix', 100 + n %% 200"
        " FROM generate_series(1, %s) n",
        ORPHANS,
    )
    return sandbox


def reads(sandbox: Sandbox) -> int:
    """Count the users who were read by id."""
    return sum(request.startswith("GET /api/v2/users/") for request in sandbox.requests())


def test_a_sync_that_finds_nothing_sends_nothing(orphaned: Sandbox, program: Program) -> None:
    assert program("roles", "sync", "--json").code == 0
    before = len(orphaned.requests())
    for _ in range(3):
        again = program("roles", "sync", "--json")
        assert (again.code, again.json["requests"]) == (0, 0)
    assert len(orphaned.requests()) == before
    counts = program("roles", "plan", "--json").json["counts"]
    assert (counts["missing"], counts["grant"]) == (ORPHANS, 0)


def test_a_new_user_is_seen_by_the_next_sync(orphaned: Sandbox, program: Program) -> None:
    assert program("roles", "sync", "--json").code == 0
    orphaned.add_user(NEW, plays=150)
    assert program("roles", "explain", NEW, "--json").json["next"] == "grant"
    done = program("roles", "sync", "--json")
    assert (done.json["applied"]["grant"], reads(orphaned)) == (1, 1 + 1 + 1)  # explained, asked for, applied
    assert orphaned.roles(NEW) == [EDITOR]


def test_who_was_never_asked_for_comes_before_who_was(sandbox: Sandbox, program: Program) -> None:
    """An upgrade, or a first look at them without an export: a hundred a run, each once."""
    sandbox.add_user("auth0|ada", plays=5)
    assert program("roles", "sync", "--json").code == 0
    sandbox.query(
        "INSERT INTO playlists SELECT 'o' || n, 'auth0|gone' || n, '', 120 FROM generate_series(1, 250) n"
    )
    for asked in (100, 200, 250, 250):
        program("roles", "sync", "--json")
        assert reads(sandbox) == asked
    sandbox.add_user(NEW, plays=101)
    assert program("roles", "sync", "--json").json["applied"]["grant"] == 1


def test_explain_tells_what_the_next_sync_does(orphaned: Sandbox, program: Program) -> None:
    assert program("roles", "sync", "--json").code == 0
    orphaned.add_user("auth0|gone7")  # whose plays were there before the account was, in the tenant's eyes
    told = program("roles", "explain", "auth0|gone7", "--json").json
    assert (told["next"], "asked again after" in told["explanation"]) == ("keep", True)
    assert program("roles", "sync", "--json").json["applied"]["grant"] == 0
    orphaned.query("UPDATE musicctl.missing SET asked_at = asked_at - interval '2 days'")
    assert program("roles", "explain", "auth0|gone7", "--json").json["next"] == "grant"


def test_old_answers_are_asked_for_again_in_turn(orphaned: Sandbox, program: Program) -> None:
    assert program("roles", "sync", "--json").code == 0
    oldest = (
        "UPDATE musicctl.missing SET asked_at = asked_at - interval '2 days' - random() * interval '1 day'"
    )
    orphaned.query(oldest)
    orphaned.query(
        "UPDATE musicctl.missing SET asked_at = asked_at - interval '9 days' WHERE user_id LIKE '%%gone1__'"
    )
    program("roles", "sync", "--json")
    rows = orphaned.query("SELECT user_id FROM musicctl.missing WHERE asked_at > now() - interval '1 hour'")
    assert len(rows) == 100
    assert {user_id for (user_id,) in rows} == {f"auth0|gone{n}" for n in range(100, 200)}


def test_an_export_says_it_of_all_at_once(orphaned: Sandbox, program: Program) -> None:
    orphaned.query("INSERT INTO musicctl.missing VALUES ('auth0|ada', now() - interval '9 days')")
    program("roles", "sync", "--refresh", "--json")
    [(count, oldest)] = orphaned.query("SELECT count(*), min(asked_at) FROM musicctl.missing")
    assert (count, isinstance(oldest, datetime), reads(orphaned)) == (ORPHANS, True, 0)
