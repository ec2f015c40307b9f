"""Every command through `main`: its exit code, its stdout and its stderr."""

import io
import json
import os
import socket
from pathlib import Path

import pytest

from musicctl.errors import Exit
from musicctl.store import schema
from tests.program import Program, Sandbox

BEATLES = "google-oauth2|xxxyyy123"


@pytest.fixture
def ringo(sandbox: Sandbox) -> Sandbox:
    """A listener with something in each store."""
    sandbox.add_user(
        "auth0|ringo",
        plays=100,
        app_metadata={"roles": ["drummer"], "plan": "premium"},
        user_metadata={"theme": "dark", "displayName": "Ringo"},
    )
    sandbox.query("INSERT INTO songs VALUES ('s1', 'Octopus''s Garden', 'auth0|ringo')")
    sandbox.query("INSERT INTO user_data VALUES ('auth0|ringo', 'beat')")
    return sandbox


def test_songs_without_asking_auth0(sandbox: Sandbox, program: Program) -> None:
    added = program("songs", "add", BEATLES, "Yellow Submarine", "--id", "1a", "--json")
    assert added.code == 0
    assert added.json == [{"song_id": "1a", "songname": "Yellow Submarine", "user_id": BEATLES}]
    assert "profile sandbox: writing to" in added.err
    listed = program("songs", "list", BEATLES, "--json")
    assert (listed.code, listed.err) == (0, "")
    assert listed.json == added.json
    assert sandbox.requests() == []


def test_songs_of_a_listener_without_any(sandbox: Sandbox, program: Program) -> None:
    assert program("songs", "list", BEATLES).out == "No songs.\n"
    assert program("songs", "list", BEATLES, "--json").json == []
    assert sandbox.requests() == []


def test_several_songs_are_saved_together_or_not_at_all(sandbox: Sandbox, program: Program) -> None:
    both = program("songs", "add", BEATLES, "Help!", "Girl", "-q", "-o", "jsonl")
    assert (both.code, both.err) == (0, "")
    assert [json.loads(line)["songname"] for line in both.out.splitlines()] == ["Help!", "Girl"]
    assert program("songs", "add", BEATLES, "x", "--id", "1a").code == 0
    taken = program("songs", "add", BEATLES, "y", "--id", "1a")
    assert taken.code == Exit.FAILED
    assert "1a is taken" in taken.err
    for arguments in (["a", "b", "--id", "2"], ["a", " "], ["a", "--id", ""]):
        assert program("songs", "add", BEATLES, *arguments).code == Exit.USAGE
    assert program("songs", "add", BEATLES, "nul\0").code == Exit.FAILED
    assert sandbox.query("SELECT count(*) FROM songs") == [(3,)]


def test_an_email_address_in_place_of_an_id(ringo: Sandbox, program: Program) -> None:
    shown = program("songs", "list", "ringo@example.com", "--json").json
    assert [song["song_id"] for song in shown] == ["s1"]
    assert program("songs", "list", "Ringo@Example.com", "--json").json == shown
    missing = program("songs", "list", "nobody@example.com", "--json")
    assert (missing.code, missing.error["code"], missing.out) == (3, "not_found", "")


def test_an_email_address_of_several_accounts_lists_them(ringo: Sandbox, program: Program) -> None:
    twin = ringo.tenant.get_user("auth0|ringo")
    assert twin is not None
    ringo.tenant.put_user(twin._replace(user_id="apple|ringo"))
    ended = program("songs", "list", "ringo@example.com", "--json")
    assert ended.code == 3
    assert ended.error["candidates"] == ["apple|ringo", "auth0|ringo"]


@pytest.mark.parametrize(
    "command",
    [
        ("promote", "ringo@example.com"),
        ("promote", "auth0|john", "ringo@example.com"),
        ("roles", "grant", "ringo@example.com", "auth0|john"),
        ("roles", "revoke", "ringo@example.com"),
        ("roles", "pin", "ringo@example.com", "--state", "granted", "--reason", "x"),
        ("roles", "list", "ringo@example.com"),
        ("profile", "set-name", "ringo@example.com", "R"),
        ("songs", "add", "ringo@example.com", "Help"),
        ("genres", "set", "ringo@example.com", "rock"),
        ("users", "show", "ringo@example.com"),
        ("users", "erase", "ringo@example.com", "--yes"),
    ],
    ids=" ".join,
)
def test_two_accounts_with_one_address_are_named_and_nothing_is_done(
    ringo: Sandbox, program: Program, command: tuple[str, ...]
) -> None:
    twin = ringo.tenant.get_user("auth0|ringo")
    assert twin is not None
    ringo.tenant.put_user(twin._replace(user_id="apple|ringo"))
    ringo.add_user("auth0|john", plays=100)
    ended = program(*command, "--json")
    assert (ended.code, ended.out) == (3, "")
    assert ended.error["candidates"] == ["apple|ringo", "auth0|ringo"]
    assert ringo.writes() == []
    assert ringo.query("SELECT count(*) FROM musicctl.runs") == [(0,)]


@pytest.mark.parametrize("around", ["\ufeff{}", " {}", "{}\t", "\u00a0{}\r", "\ufeff {} \u3000"])
def test_what_only_stands_around_a_user_is_taken_off(
    ringo: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch, around: str
) -> None:
    for user in ("auth0|ringo", "ringo@example.com"):
        assert program("users", "show", around.format(user), "--json").json["user_id"] == "auth0|ringo"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{around.format('auth0|ringo')}\n\ufeff\n"))
    ended = program("promote", "-", "--json")
    assert (ended.code, ended.json["problems"]) == (0, [])


def test_playlists(ringo: Sandbox, program: Program) -> None:
    ringo.query(
        "INSERT INTO playlists VALUES ('p2', 'auth0|ringo', 'Drums', 500), ('p3', 'auth0|ringo', NULL, NULL)"
    )
    assert program("playlists", "list", "auth0|ringo", "--json").json == [
        {"playlist_id": "p2", "user_id": "auth0|ringo", "name": "Drums", "total_plays": 500},
        {"playlist_id": "of auth0|ringo", "user_id": "auth0|ringo", "name": "Mix", "total_plays": 100},
        {"playlist_id": "p3", "user_id": "auth0|ringo", "name": None, "total_plays": None},
    ]
    assert program("playlists", "list", "auth0|ringo", "-o", "ids").out == "p2\nof auth0|ringo\np3\n"
    assert program("playlists", "list", BEATLES).out == "No playlists.\n"


def test_genres(ringo: Sandbox, program: Program) -> None:
    assert program("genres", "show", "auth0|ringo", "--json").json == {
        "user_id": "auth0|ringo",
        "fav_genre": "beat",
    }
    assert program("genres", "show", BEATLES, "--json").json["fav_genre"] is None
    changed = program("genres", "set", "auth0|ringo", "skiffle", "--json")
    assert (changed.code, changed.json["fav_genre"]) == (0, "skiffle")
    assert "it was beat before" in changed.err
    assert "it was not set before" in program("genres", "set", BEATLES, "beat").err
    assert program("genres", "set", BEATLES, " ").code == Exit.USAGE
    assert ringo.query("SELECT * FROM user_data ORDER BY 1") == [
        ("auth0|ringo", "skiffle"),
        (BEATLES, "beat"),
    ]


def test_profile_show(ringo: Sandbox, program: Program) -> None:
    assert program("profile", "show", "auth0|ringo", "--json").json == {
        "user_id": "auth0|ringo",
        "email": "ringo@example.com",
        "display_name": "Ringo",
    }
    missing = program("profile", "show", "auth0|nobody")
    assert (missing.code, missing.out) == (3, "")
    assert missing.err.splitlines()[0].endswith("has no user auth0|nobody")


def test_profile_set_name_changes_the_name_and_nothing_else(ringo: Sandbox, program: Program) -> None:
    before = ringo.profile("auth0|ringo")
    ended = program("profile", "set-name", "auth0|ringo", "Ringo ⭐", "--json")
    assert (ended.code, ended.json["display_name"]) == (0, "Ringo ⭐")
    after = ringo.profile("auth0|ringo")
    assert after.pop("user_metadata") == {"theme": "dark", "displayName": "Ringo ⭐"}
    assert after == {name: value for name, value in before.items() if name != "user_metadata"}
    assert [json.loads(write.body) for write in ringo.writes()] == [
        {"user_metadata": {"displayName": "Ringo ⭐"}}
    ]
    assert program("profile", "set-name", "auth0|ringo", " Ringo ⭐ ").code == 0
    assert len(ringo.writes()) == 1


@pytest.mark.parametrize("name", ["", " ", "a\x1b[2Jb", "a\u202eb", "x" * 65])
def test_names_that_will_not_do_change_nothing(ringo: Sandbox, program: Program, name: str) -> None:
    ended = program("profile", "set-name", "auth0|ringo", name)
    assert (ended.code, ended.out) == (Exit.USAGE, "")
    assert "\x1b" not in ended.err
    assert ringo.writes() == []


def test_users_show_joins_all_three_stores(ringo: Sandbox, program: Program) -> None:
    assert program("users", "show", "ringo@example.com", "--json").json == {
        "user_id": "auth0|ringo",
        "email": "ringo@example.com",
        "display_name": "Ringo",
        "roles": ["drummer"],
        "fav_genre": "beat",
        "plays": 100,
        "playlists": 1,
        "songs": 1,
        "standing": "earned",
        "last_change": None,
    }
    ringo.add_user("auth0|odd", app_metadata={"roles": 7})
    odd = program("users", "show", "auth0|odd", "--json").json
    assert (odd["roles"], odd["standing"], odd["unreadable"]) == (None, "unreadable", "roles are a number")
    assert program("users", "show", BEATLES).code == 3


def test_roles_list(ringo: Sandbox, program: Program) -> None:
    ringo.add_user("auth0|string", app_metadata={"roles": "dj"})
    ringo.add_user("auth0|odd", app_metadata={"roles": 7})
    assert program("roles", "list", "auth0|ringo", "--json").json == {
        "user_id": "auth0|ringo",
        "roles": ["drummer"],
    }
    assert program("roles", "list", "auth0|string", "--json").json["roles"] == ["dj"]
    odd = program("roles", "list", "auth0|odd", "--json")
    assert (odd.code, odd.error["code"]) == (1, "failed")
    assert program("roles", "list", "auth0|nobody").code == 3


def test_db(sandbox: Sandbox, program: Program) -> None:
    status = program("db", "status", "--json").json
    assert (status["version"], status["pending"]) == (len(schema.migrations()), [])
    assert set(status["tables"].values()) == {True}
    assert program("db", "init").out == "nothing was missing\n"
    assert program("db", "init", "--print").out == "-- nothing is missing\n"
    sandbox.query("DROP TABLE artists")
    assert "CREATE TABLE public.artists" in program("db", "init", "--print").out
    assert program("db", "status", "--json").json["tables"]["artists"] is False
    assert program("db", "init", "-q").out == "created table artists\n"


def test_config(sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown = program("config", "show", "--json").json
    assert shown["auth0_domain"] == {"value": sandbox.state.auth0_domain, "origin": "sandbox"}
    assert shown["auth0_client_secret"]["value"] == "***"
    assert sandbox.state.auth0_client_secret not in program("config", "show").out
    monkeypatch.setenv("MUSICCTL_CONFIG", str(tmp_path / "x.toml"))
    assert program("config", "path").out == f"{tmp_path / 'x.toml'}\n"


def test_config_says_which_reference_leads_nowhere(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[profiles.prod]\ndatabase_url = "env:PROD_DATABASE_URL"\n')
    monkeypatch.setenv("MUSICCTL_CONFIG", str(path))
    said = "database_url (config.toml [profiles.prod]): the environment variable PROD_DATABASE_URL is not set"
    people = program("config", "show", "-P", "prod").out
    [line] = [line for line in people.splitlines() if line.startswith("database_url ")]
    assert line.split(maxsplit=2) == [
        "database_url",
        "-",
        "config.toml [profiles.prod], by env:PROD_DATABASE_URL",
    ]
    assert people.endswith(f"\nWrong: {said}\n")
    machine = program("config", "show", "-P", "prod", "-o", "csv").out.splitlines()
    assert machine[:2] == [
        "setting,value,origin,error",
        f'database_url,,"config.toml [profiles.prod], by env:PROD_DATABASE_URL",{said}',
    ]


def test_an_empty_database_says_what_to_do(
    empty_url: str, sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSICCTL_PROFILE")
    for name in ("auth0_domain", "auth0_client_id", "auth0_client_secret", "auth0_audience"):
        monkeypatch.setenv(name.upper(), getattr(sandbox.state, name))
    without = program("profile", "set-name", "auth0|a", "x", "--json")
    assert (without.code, without.error["code"]) == (78, "config")
    assert "database_url" in without.error["message"]
    monkeypatch.setenv("DATABASE_URL", empty_url)
    for arguments in (["roles", "plan"], ["profile", "set-name", "auth0|a", "x"], ["promote", "auth0|a"]):
        ended = program(*arguments, "--json")
        assert (ended.code, ended.error["hint"]) == (78, "musicctl db init")
    songs = program("songs", "list", "auth0|a")
    assert songs.code == 78
    assert '"songs" does not exist' in songs.err
    assert sandbox.writes() == []


def test_another_tenant_on_the_same_database_is_refused(
    ringo: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program("roles", "plan").code == 0
    monkeypatch.delenv("MUSICCTL_PROFILE")
    monkeypatch.setenv("DATABASE_URL", ringo.state.database_url)
    monkeypatch.setenv("AUTH0_DOMAIN", "other.eu.auth0.com")
    monkeypatch.setenv("AUTH0_CLIENT_ID", "x")
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", "x")
    ended = program("roles", "plan", "--json")
    assert (ended.code, ended.error["code"]) == (78, "config")
    assert "other.eu.auth0.com" in ended.error["message"]


def test_wrong_credentials_are_denied_without_showing_them(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSICCTL_PROFILE")
    for name in ("auth0_domain", "auth0_client_id", "auth0_audience", "database_url"):
        monkeypatch.setenv(name.upper(), getattr(sandbox.state, name))
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", "hunter2")
    ended = program("profile", "show", "auth0|a", "--json")
    assert (ended.code, ended.error["code"]) == (7, "denied")
    assert "hunter2" not in ended.err
    assert sandbox.requests() == ["POST /oauth/token"]


@pytest.mark.long
def test_what_is_down_is_unavailable(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("DATABASE_URL", f"postgresql://u:hunter2@127.0.0.1:{port}/d")
    monkeypatch.setenv("AUTH0_DOMAIN", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AUTH0_CLIENT_ID", "x")
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", "hunter2")
    for arguments in (["songs", "list", "auth0|a"], ["profile", "show", "auth0|a"]):
        ended = program(*arguments, "--json")
        assert (ended.code, ended.error["code"], ended.out) == (69, "unavailable", "")
        assert "hunter2" not in ended.err


def test_nothing_configured_names_the_demo(program: Program) -> None:
    ended = program("songs", "list", "auth0|a", "--json")
    assert (ended.code, ended.error["code"]) == (78, "config")
    assert "musicctl demo" in ended.error["hint"]


@pytest.mark.parametrize("user", ["", ".", "..", "a/b", "nobody", "auth0|", "|x", "auth0|a\nb"])
def test_what_is_no_user_is_refused_before_any_call(sandbox: Sandbox, program: Program, user: str) -> None:
    for arguments in (["profile", "show"], ["songs", "list"], ["promote"], ["users", "show"]):
        ended = program(*arguments, user, "--json")
        assert (ended.code, ended.error["code"]) == (2, "usage")
    assert sandbox.requests() == []


def test_users_from_standard_input(ringo: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"auth0|ringo\n\n  ringo@example.com \n")
    os.close(writing)
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        ended = program("promote", "-", "--json")
    assert (ended.code, ended.json["applied"]) == (0, {"grant": 1, "revoke": 0})
    assert ringo.roles("auth0|ringo") == ["drummer", "playlist editor"]


def test_a_variable_without_effect_is_said_once_and_not_under_quiet(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.add_user("auth0|a")
    monkeypatch.setenv("MUSICCTL_THRESHOLD", "5")
    said = "MUSICCTL_THRESHOLD is set, and the profile sandbox does not use it\n"
    assert program("roles", "plan", "--json").err.count(said) == 1
    assert program("config", "show").err == said
    assert said not in program("roles", "plan", "--quiet").err


def test_the_sandbox_is_removed_only_when_that_is_confirmed(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "sandbox"
    monkeypatch.setenv("MUSICCTL_SANDBOX", str(home))
    assert program("sandbox", "down", "--remove", "--yes").err == "there is no sandbox\n"
    assert program("sandbox", "up").code == 0
    cluster = Path(json.loads((home / "state.json").read_text())["cluster"])
    refused = program("sandbox", "down", "--remove")
    assert (refused.code, "--yes" in refused.err, cluster.is_dir()) == (Exit.USAGE, True, True)
    removed = program("sandbox", "down", "--remove", "--yes")
    assert (removed.code, removed.err) == (0, "the sandbox is removed\n")
    assert (home.exists(), cluster.exists()) == (False, False)


def test_promote_says_why_of_each_user_named(sandbox: Sandbox, program: Program) -> None:
    sandbox.add_user("auth0|ada", plays=100)
    sandbox.add_user("auth0|boris", plays=99)
    promoted = program("promote", "auth0|boris", "auth0|ada")
    assert promoted.out.splitlines()[:3] == [
        "auth0|boris: 99 plays, 1 below the bar of 100: nothing to change",
        "auth0|ada: 100 plays, at the bar of 100: to be granted",
        "Granted 1, revoked 0.",
    ]
    assert program("promote", "auth0|ada", "--json").json["users"] == [
        {
            "user_id": "auth0|ada",
            "plays": 100,
            "verdict": "keep",
            "why": "100 plays, at the bar of 100: keeps the role",
        }
    ]
    assert "auth0|ada: 100 plays" in program("promote", "auth0|ada", "--dry-run").out
