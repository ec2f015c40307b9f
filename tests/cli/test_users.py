"""`users list` and `users erase`: what they take, print and refuse."""

import csv
import io

import pytest

from tests.program import Program, Sandbox

EDITOR = "playlist editor"


@pytest.fixture
def house(sandbox: Sandbox) -> Sandbox:
    """An editor, somebody without plays, and somebody whom the tenant does not have."""
    sandbox.add_user("auth0|ada", plays=100, app_metadata={"roles": [EDITOR, "beta"]})
    sandbox.add_user("auth0|boris", user_metadata={"displayName": "Boris\x1b[31m"})
    sandbox.query("INSERT INTO songs VALUES ('1', 'x', 'auth0|ada'), ('2', 'x', 'auth0|left')")
    sandbox.query("INSERT INTO user_data VALUES ('auth0|ada', 'jazz')")
    return sandbox


def test_list_joins_the_stores(house: Sandbox, program: Program) -> None:
    program("mirror", "refresh")
    asked = len(house.requests())
    ended = program("users", "list", "--json")
    assert ended.json == [
        {
            "user_id": "auth0|ada",
            "email": "ada@example.com",
            "display_name": None,
            "roles": [EDITOR, "beta"],
            "fav_genre": "jazz",
            "plays": 100,
            "playlists": 1,
            "songs": 1,
        },
        {
            "user_id": "auth0|boris",
            "email": "boris@example.com",
            "display_name": "Boris\x1b[31m",
            "roles": [],
            "fav_genre": None,
            "plays": None,
            "playlists": 0,
            "songs": 0,
        },
        {
            "user_id": "auth0|left",
            "email": None,
            "display_name": None,
            "roles": None,
            "fav_genre": None,
            "plays": None,
            "playlists": 0,
            "songs": 1,
        },
    ]
    assert "the mirror of the tenant is" in ended.err
    assert len(house.requests()) == asked


def test_list_filters_sorts_and_limits(house: Sandbox, program: Program) -> None:
    assert "never filled" in program("users", "list").err
    program("mirror", "refresh")
    for options, found in (
        (["--role", EDITOR, "--min-plays", "100", "--limit", "50"], ["ada"]),
        (["--max-plays", "99"], []),
        (["--no-tenant"], ["left"]),
        (["--no-data"], ["boris"]),
        (["--name", "bor"], ["boris"]),
        (["--email", "@EXAMPLE"], ["ada", "boris"]),
        (["--genre", "Jazz"], ["ada"]),
        (["--sort", "songs"], ["ada", "left", "boris"]),
        (["--sort", "email", "--limit", "2"], ["ada", "boris"]),
        (["--limit", "1"], ["ada"]),
    ):
        ended = program("users", "list", *options, "-o", "ids", "-q")
        assert (ended.out.split(), ended.err) == ([f"auth0|{name}" for name in found], ""), options
    assert program("users", "list", "--genre", "x").out == "No listeners.\n"
    assert program("users", "list", "--genre", "x", "--json").out == "[]\n"
    assert program("users", "list", "--limit", "0").code == 2
    assert program("users", "list", "--sort", "age").code == 2


def test_a_pipe_gets_all_of_them_unless_limited(house: Sandbox, program: Program) -> None:
    house.query("INSERT INTO songs SELECT 'n' || i, 'x', 'auth0|n' || i FROM generate_series(1, 60) i")
    assert len(program("users", "list").out.splitlines()) == 63
    whole = program("users", "list", "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(whole.out)))
    assert (len(rows), "more than" in whole.err) == (62, False)
    limited = program("users", "list", "--limit", "60")
    assert len(limited.out.splitlines()) == 61
    assert "there are more than these 60 listeners; --limit and -o csv print more" in limited.err
    assert "more than" not in program("users", "list", "--limit", "62").err


def test_a_replica_is_read_from(house: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUSICCTL_PROFILE")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("MUSICCTL_DATABASE_READ_URL", house.state.database_url)
    assert program("users", "list", "-o", "ids").out.split() == ["auth0|ada", "auth0|left"]
    assert program("query", "select 1 as one", "--json").json == [{"one": 1}]
    assert program("stats", "--json").json["editors"] == 0
    assert program("songs", "list", "auth0|ada").code == 69


def test_show_says_what_was_changed_last(house: Sandbox, program: Program) -> None:
    house.set_plays("auth0|ada", 99)
    assert program("users", "show", "auth0|ada", "--json").json["last_change"] is None
    run = program("promote", "auth0|ada", "--json").json["run"]
    shown = program("users", "show", "ada@example.com", "--json").json
    assert (shown["standing"], shown["roles"]) == ("below", ["beta"])
    assert {name: shown["last_change"][name] for name in ("run", "command", "verdict", "state")} == {
        "run": run,
        "command": "promote",
        "verdict": "revoke",
        "state": "applied",
    }
    program("roles", "pin", "auth0|ada", "--state", "granted", "--reason", "staff")
    assert program("users", "show", "auth0|ada", "--json").json["standing"] == "pinned"


def test_show_of_an_app_that_lacks_tables(house: Sandbox, program: Program) -> None:
    house.query("ALTER TABLE songs RENAME TO tunes")
    try:
        ended = program("users", "show", "auth0|ada", "--json")
        assert (ended.code, ended.json["songs"], ended.json["playlists"]) == (0, None, 1)
    finally:
        house.query("ALTER TABLE tunes RENAME TO songs")


def test_erase_asks_shows_and_erases(house: Sandbox, program: Program) -> None:
    program("mirror", "refresh")
    program("genres", "set", "auth0|ada", "techno")
    refused = program("users", "erase", "auth0|ada", "--json")
    assert (refused.code, refused.error["code"]) == (2, "usage")
    assert "1 row of songs" in refused.error["message"]
    tried = program("users", "erase", "ada@example.com", "--dry-run", "--json").json
    assert (tried["run"], tried["songs"], tried["changes"]) == (None, 1, 1)
    assert house.query("SELECT count(*) FROM songs") == [(2,)]

    ended = program("users", "erase", "auth0|ada", "--yes", "--json")
    assert ended.code == 0
    assert ended.json == tried | {"run": ended.json["run"]}
    assert "by the mirror it still holds playlist editor, beta" in ended.err
    assert house.query("SELECT user_id FROM songs") == [("auth0|left",)]
    listed = program("users", "list", "-o", "ids").out.split()
    assert listed == ["auth0|boris", "auth0|left"]
    assert house.roles("auth0|ada") == [EDITOR, "beta"]
    again = program("users", "erase", "auth0|ada", "--yes", "--json")
    assert (again.code, again.error["code"]) == (3, "not_found")


def test_the_journal_says_that_and_not_whom(house: Sandbox, program: Program) -> None:
    program("genres", "set", "auth0|ada", "techno")
    run = program("users", "erase", "auth0|ada", "--yes", "--json").json["run"]
    shown = program("history", "show", run, "--json")
    assert shown.json["command"] == "users erase"
    erased = {change["target"]: (change["before"], change["after"]) for change in shown.json["changes"]}
    assert (erased["songs"], erased["user_data"], erased["artists"]) == ((1, 0), (1, 0), (0, 0))
    journal = house.query("SELECT string_agg(changes::text, ' ') FROM musicctl.changes AS changes")
    assert "ada" not in str(journal)
    assert "techno" not in str(journal)
    assert program("undo", run, "--yes").code == 2
    assert (
        program("undo", house.query("SELECT run FROM musicctl.runs ORDER BY started_at")[0][0], "--yes").code
        == 4
    )


def test_erase_of_one_whom_a_run_is_changing_is_refused(house: Sandbox, program: Program) -> None:
    house.query(
        "INSERT INTO musicctl.runs (run, command, actor, present, profile)"
        " VALUES ('r', 'promote', 'a', false, 'p');"
        "INSERT INTO musicctl.changes (run, seq, user_id, field, verdict, state)"
        " VALUES ('r', 0, 'auth0|ada', 'roles', 'grant', 'sent')"
    )
    ended = program("users", "erase", "auth0|ada", "--yes", "--json")
    assert (ended.code, ended.error["code"]) == (4, "refused")
    assert "history recover" in ended.error["hint"]
    assert house.query("SELECT count(*) FROM songs") == [(2,)]


@pytest.mark.parametrize(
    "words", [("users", "list"), ("stats",), ("query", "SELECT 1"), ("roles", "holders")]
)
def test_a_profile_of_another_tenant_is_refused(
    house: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.delenv("MUSICCTL_PROFILE")
    monkeypatch.setenv("DATABASE_URL", house.state.database_url)
    assert program("mirror", "status", "-P", "sandbox").code == 0
    monkeypatch.setenv("AUTH0_DOMAIN", "https://other.eu.auth0.com")
    ended = program(*words, "--json")
    assert (ended.code, ended.error["code"], ended.out) == (78, "config", "")
    assert "not to https://other.eu.auth0.com" in ended.error["message"]
    monkeypatch.delenv("AUTH0_DOMAIN")
    if words[0] != "roles":
        assert program(*words, "--json").code == 0
