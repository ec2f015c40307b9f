"""Loading data into both stores of a sandbox: files good and bad, made-up listeners, the cast."""

import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from musicctl.errors import MusicctlError, UsageError
from musicctl.sandbox import load, playlist_file
from musicctl.sandbox.demo_listeners import demo_cast
from musicctl.sandbox.listeners import made_up
from musicctl.sandbox.local_tenant import profiles
from musicctl.sandbox.local_tenant.storage import STATE_FILE, Storage
from musicctl.settings.sandbox_state import SandboxState
from tests.program import query
from tests.sandbox.tenant_fixtures import made_state

HEADER = "playlist_id,user_id,name,total_plays\n"


class Stores:
    """Both stores, without the tenant's process: `load` writes to its state on disk."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.url = database_url
        self.state: SandboxState = made_state(folder, port=1, database_url=database_url)
        self.said: list[str] = []

    def load_text(self, content: str | bytes) -> load.Loaded:
        path = self.folder / "playlists.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return load.load_file(self.folder, self.state, path, self.said.append)

    def made_up(self, users: int, seed: int) -> load.Loaded:
        return load.load_made_up(self.folder, self.state, users=users, seed=seed, say=self.said.append)

    def rows(self, table: str) -> list[tuple[object, ...]]:
        return query(self.url, f"SELECT * FROM {table} ORDER BY 1")

    def users(self) -> dict[str, dict[str, Any]]:
        with Storage.open(self.folder / STATE_FILE) as storage:
            pages = [profiles.profile(user) for page in storage.all_users() for user in page]
        return {str(user["user_id"]): user for user in pages}


@pytest.fixture
def sandbox(tmp_path: Path, database_url: str) -> Stores:
    return Stores(tmp_path, database_url)


def test_loads_playlists_and_makes_their_owners(sandbox: Stores) -> None:
    loaded = sandbox.load_text(
        HEADER + "p1,auth0|a,Diary of Dreams,8012\n"
        'p2,auth0|a,"Say ""hi"", now",0\n'
        "p3,apple|8778c5.66f1.7dfd,עברי לידר,9223372036854775807\n"
        "p4,google-oauth2|1003,,7\n"
    )
    assert loaded == load.Loaded(users=3, playlists=4)
    assert sandbox.rows("playlists") == [
        ("p1", "auth0|a", "Diary of Dreams", 8012),
        ("p2", "auth0|a", 'Say "hi", now', 0),
        ("p3", "apple|8778c5.66f1.7dfd", "עברי לידר", 9223372036854775807),
        ("p4", "google-oauth2|1003", "", 7),
    ]
    users = sandbox.users()
    assert set(users) == {"auth0|a", "apple|8778c5.66f1.7dfd", "google-oauth2|1003"}
    # The first twelve hex digits of the sha256 of the id.
    assert users["auth0|a"]["email"] == "ee73da74256e@example.com"
    assert not any({"app_metadata", "user_metadata"} & set(user) for user in users.values())
    assert sandbox.said == [f"{sandbox.folder / 'playlists.csv'} has 4 playlists"]


def test_loading_again_updates_by_id_and_leaves_users_alone(sandbox: Stores) -> None:
    sandbox.load_text(HEADER + "p1,auth0|a,One,1\np2,auth0|b,Two,2\n")
    with Storage.open(sandbox.folder / STATE_FILE) as storage:
        there = storage.get_user("auth0|a")
        assert there is not None
        changed = there._replace(email="mine@x.example", app_metadata='{"roles":["x"]}')
        storage.put_user(changed)
    assert sandbox.load_text(HEADER + "p1,auth0|a,One,99\np3,auth0|c,Three,3\n") == load.Loaded(
        users=1, playlists=2
    )
    assert [(row[0], row[3]) for row in sandbox.rows("playlists")] == [("p1", 99), ("p2", 2), ("p3", 3)]
    users = sandbox.users()
    assert set(users) == {"auth0|a", "auth0|b", "auth0|c"}
    assert (users["auth0|a"]["email"], users["auth0|a"]["app_metadata"]) == (
        "mine@x.example",
        {"roles": ["x"]},
    )


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfplaylist_id,user_id,name,total_plays\r\np1,auth0|a,\xc3\xa9,5\r\n",
        "total_plays,name,playlist_id,user_id\n5,é,p1,auth0|a",
        ' playlist_id , user_id,name,"total_plays"\n\np1,auth0|a,é,5\n\n',
        'playlist_id,user_id,name,total_plays\n"p1","auth0|a","é","0005"\n',
    ],
    ids=["bom and crlf", "other order, no last newline", "blanks", "quotes"],
)
def test_takes_files_as_programs_write_them(sandbox: Stores, content: str | bytes) -> None:
    sandbox.load_text(content)
    assert sandbox.rows("playlists") == [("p1", "auth0|a", "é", 5)]


def test_a_file_without_playlists_loads_none(sandbox: Stores) -> None:
    assert sandbox.load_text(HEADER) == load.Loaded(users=0, playlists=0)


def test_a_name_may_span_lines(sandbox: Stores) -> None:
    with pytest.raises(MusicctlError) as refused:
        sandbox.load_text(HEADER + 'p1,auth0|a,"two\nlines",5\np2,auth0|a,x,y\n')
    assert refused.value.details["problems"] == [
        {"line": 4, "column": "total_plays", "reason": "'y' is no whole number of 0 or more"}
    ]
    sandbox.load_text(HEADER + 'p1,auth0|a,"two\nlines",5\n')
    assert sandbox.rows("playlists") == [("p1", "auth0|a", "two\nlines", 5)]


Problems = list[tuple[int, str, str]]
NO_ID = "is no user id like auth0|5f7c8ec7c33c6c004bbafe82"
NO_NUMBER = "is no whole number of 0 or more"

FILES: dict[str, tuple[str | bytes, Problems]] = {
    "empty": (b"", [(1, "", "the file is empty")]),
    "no header": ("p1,auth0|a,x,5\n", [(1, "playlist_id", "is missing from the first line")]),
    "short header": ("playlist_id,user_id,name\n", [(1, "total_plays", "is missing from the first line")]),
    "column twice": ("name," + HEADER, [(1, "name", "is there twice")]),
    "one column more": ("colour," + HEADER, [(1, "", "has a column that is not known: 'colour'")]),
    "a record in quotes too many": (
        HEADER + 'p1,auth0|a,"x"y,5\n',
        [(2, "", "is no CSV: ',' expected after '\"'")],
    ),
    "an open quote": (
        HEADER + 'p1,auth0|a,x,5\np2,auth0|a,"x\n',
        [(3, "", "is no CSV: unexpected end of data")],
    ),
    "a long line": (HEADER + "x" * (1 << 21), [(2, "", "has more than 1,048,576 characters")]),
    "a long field": (
        HEADER + "p1,auth0|a," + "x" * 200_000 + ",5",
        [(2, "", "is no CSV: field larger than field limit (131072)")],
    ),
    "latin-1": ((HEADER + "p1,auth0|a,é,5\n").encode("latin-1"), [(2, "name", "is not UTF-8")]),
    "duplicates": (
        HEADER + "p1,auth0|a,x,5\np2,auth0|a,x,5\np1,auth0|b,x,6\np1,auth0|c,x,7\n",
        [(4, "playlist_id", "'p1' is on line 2 already"), (5, "playlist_id", "'p1' is on line 2 already")],
    ),
    "several": (
        HEADER + "p1,a,x,5\np2,auth0|a,x,5\np2,auth0|a,x,5\n\np3,auth0|a,x,y\n",
        [
            (2, "user_id", f"'a' {NO_ID}"),
            (4, "playlist_id", "'p2' is on line 3 already"),
            (6, "total_plays", f"'y' {NO_NUMBER}"),
        ],
    ),
}
LINES = {
    "p1,auth0|a,x": ("", "has 3 fields, not 4"),
    "p1,auth0|a,x,5,6": ("", "has 5 fields, not 4"),
    ",auth0|a,x,5": ("playlist_id", "is empty"),
    f"{'p' * 1025},auth0|a,x,5": ("playlist_id", "has more than 1024 bytes"),
    f"p1,auth0|{'x' * 1019},x,5": ("user_id", "has more than 1024 bytes"),
    "p1,,x,5": ("user_id", f"'' {NO_ID}"),
    "p1,ringo,x,5": ("user_id", f"'ringo' {NO_ID}"),
    "p1,|a,x,5": ("user_id", f"'|a' {NO_ID}"),
    "p1,auth0|,x,5": ("user_id", f"'auth0|' {NO_ID}"),
    "p1,auth0|a\u202eb,x,5": ("user_id", r"'auth0|a\u202eb' has a character that cannot be seen"),
    "p1,auth0|a,x\0y,5": ("name", "has a NUL character"),
    "p1,auth0|a,é\0y,5": ("name", "has a NUL character"),
    "p1,auth0|a,x,": ("total_plays", f"'' {NO_NUMBER}"),
    "p1,auth0|a,x,-1": ("total_plays", f"'-1' {NO_NUMBER}"),
    "p1,auth0|a,x,1.5": ("total_plays", f"'1.5' {NO_NUMBER}"),
    "p1,auth0|a,x, 5": ("total_plays", f"' 5' {NO_NUMBER}"),
    "p1,auth0|a,x,٣": ("total_plays", f"'٣' {NO_NUMBER}"),
    "p1,auth0|a,x,1_000": ("total_plays", f"'1_000' {NO_NUMBER}"),
    "p1,auth0|a,x,NaN": ("total_plays", f"'NaN' {NO_NUMBER}"),
    f"p1,auth0|a,x,{1 << 63}": ("total_plays", "is larger than a bigint"),
    f"p1,auth0|a,x,{'9' * 5000}": ("total_plays", "is larger than a bigint"),
}
BAD = [*FILES.values(), *((HEADER + line + "\n", [(2, *wrong)]) for line, wrong in LINES.items())]
NAMES = [*FILES, *(line[:24] for line in LINES)]


@pytest.mark.parametrize(("content", "problems"), BAD, ids=NAMES)
def test_refuses_a_bad_file_whole(tmp_path: Path, content: str | bytes, problems: Problems) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(MusicctlError) as refused:
        playlist_file.check(path)
    assert refused.value.details["problems"] == [
        {"line": line, "column": column, "reason": reason} for line, column, reason in problems
    ]
    first = f"line {problems[0][0]}{', ' if problems[0][1] else ''}{problems[0][1]}: {problems[0][2]}"
    assert first in refused.value.what
    assert "\n" not in refused.value.what
    assert str(path) in refused.value.what


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("no header", "the first line must name the columns playlist_id,user_id,name,total_plays"),
        ("latin-1", "save the file as UTF-8"),
        ("several", "mend these lines and load the file again"),
    ],
)
def test_the_hint_is_about_what_is_wrong(tmp_path: Path, name: str, hint: str) -> None:
    content = FILES[name][0]
    path = tmp_path / "bad.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(MusicctlError) as refused:
        playlist_file.check(path)
    assert refused.value.hint == hint


def test_writes_nothing_of_a_bad_file(sandbox: Stores) -> None:
    with pytest.raises(MusicctlError):
        sandbox.load_text(HEADER + "p1,auth0|a,x,5\np2,auth0|b,x,oops\n")
    assert sandbox.rows("playlists") == []
    assert not (sandbox.folder / STATE_FILE).exists()


def test_lists_twenty_bad_lines_and_counts_the_others(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(HEADER + "".join(f"p{number},auth0|a,x,oops\n" for number in range(50)))
    with pytest.raises(MusicctlError) as refused:
        playlist_file.check(path)
    problems: Any = refused.value.details["problems"]
    assert [problem["line"] for problem in problems] == list(range(2, 22))
    assert "is bad in 50 places" in refused.value.what
    assert refused.value.what.endswith("; and 30 more")


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir], ids=["missing", "a folder"])
def test_a_file_that_cannot_be_read(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "none.csv"
    make(path)
    with pytest.raises(UsageError, match=r"none\.csv cannot be read: ") as raised:
        playlist_file.check(path)
    assert raised.value.hint.endswith("or --users N")


def test_a_file_spoilt_between_the_two_readings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(HEADER + "p1,auth0|a,x,5\n")
    assert playlist_file.check(path) == 1
    path.write_text(HEADER + "p1,auth0|a,x,oops\n")
    with pytest.raises(MusicctlError, match="line 2, total_plays"):
        list(playlist_file.rows(path))


def test_checks_a_large_file_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write(HEADER)
        file.writelines(f"p{number},auth0|{number},{'x' * 200},5\n" for number in range(200_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert playlist_file.check(path) == 200_000
    # The file has 45 MB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_made_up_listeners_are_in_both_stores(sandbox: Stores) -> None:
    listeners = list(made_up(200, 5))
    loaded = sandbox.made_up(200, 5)
    assert loaded == load.Loaded(
        users=200,
        playlists=sum(len(each.playlists) for each in listeners),
        songs=sum(len(each.songs) for each in listeners),
        artists=sum(len(each.artists) for each in listeners),
        genres=sum(each.fav_genre is not None for each in listeners),
    )
    assert sandbox.rows("playlists") == sorted(
        (row.id, each.user_id, row.name, row.plays) for each in listeners for row in each.playlists
    )
    assert sandbox.rows("songs") == sorted(
        (row.id, row.name, each.user_id) for each in listeners for row in each.songs
    )
    assert sandbox.rows("artists") == sorted(
        (row.id, row.name, each.user_id) for each in listeners for row in each.artists
    )
    assert sandbox.rows("user_data") == sorted(
        (each.user_id, each.fav_genre) for each in listeners if each.fav_genre
    )
    users = sandbox.users()
    for each in listeners:
        user = users[each.user_id]
        assert user["email"] == each.email
        assert user.get("app_metadata") == each.app_metadata
        assert user.get("user_metadata") == each.user_metadata


def test_more_of_the_same_seed_adds_the_others(sandbox: Stores) -> None:
    sandbox.made_up(50, 5)
    assert sandbox.made_up(50, 5) == load.Loaded(users=0, playlists=0)
    assert sandbox.made_up(80, 5).users == 30
    assert len(sandbox.users()) == 80


def test_the_cast_is_written_over_what_became_of_it(sandbox: Stores) -> None:
    sandbox.load_text(HEADER + "p1,auth0|a,x,5\n")
    assert load.load_cast(sandbox.folder, sandbox.state).users == len(demo_cast())
    first = {name: sandbox.rows(name) for name in ("playlists", "songs", "artists", "user_data")}
    with Storage.open(sandbox.folder / STATE_FILE) as storage:
        for page in storage.all_users():
            for user in page:
                storage.put_user(user._replace(app_metadata='{"roles":["else"]}', user_metadata=None))
    query(sandbox.url, "UPDATE playlists SET total_plays = 1, name = NULL WHERE user_id LIKE 'auth0|demo-%'")
    query(sandbox.url, "DELETE FROM songs")
    load.load_cast(sandbox.folder, sandbox.state)
    assert {name: sandbox.rows(name) for name in first} == first
    users = sandbox.users()
    for each in demo_cast():
        assert users[each.user_id].get("app_metadata") == each.app_metadata
        assert users[each.user_id].get("user_metadata") == each.user_metadata
        assert users[each.user_id]["email"] == each.email
    assert users["auth0|a"]["app_metadata"] == {"roles": ["else"]}


def test_every_load_marks_the_mirror_as_never_filled(sandbox: Stores) -> None:
    def seen() -> list[tuple[object, ...]]:
        return query(sandbox.url, "SELECT as_of FROM musicctl.mirror")

    loadings: list[Callable[[], load.Loaded]] = [
        lambda: sandbox.load_text(HEADER),
        lambda: sandbox.made_up(1, 1),
        lambda: load.load_cast(sandbox.folder, sandbox.state),
    ]
    for loading in loadings:
        query(sandbox.url, "DELETE FROM musicctl.mirror")
        query(sandbox.url, "INSERT INTO musicctl.mirror (id, domain, as_of) VALUES (1, 'http://x', now())")
        loading()
        assert seen() == [(None,)]


def test_an_owner_of_thousands_is_one_user(sandbox: Stores) -> None:
    lines = "".join(f"p{number},auth0|a,x,1\n" for number in range(5000))
    assert sandbox.load_text(HEADER + lines) == load.Loaded(users=1, playlists=5000)


def test_metadata_is_json(sandbox: Stores) -> None:
    load.load_cast(sandbox.folder, sandbox.state)
    with Storage.open(sandbox.folder / STATE_FILE) as storage:
        sakura = storage.get_user("auth0|demo-sakura")
    assert sakura is not None
    assert json.loads(sakura.user_metadata or "") == {"displayName": "さくら 🌸"}
