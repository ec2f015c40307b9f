"""The same question asked of several commands has one answer."""

import unicodedata
from pathlib import Path

import pytest

from tests.program import Program, Sandbox

ADA = "auth0|ada"
EDITOR = "playlist editor"


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


def test_last_is_the_last_run_that_changed_something(sandbox: Sandbox, program: Program) -> None:
    sandbox.add_user(ADA, plays=150)
    done = program("roles", "sync", "--json").json
    for _ in range(3):  # as cron does
        assert program("roles", "sync", "--json").json["requests"] == 0
    assert [run["run"] for run in program("history", "list", "--json").json] == [done["run"]]
    assert len(program("history", "list", "--all", "--json").json) == 4
    assert program("history", "show", "last", "--json").json["run"] == done["run"]
    undone = program("undo", "last", "--yes", "--json")
    assert (undone.code, undone.json["undoes"], undone.json["restored"]) == (0, done["run"], 1)


@pytest.mark.parametrize(
    "words",
    [
        *(
            "roles sync",
            "roles sync --refresh",
            "promote auth0|keeps",
            "promote auth0|below",
            "mirror refresh",
        ),
        *("roles grant auth0|keeps", "roles revoke auth0|below", "profile fill-names --yes"),
        *("profile set-names names.csv --yes", "songs import songs.csv --yes", "history recover"),
    ],
)
def test_a_run_that_changed_nothing_is_never_the_last(
    sandbox: Sandbox, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "names.csv").write_text("user,name\nauth0|keeps,K\n")
    (tmp_path / "songs.csv").write_text("song_id,songname,user_id\ns1,Help,auth0|keeps\n")
    for user_id, plays, roles in (("auth0|keeps", 150, [EDITOR]), ("auth0|below", 5, [])):
        sandbox.add_user(
            user_id, plays=plays, app_metadata={"roles": roles}, user_metadata={"displayName": "K"}
        )
    sandbox.query("INSERT INTO songs VALUES ('s1', 'Help', 'auth0|keeps')")
    assert program("playlists", "set-plays", "of auth0|below", "6").code == 0
    done = program("history", "show", "last", "--json").json["run"]
    assert program(*words.split()).code == 0
    undone = program("undo", "last", "--yes", "--json")
    assert (undone.code, undone.json["undoes"], undone.json["restored"]) == (0, done, 1)
    assert sandbox.query("SELECT total_plays FROM playlists WHERE user_id = 'auth0|below'") == [(5,)]


def test_an_undo_of_nothing_is_refused(sandbox: Sandbox, program: Program) -> None:
    sandbox.add_user(ADA, plays=5)
    run = program("roles", "sync", "--json").json["run"]
    assert program("undo", run, "--yes", "--json").code == 4
    nothing = program("undo", "last", "--yes", "--json")
    assert nothing.code in (3, 4)


def test_two_rows_of_one_listener_s_genre_have_one_answer(sandbox: Sandbox, program: Program) -> None:
    sandbox.add_user(ADA)
    sandbox.query("ALTER TABLE user_data DROP CONSTRAINT user_data_pkey")
    try:
        sandbox.query("INSERT INTO user_data VALUES (%s, 'rock'), (%s, 'jazz')", ADA, ADA)
        one = program("genres", "show", ADA, "--json").json["fav_genre"]
        assert program("users", "show", ADA, "--json").json["fav_genre"] == one
        [listed] = program("users", "list", "--json").json
        assert listed["fav_genre"] == one
        assert program("genres", "set", ADA, "folk", "--json").json["fav_genre"] == "folk"
        assert program("genres", "show", ADA, "--json").json["fav_genre"] == "folk"
    finally:
        sandbox.query("TRUNCATE user_data; ALTER TABLE user_data ADD PRIMARY KEY (user_id)")


@pytest.mark.parametrize(
    ("before", "restored"),
    [
        (["rock", "jazz"], None),
        (["rock", None], None),
        (["rock", "rock", "jazz"], None),
        (["rock", "rock"], ["rock", "rock"]),
        ([None, None], [None, None]),
        (["rock"], ["rock"]),
    ],
)
def test_rows_of_a_genre_that_differed_are_not_made_alike_by_an_undo(
    sandbox: Sandbox, program: Program, before: list[str | None], restored: list[str | None] | None
) -> None:
    sandbox.query("ALTER TABLE user_data DROP CONSTRAINT user_data_pkey")
    rows = f"SELECT fav_genre FROM user_data WHERE user_id = '{ADA}' ORDER BY 1"
    try:
        for genre in before:
            sandbox.query("INSERT INTO user_data VALUES (%s, %s)", ADA, genre)
        done = program("genres", "set", ADA, "folk", "--json")
        assert (done.code, "takes it back" in done.err) == (0, restored is not None)
        previewed = program("undo", "last", "--dry-run", "--json")
        undone = program("undo", "last", "--yes", "--json")
        if restored is None:
            assert (previewed.code, undone.code, undone.json["restored"]) == (4, 4, 0)
            assert f"differed ({', '.join(each or 'no genre' for each in before)})" in undone.out
            assert sandbox.query(rows) == [("folk",)] * len(before)
            assert program("history", "show", "last", "--json").json["changes"][0]["before"] == before
        else:
            assert (undone.code, undone.json["restored"]) == (0, 1)
            assert [genre for (genre,) in sandbox.query(rows)] == restored
    finally:
        sandbox.query("TRUNCATE user_data; ALTER TABLE user_data ADD PRIMARY KEY (user_id)")


@pytest.mark.parametrize("kept", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_a_name_is_found_however_it_is_spelled(
    sandbox: Sandbox, program: Program, kept: str, asked: str
) -> None:
    name, part = unicodedata.normalize(kept, "Zoë Ünal"), unicodedata.normalize(asked, "zoë ü")  # type: ignore[arg-type]
    sandbox.add_user(ADA, user_metadata={"displayName": name})
    sandbox.query("INSERT INTO songs VALUES ('1', %s, %s), ('2', 'Zoe', %s)", name, ADA, ADA)
    sandbox.query("INSERT INTO user_data VALUES (%s, %s)", ADA, unicodedata.normalize(kept, "Fado é"))  # type: ignore[arg-type]
    assert program("roles", "plan", "--refresh").code == 0
    assert program("songs", "search", part, "-o", "ids").out == "1\n"
    assert program("users", "list", "--name", part, "-o", "ids").out == f"{ADA}\n"
    genre = unicodedata.normalize(asked, "fado É")  # type: ignore[arg-type]
    assert program("users", "list", "--genre", genre, "-o", "ids").out == f"{ADA}\n"


def test_a_time_that_was_printed_is_one_that_can_be_asked_for(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        sandbox.add_user(ADA, plays=150)
        run = program("roles", "sync", "--json").json["run"]
        [line] = [line for line in program("history", "show", run).out.splitlines() if "started_at" in line]
        printed = line.partition("started_at")[2].strip()
        assert printed.endswith("IST")
        found = program("history", "list", "--since", printed, "--json").json
        assert [each["run"] for each in found] == [run]
        assert program("history", "list", "--before", printed, "--json").json == []
        pinned = program(
            "roles", "pin", ADA, "--state", "granted", "--reason", "x", "--until", "2999-01-01 18:00"
        )
        assert "2999-01-01 18:00:00 IST" in pinned.out
    finally:
        monkeypatch.undo()
        time.tzset()
