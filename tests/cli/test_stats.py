"""`stats` and `genres top`: the numbers, and where they are drawn in ASCII alone."""

import os
import subprocess
import sys

import pytest

from tests.program import Program, Sandbox

EDITOR = "playlist editor"


@pytest.fixture
def crowd(sandbox: Sandbox) -> Sandbox:
    sandbox.add_user("auth0|a", plays=100)
    sandbox.add_user("auth0|b", plays=99, app_metadata={"roles": [EDITOR]})
    sandbox.add_user("auth0|c", plays=0)
    sandbox.add_user("auth0|d", plays=900, app_metadata={"roles": [EDITOR]})
    sandbox.query("INSERT INTO playlists VALUES ('n', 'auth0|n', 'x', NULL)")
    sandbox.query("INSERT INTO songs VALUES ('1', 'x', 'auth0|a'), ('2', 'x', 'auth0|a'), ('3', 'x', NULL)")
    sandbox.query("INSERT INTO user_data VALUES ('auth0|a', 'jazz'), ('auth0|b', 'jazz')")
    sandbox.query("INSERT INTO user_data VALUES ('auth0|d', 'dub'), ('x', NULL)")
    return sandbox


def test_the_numbers(crowd: Sandbox, program: Program) -> None:
    program("roles", "sync", "--yes")
    shown = program("stats", "--json").json
    assert [(each["low"], each["users"]) for each in shown["plays"] if each["users"]] == [
        (None, 1),
        (50, 1),
        (100, 1),
        (800, 1),
    ]
    assert shown["plays"][-1] == {"low": 800, "high": 1599, "users": 1, "holders": 1}
    assert (shown["below"]["users"], shown["above"]) == (
        1,
        {"low": 100, "high": 109, "users": 1, "holders": 1},
    )
    assert (shown["role"], shown["threshold"], shown["editors"]) == (EDITOR, 100, 2)
    [day] = shown["periods"]
    assert (day["grants"], day["revokes"], day["editors"]) == (1, 1, 2)
    assert shown["genres"] == [
        {"fav_genre": "jazz", "users": 2, "editors": 1},
        {"fav_genre": "dub", "users": 1, "editors": 1},
    ]
    assert (shown["users_with_genre"], shown["editors_with_genre"]) == (3, 2)
    assert [(each["high"], each["users"]) for each in shown["songs"]] == [(0, 3), (1, 0), (3, 1)]
    assert shown["tenant_as_of"] is not None


def test_plays_of_a_query_of_ones_own(
    crowd: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSICCTL_PROFILE")
    monkeypatch.setenv("DATABASE_URL", crowd.state.database_url)
    monkeypatch.setenv("MUSICCTL_PLAYS_QUERY", "SELECT 'auth0|z', 7")
    assert [each["users"] for each in program("stats", "--json").json["plays"]] == [1]
    monkeypatch.setenv("MUSICCTL_PLAYS_QUERY", "SELECT 'auth0|z', 7 UNION ALL SELECT 'auth0|z', 8")
    assert program("stats").code == 78


def test_an_empty_app_and_one_that_lacks_tables(sandbox: Sandbox, program: Program) -> None:
    ended = program("stats")
    assert (ended.code, "never filled" in ended.err) == (0, True)
    sandbox.query("ALTER TABLE songs RENAME TO tunes; ALTER TABLE user_data RENAME fav_genre TO genre")
    try:
        ended = program("stats", "--json")
        assert (ended.json["songs"], ended.json["genres"]) == ([], [])
        assert ended.err.splitlines() == [
            "no songs are counted: there is no table songs with the column user_id",
            "no genres are counted: there is no table user_data with the columns user_id and fav_genre",
        ]
        top = program("genres", "top", "--json")
        assert (top.code, "user_data has no column fav_genre" in top.error["message"]) == (78, True)
    finally:
        sandbox.query("ALTER TABLE tunes RENAME TO songs; ALTER TABLE user_data RENAME genre TO fav_genre")


@pytest.mark.parametrize(
    ("variables", "is_ascii"),
    [({}, False), ({"TERM": "dumb"}, True), ({"PYTHONIOENCODING": "latin-1"}, True)],
)
def test_what_it_draws_with(crowd: Sandbox, variables: dict[str, str], is_ascii: bool) -> None:
    environment = {**os.environ, "PYTHONUTF8": "1", "TERM": "xterm", **variables}
    command = [sys.executable, "-m", "musicctl", "stats"]
    drawn = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    assert drawn.isascii() == is_ascii
    assert b"100 plays: the bar" in drawn
    assert crowd.requests() == []


def test_genres_top(crowd: Sandbox, program: Program) -> None:
    assert program("genres", "top", "--json").json == [
        {"fav_genre": "jazz", "users": 2},
        {"fav_genre": "dub", "users": 1},
    ]
    assert program("genres", "top", "--limit", "1", "-o", "ids").out == "jazz\n"
    assert program("genres", "top", "--limit", "0").code == 2
    crowd.query("TRUNCATE user_data")
    assert program("genres", "top").out == "No genres.\n"
