"""`playlists top`, `near` and `set-plays`: what they take, print and refuse."""

import pytest

from tests.program import Program, Sandbox


@pytest.fixture
def played(sandbox: Sandbox) -> Sandbox:
    """Listeners around the bar, one of them with two playlists."""
    sandbox.query(
        "INSERT INTO playlists VALUES ('1', 'auth0|a', 'Mix', 60), ('2', 'auth0|a', NULL, 39),"
        " ('3', 'auth0|b', 'x', 104), ('4', 'auth0|c', 'x', 5000), ('5', NULL, 'x', 9),"
        " ('6', 'auth0|d', 'x', NULL)"
    )
    return sandbox


def test_the_most_played(played: Sandbox, program: Program) -> None:
    assert program("playlists", "top", "--limit", "2", "--json").json == [
        {"user_id": "auth0|c", "plays": 5000, "playlists": 1},
        {"user_id": "auth0|b", "plays": 104, "playlists": 1},
    ]
    assert program("playlists", "top", "-o", "ids").out == "auth0|c\nauth0|b\nauth0|a\n"
    assert program("playlists", "top", "--limit", "0").code == 2
    assert played.requests() == []


def test_who_is_near_the_bar(played: Sandbox, program: Program) -> None:
    assert program("playlists", "near", "--within", "4", "--json").json == [
        {"user_id": "auth0|a", "plays": 99, "playlists": 2, "distance": -1},
        {"user_id": "auth0|b", "plays": 104, "playlists": 1, "distance": 4},
    ]
    assert program("playlists", "near", "--within", "3", "-o", "ids").out == "auth0|a\n"
    assert program("playlists", "near", "--within", "0").out == "Nobody is that near.\n"
    assert program("playlists", "near", "--within", "-1").code == 2
    assert program("playlists", "near", "--within", str(10**40), "-o", "ids").out.count("\n") == 3
    assert played.requests() == []


def test_set_plays_is_journalled(played: Sandbox, program: Program) -> None:
    ended = program("playlists", "set-plays", "1", "61", "--reason", "counted twice", "--json")
    shown = ended.json
    run = shown["run"]
    assert ended.code == 0
    assert {name: shown[name] for name in ("playlist_id", "user_id", "name", "total_plays")} == {
        "playlist_id": "1",
        "user_id": "auth0|a",
        "name": "Mix",
        "total_plays": 61,
    }
    assert "it had 60 plays before" in ended.err
    assert played.query("SELECT run, command, outcome FROM musicctl.runs") == [
        (run, "playlists set-plays", "ok")
    ]
    assert played.query("SELECT user_id, target, before, after, detail FROM musicctl.changes") == [
        ("auth0|a", "1", 60, 61, "counted twice")
    ]
    assert played.requests() == []


def test_a_playlist_of_nobody_and_one_without_a_number(played: Sandbox, program: Program) -> None:
    assert program("playlists", "set-plays", "5", "0").code == 0
    assert "no number of plays before" in program("playlists", "set-plays", "6", str(2**63 - 1)).err
    assert played.query("SELECT user_id, before FROM musicctl.changes ORDER BY target") == [
        (None, 9),
        ("auth0|d", None),
    ]
    assert played.query("SELECT total_plays FROM playlists WHERE playlist_id >= '5' ORDER BY 1") == [
        (0,),
        (2**63 - 1,),
    ]


@pytest.mark.parametrize("plays", ["-1", str(2**63), "many", "1.5", ""])
def test_what_is_no_number_of_plays(played: Sandbox, program: Program, plays: str) -> None:
    assert program("playlists", "set-plays", "1", "--", plays).code == 2
    assert played.query("SELECT total_plays FROM playlists WHERE playlist_id = '1'") == [(60,)]


def test_no_playlist_or_several_are_left_alone(played: Sandbox, program: Program) -> None:
    missing = program("playlists", "set-plays", "7", "1", "--json")
    assert (missing.code, missing.error["code"]) == (3, "not_found")
    played.query("ALTER TABLE playlists DROP CONSTRAINT playlists_pkey")
    try:
        played.query("INSERT INTO playlists VALUES ('1', 'auth0|z', 'x', 3)")
        several = program("playlists", "set-plays", "1", "1", "--json")
        assert several.code == 3
        assert "auth0|a, auth0|z" in several.error["message"]
    finally:
        played.query("DELETE FROM playlists WHERE user_id = 'auth0|z'")
        played.query("ALTER TABLE playlists ADD PRIMARY KEY (playlist_id)")
    assert played.query("SELECT count(*) FROM musicctl.runs") == [(0,)]
    assert program("playlists", "set-plays", "1", "1", "--reason", "\x1b").code == 2
