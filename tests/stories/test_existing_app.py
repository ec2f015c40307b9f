"""An app that was there before: other columns, no keys, integer and double ids, NULLs, its own schema."""

from pathlib import Path

import pytest

from tests.program import Ended, Program, Sandbox, query

ADA, BORIS = "auth0|ada", "auth0|boris"
TABLES = """
    CREATE SCHEMA app;
    CREATE TABLE app.songs (album text DEFAULT 'none', user_id text, songname varchar(40), song_id integer);
    CREATE TABLE app.playlists (total_plays integer, user_id varchar(40));
    CREATE TABLE app.user_data (user_id text, colour text, fav_genre text);
    INSERT INTO app.songs (song_id, songname, user_id) VALUES
        (1, 'So What', 'auth0|ada'), (1, 'Twice', 'auth0|ada'), (2, NULL, 'auth0|ada'),
        (NULL, 'No id', 'auth0|boris'), (3, 'What else', NULL);
    INSERT INTO app.playlists VALUES (60, 'auth0|ada'), (40, 'auth0|ada'), (NULL, 'auth0|boris'), (7, NULL);
    INSERT INTO app.user_data VALUES ('auth0|ada', 'red', 'jazz'), ('auth0|boris', NULL, NULL);
"""
OF_ADA = [
    {"song_id": 1, "songname": "So What", "user_id": ADA},
    {"song_id": 1, "songname": "Twice", "user_id": ADA},
    {"song_id": 2, "songname": None, "user_id": ADA},
]


@pytest.fixture
def app(
    empty_url: str, sandbox: Sandbox, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The URL of such an app's database, where `db init` has been; its schema is on the search path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MUSICCTL_PROFILE")
    for name in ("auth0_domain", "auth0_client_id", "auth0_client_secret", "auth0_audience"):
        monkeypatch.setenv(name.upper(), getattr(sandbox.state, name))
    monkeypatch.setenv("DATABASE_URL", empty_url)
    database = empty_url.partition("?")[0].rpartition("/")[2]
    query(empty_url, TABLES + f"ALTER DATABASE {database} SET search_path = app, public")
    sandbox.add_user(ADA)
    sandbox.add_user(BORIS)
    assert program("db", "init").code == 0
    return empty_url


def done(program: Program, *words: str) -> Ended:
    ended = program(*words)
    assert ended.code == 0, ended.err
    return ended


def test_nothing_of_the_app_is_made_anew(app: str, program: Program) -> None:
    assert done(program, "db", "status", "--json").json["pending"] == []
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
    made = [name for (name,) in query(app, tables)]
    assert not {"songs", "playlists", "user_data"} & set(made)


def test_songs_are_listed_searched_and_saved(app: str, program: Program) -> None:
    assert done(program, "songs", "list", ADA, "--json", "--sort", "id").json == OF_ADA
    assert [row["song_id"] for row in done(program, "songs", "search", "what", "--json").json] == [1, 3]
    assert done(program, "songs", "add", ADA, "New", "--id", "9", "--json").json[0]["song_id"] == 9
    assert query(app, "SELECT album FROM app.songs WHERE song_id = 9") == [("none",)]
    without = program("songs", "add", ADA, "New")
    assert (without.code, "song_id is of type integer" in without.err) == (78, True)
    for odd in ("nine", "99999999999"):
        refused = program("songs", "add", ADA, "New", "--id", odd)
        assert (refused.code, refused.err.splitlines()[1]) == (
            2,
            f"musicctl: {odd} is no id: song_id is of type integer; nothing was saved",
        )
    assert query(app, "SELECT count(*) FROM app.songs") == [(6,)]


def test_a_double_id_is_both_its_rows(app: str, program: Program) -> None:
    shown = done(program, "songs", "remove", ADA, "1", "--dry-run", "--json")
    assert shown.json == OF_ADA[:2]
    assert "the id 1 stands for 2 rows" in shown.err
    assert done(program, "songs", "move", ADA, BORIS, "--id", "1", "--yes", "--json").json["moved"] == 2
    assert done(program, "songs", "remove", BORIS, "1", "--yes", "--json").json["removed"] == 2
    assert query(app, "SELECT count(*) FROM app.songs WHERE song_id = 1") == [(0,)]


def test_rows_without_an_id_share_none(app: str, program: Program) -> None:
    query(app, "INSERT INTO app.songs (songname, user_id) VALUES ('Nor this', 'auth0|boris')")
    moved = done(program, "songs", "move", BORIS, ADA, "--yes", "--json")
    assert (moved.json["moved"], "stands for" in moved.err) == (2, False)


def test_what_is_exported_is_there_already(app: str, program: Program) -> None:
    done(program, "songs", "export", "--to", "songs.jsonl")
    counts = done(program, "songs", "import", "songs.jsonl", "--yes", "--json").json
    assert (counts["new"], counts["changed"], counts["same"]) == (0, 0, 5)
    Path("more.csv").write_text("user_id,song_id,songname\nauth0|boris,5,x\nauth0|ada,1,So What\n")
    for new in (1, 0):
        counts = done(program, "songs", "import", "more.csv", "--yes", "--json").json
        assert (counts["new"], counts["changed"]) == (new, 0)
    Path("plays.csv").write_text("user_id,total_plays\nauth0|boris,5\nauth0|ada,60\n")
    assert done(program, "playlists", "import", "plays.csv", "--yes", "--json").json["new"] == 1


def test_playlists_that_are_only_plays(app: str, program: Program) -> None:
    rows = done(program, "playlists", "list", ADA, "--json").json
    assert [row["total_plays"] for row in rows] == [60, 40]
    assert {(row["playlist_id"], row["name"], row["user_id"]) for row in rows} == {(None, None, ADA)}
    top = [{"user_id": ADA, "plays": 100, "playlists": 2}]
    assert done(program, "playlists", "top", "--json").json == top
    assert done(program, "playlists", "near", "--json").json == [top[0] | {"distance": 0}]
    refused = program("playlists", "set-plays", "1", "5")
    assert (refused.code, "playlist_id" in refused.err) == (78, True)


@pytest.mark.parametrize(
    ("renamed", "column", "lines"),
    [
        ("songs RENAME songname", "songname", "songs search x|songs add {ada} x"),
        (
            "songs RENAME user_id",
            "user_id",
            "songs list {ada}|songs add {ada} x --id 1|songs remove {ada} 1 --yes|songs export {ada}"
            "|songs move {ada} {boris} --yes|users list --sort songs",
        ),
        (
            "playlists RENAME total_plays",
            "total_plays",
            "playlists top|playlists near|roles plan|roles explain {ada}|promote {ada}|users show {ada}|stats"
            "|users list --min-plays 1|users list --max-plays 1|users list --sort plays --limit 1",
        ),
        (
            "user_data RENAME fav_genre",
            "fav_genre",
            "genres show {ada}|genres set {ada} x|genres top|users list --genre x"
            "|users list --sort fav_genre",
        ),
    ],
)
def test_a_missing_column_is_named(app: str, program: Program, renamed: str, column: str, lines: str) -> None:
    query(app, f"ALTER TABLE app.{renamed} TO other")
    done(program, "db", "init")
    for line in lines.split("|"):
        ended = program(*(word.format(ada=ADA, boris=BORIS) for word in line.split()))
        said = ended.err.splitlines()[-2]
        assert (ended.code, ended.out) == (78, ""), (line, ended)
        assert said.startswith("musicctl: "), said
        assert column in said, said
        assert ended.err.splitlines()[-1].startswith("  hint: ")
    assert done(program, "users", "list", "--json").json


def test_genres_and_who_has_them(app: str, program: Program) -> None:
    assert done(program, "genres", "show", ADA, "--json").json["fav_genre"] == "jazz"
    for user in (ADA, "auth0|new"):
        done(program, "genres", "set", user, "beat")
    assert query(app, "SELECT colour FROM app.user_data WHERE fav_genre = 'beat' ORDER BY 1") == [
        ("red",),
        (None,),
    ]
    assert done(program, "genres", "top", "--json").json == [{"fav_genre": "beat", "users": 2}]
    shown = done(program, "users", "show", ADA, "--json").json
    assert (shown["plays"], shown["playlists"], shown["songs"], shown["standing"]) == (100, 2, 3, "earned")
    listed = done(program, "users", "list", "--genre", "beat", "--json").json
    assert [row["user_id"] for row in listed] == [ADA, "auth0|new"]


def test_the_role_is_given_and_everything_erased(app: str, sandbox: Sandbox, program: Program) -> None:
    assert done(program, "roles", "sync", "--yes", "--json").json["applied"] == {"grant": 1, "revoke": 0}
    assert sandbox.roles(ADA) == ["playlist editor"]
    assert done(program, "stats", "--json").json["editors"] == 1
    erased = done(program, "users", "erase", ADA, "--yes", "--json").json
    assert (erased["songs"], erased["playlists"], erased["user_data"]) == (3, 2, 1)


@pytest.mark.parametrize(
    ("table", "lines"),
    {
        "songs": "songs list {ada}|songs search x|songs add {ada} x|songs remove {ada} 1 --yes"
        "|songs move {ada} {boris} --yes|songs export|songs import file.csv --yes",
        "playlists": "playlists list {ada}|playlists top|playlists near|playlists set-plays 1 1"
        "|playlists import file.csv --yes|roles plan|roles sync --yes|promote {ada}|roles explain {ada}"
        "|users show {ada}|stats",
        "user_data": "genres show {ada}|genres set {ada} x|genres top",
    }.items(),
)
def test_a_missing_table_is_named(app: str, program: Program, table: str, lines: str) -> None:
    Path("file.csv").write_text("song_id,songname,user_id,playlist_id,name,total_plays\n")
    query(app, f"DROP TABLE app.{table}")
    for line in lines.format(ada="auth0!ada", boris="auth0!boris").split("|"):
        ended = program(*(word.replace("!", "|") for word in line.split()))
        said = ended.err.splitlines()[-2]
        assert (ended.code, ended.out) == (78, ""), line
        assert said.startswith("musicctl: "), said
        assert table in said, line
        assert "db status" in ended.err or "db init" in ended.err


def test_what_is_left_is_shown_without_the_others(app: str, program: Program) -> None:
    query(app, "DROP TABLE app.songs, app.playlists, app.user_data")
    done(program, "mirror", "refresh")
    for option in ("--genre=x", "--min-plays=1", "--sort=songs"):
        refused = program("users", "list", option)
        assert (refused.code, refused.out, "does not exist" in refused.err) == (78, "", True)
    listed = done(program, "users", "list", "--json").json
    assert [(row["user_id"], row["plays"], row["songs"], row["fav_genre"]) for row in listed] == [
        (user, None, None, None) for user in (ADA, BORIS)
    ]
