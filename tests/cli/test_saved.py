"""`songs` and `artists`: the commands that they share, and what an app's own tables make of them."""

import json
from collections.abc import Iterator

import pytest

from tests.cli.test_asking import on_a_terminal
from tests.program import Program, Sandbox

ADA, BOB = "auth0|ada", "auth0|bob"
TABLES = ("songs", "artists")


@pytest.fixture
def saved(sandbox: Sandbox) -> Sandbox:
    """Two accounts of the tenant, one of them with songs and artists."""
    sandbox.add_user(ADA)
    sandbox.add_user(BOB)
    for table in TABLES:
        sandbox.query(
            f"INSERT INTO {table} VALUES ('1', 'So What', '{ADA}'), ('2', '100%_hits', '{ADA}'),"
            f" ('3', NULL, '{ADA}'), ('4', 'what else', '{BOB}')"
        )
    return sandbox


@pytest.fixture
def other(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A place for an app's own table `songs`, in a schema that comes first on the search path."""
    sandbox.query("CREATE SCHEMA own; ALTER ROLE musicctl SET search_path = own, public")
    yield sandbox
    sandbox.query("ALTER ROLE musicctl RESET search_path; DROP SCHEMA own CASCADE")


def ids(program: Program, *words: str) -> list[str]:
    return program(*words, "-o", "ids").out.splitlines()


@pytest.mark.parametrize("table", TABLES)
def test_list_sorts_and_limits(saved: Sandbox, program: Program, table: str) -> None:
    assert ids(program, table, "list", ADA) == ["2", "1", "3"]
    assert ids(program, table, "list", ADA, "--sort", "id") == ["1", "2", "3"]
    assert ids(program, table, "list", ADA, "--sort", "id", "--limit", "2") == ["1", "2"]
    assert program(table, "list", ADA, "--sort", "plays").code == 2
    assert program(table, "list", "auth0|x").out == f"No {table}.\n"
    assert saved.requests() == []


@pytest.mark.parametrize("table", TABLES)
def test_search_takes_no_wildcards_and_any_case(saved: Sandbox, program: Program, table: str) -> None:
    assert ids(program, table, "search", "WHAT") == ["1", "4"]
    assert ids(program, table, "search", "%_") == ["2"]
    assert ids(program, table, "search", "\\") == []
    assert ids(program, table, "search", "what", "--limit", "1") == ["1"]
    assert "there are more than these 1" in program(table, "search", "what", "--limit", "1").err
    assert program(table, "search", "").code == 2


def test_artists_have_keys_of_their_own(saved: Sandbox, program: Program) -> None:
    added = program("artists", "add", BOB, "Nina Simone", "--id", "7", "--json").json
    assert added == [{"artist_id": "7", "artistname": "Nina Simone", "user_id": BOB}]
    assert "the artist id 7 is taken" in program("artists", "add", BOB, "x", "--id", "7").err


@pytest.mark.parametrize("table", TABLES)
def test_remove_needs_a_yes(saved: Sandbox, program: Program, table: str) -> None:
    assert program(table, "remove", ADA, "1").code == 2
    shown = program(table, "remove", ADA, "1", "2", "--dry-run", "-o", "ids")
    assert (shown.code, shown.out) == (0, "2\n1\n")
    code, seen = on_a_terminal([table, "remove", ADA, "1"], b"n\n")
    assert (code, "So What" in seen, f"Remove 1 {table[:-1]} of {ADA}?" in seen) == (1, True, True)
    assert saved.query(f"SELECT count(*) FROM {table}") == [(4,)]
    removed = program(table, "remove", ADA, "1", "2", "--yes", "--json")
    assert (removed.code, removed.json["removed"]) == (0, 2)
    assert ids(program, table, "list", ADA) == ["3"]
    assert saved.query("SELECT run, command, outcome FROM musicctl.runs") == [
        (removed.json["run"], f"{table} remove", "ok")
    ]
    undone = program("undo", removed.json["run"], "--yes")
    assert undone.code == 0
    assert sorted(ids(program, table, "list", ADA)) == ["1", "2", "3"]


def test_remove_does_what_it_can(saved: Sandbox, program: Program) -> None:
    partly = program("songs", "remove", ADA, "1", "nope", "--yes", "--json")
    assert (partly.code, partly.json["removed"], partly.json["not_found"]) == (5, 1, ["nope"])
    foreign = program("songs", "remove", ADA, "4", "--yes", "--json")
    assert (foreign.code, foreign.error["code"]) == (3, "not_found")
    assert saved.query("SELECT count(*) FROM songs") == [(3,)]


@pytest.mark.parametrize("table", TABLES)
def test_move_is_previewed_and_done_in_one(saved: Sandbox, program: Program, table: str) -> None:
    assert program(table, "move", ADA, BOB).code == 2
    assert program(table, "move", ADA, BOB, "-n", "-o", "ids").out == "2\n1\n3\n"
    code, seen = on_a_terminal([table, "move", ADA, BOB], b"n\n")
    assert (code, f"Move 3 {table} of {ADA} to {BOB}?" in seen.replace("\r\n  ", " ")) == (1, True)
    one = program(table, "move", ADA, "bob@example.com", "--id", "3", "--yes", "--json").json
    assert (one["from"], one["to"], one["moved"]) == (ADA, BOB, 1)
    rest = program(table, "move", ADA, BOB, "--yes", "--json").json
    assert rest["moved"] == 2
    assert ids(program, table, "list", BOB, "--sort", "id") == ["1", "2", "3", "4"]
    again = program(table, "move", ADA, BOB, "--yes", "--json")
    assert (again.code, again.json["moved"], again.json["run"]) == (0, 0, None)
    assert saved.query("SELECT count(*) FROM musicctl.runs") == [(2,)]


def test_move_checks_both_accounts(saved: Sandbox, program: Program) -> None:
    for pair in ((ADA, "auth0|gone"), ("auth0|gone", ADA)):
        ended = program("songs", "move", *pair, "--yes", "--json")
        assert (ended.code, ended.error["code"]) == (3, "not_found")
        assert "auth0|gone" in ended.error["message"]
    assert program("songs", "move", ADA, "ada@example.com", "--yes").code == 2
    assert program("songs", "move", ADA, BOB, "--id", "nope", "--yes").code == 3
    assert saved.query("SELECT count(*) FROM songs WHERE user_id = %s", ADA) == [(3,)]


def test_without_our_schema_nothing_is_removed(
    empty_url: str, saved: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSICCTL_PROFILE")
    for name in ("auth0_domain", "auth0_client_id", "auth0_client_secret", "auth0_audience"):
        monkeypatch.setenv(name.upper(), getattr(saved.state, name))
    monkeypatch.setenv("DATABASE_URL", empty_url)
    ended = program("songs", "remove", ADA, "1", "--yes", "--json")
    assert (ended.code, ended.error["code"]) == (78, "config")


def test_ids_that_the_table_makes(other: Sandbox, program: Program) -> None:
    other.query(
        "CREATE TABLE own.songs (user_id text, stars int DEFAULT 3, songname varchar(40),"
        " song_id int GENERATED ALWAYS AS IDENTITY)"
    )
    added = program("songs", "add", ADA, "a", "b", "--json").json
    assert [song["song_id"] for song in added] == [1, 2]
    assert program("songs", "add", ADA, "c", "--id", "9", "--json").json[0]["song_id"] == 9
    assert program("songs", "add", ADA, "d", "--id", "9").code == 1
    assert ids(program, "songs", "list", ADA) == ["1", "2", "9"]
    assert program("songs", "remove", ADA, "9", "x", "--yes").code == 5


def test_ids_that_nobody_can_make(other: Sandbox, program: Program) -> None:
    other.query("CREATE TABLE own.songs (song_id int, songname text, user_id text)")
    refused = program("songs", "add", ADA, "a", "--json")
    assert (refused.code, refused.error["code"]) == (78, "config")
    assert "--id" in refused.error["hint"]
    assert program("songs", "add", ADA, "a", "--id", "5", "--json").json[0]["song_id"] == 5


def test_an_id_of_several_rows_says_of_how_many(other: Sandbox, program: Program) -> None:
    other.query("CREATE TABLE own.songs (song_id int, songname text, user_id text)")
    other.query(f"INSERT INTO own.songs VALUES (1, 'a', '{ADA}'), (1, NULL, '{ADA}'), (1, 'c', '{BOB}')")
    removed = program("songs", "remove", ADA, "1", "--yes", "--json")
    assert "the id 1 stands for 2 rows" in removed.err
    assert removed.json["removed"] == 2
    assert other.query("SELECT user_id FROM own.songs") == [(BOB,)]


def test_what_a_missing_column_rules_out(other: Sandbox, program: Program) -> None:
    other.query(
        f"CREATE TABLE own.songs (songname text, user_id text); INSERT INTO own.songs VALUES ('a', '{ADA}')"
    )
    listed = program("songs", "list", ADA, "--json")
    assert listed.json == [{"song_id": None, "songname": "a", "user_id": ADA}]
    assert program("songs", "add", ADA, "b", "--json").json[0]["song_id"] is None
    for words in (
        ["remove", ADA, "1", "--yes"],
        ["list", ADA, "--sort", "id"],
        ["add", ADA, "b", "--id", "1"],
    ):
        ended = program("songs", *words, "--json")
        assert (ended.code, ended.error["code"]) == (78, "config")
        assert "has no column song_id" in ended.error["message"]
    other.query("ALTER TABLE own.songs DROP COLUMN user_id, ADD COLUMN owner text NOT NULL DEFAULT 'x'")
    assert "has no column user_id" in program("songs", "list", ADA).err
    assert ids(program, "songs", "search", "a") == ["\\N"]


def test_a_column_of_the_apps_own_that_needs_a_value(other: Sandbox, program: Program) -> None:
    other.query("CREATE TABLE own.songs (song_id text, songname text, user_id text, album text NOT NULL)")
    refused = program("songs", "add", ADA, "a", "--json")
    assert (refused.code, "a value for album" in refused.error["message"]) == (78, True)


def test_values_that_python_lacks(other: Sandbox, program: Program) -> None:
    other.query("CREATE TABLE own.songs (song_id date, songname timestamptz, user_id text)")
    other.query(
        f"INSERT INTO own.songs VALUES ('infinity', '20000-01-01 00:00Z', '{ADA}'), (NULL, NULL, '{ADA}')"
    )
    shown = program("songs", "list", ADA, "-o", "jsonl")
    assert shown.code == 0
    rows = [json.loads(line) for line in shown.out.splitlines()]
    assert rows[0]["song_id"] == "infinity"
    assert rows[0]["songname"].startswith("20000-01-01")
    assert rows[1]["songname"] is None
