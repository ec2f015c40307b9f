"""A person who thinks at a question: no transaction waits meanwhile, and an ended connection is no harm."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from musicctl.errors import Exit
from tests.cli.test_asking import on_a_terminal
from tests.program import Program, Sandbox

OPEN = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'musicctl' AND state LIKE 'idle in%%'"
STAGING = "SELECT relname FROM pg_class WHERE relname LIKE 'staging%%' AND relkind = 'r'"
END = (
    "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
    " WHERE application_name = 'musicctl' AND state LIKE 'idle%%'"
)


@pytest.fixture
def world(sandbox: Sandbox, program: Program) -> Sandbox:
    """Something for each command to ask about."""
    sandbox.add_user("auth0|new", plays=150)
    sandbox.add_user("auth0|old", plays=3, app_metadata={"roles": ["playlist editor"]})
    sandbox.query("INSERT INTO songs VALUES ('s1', 'Blue', 'auth0|new'), ('s2', 'Red', 'auth0|old')")
    assert program("mirror", "refresh").code == 0
    return sandbox


@pytest.mark.parametrize(
    "words",
    [
        *(
            "roles sync",
            "promote auth0|old",
            "profile fill-names",
            "profile set-names {names}",
            "songs remove auth0|new s1",
        ),
        *("songs move auth0|new auth0|old", "undo last", "users erase auth0|new"),
        "songs import {songs}",
    ],
)
def test_while_a_person_thinks(world: Sandbox, program: Program, tmp_path: Path, words: str) -> None:
    (tmp_path / "songs.csv").write_text("song_id,songname,user_id\ns3,Red,auth0|new\n")
    (tmp_path / "names.csv").write_text("user,name\nauth0|new,Zoë\n")
    files = {"songs": tmp_path / "songs.csv", "names": tmp_path / "names.csv"}
    if words == "undo last":
        assert program("playlists", "set-plays", "of auth0|old", "4").code == 0
    seen: list[object] = []

    def answers() -> Iterator[bytes]:
        while True:
            time.sleep(0.1)  # what was asked before the question has been answered
            seen.append(world.query(OPEN))
            world.query(END)
            yield b"y\n"

    arguments = [word.format(**files) for word in words.split()]
    code, screen = on_a_terminal(arguments, answers())
    assert (code, seen) == (0, [[(0,)]]), screen
    assert world.query(STAGING) == []


def test_an_import_of_nothing_asks_nothing(world: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "songs.csv").write_text("song_id,songname,user_id\n")
    code, screen = on_a_terminal(["songs", "import", str(tmp_path / "songs.csv")], b"y\n")
    assert (code, "[y/N]" in screen) == (0, False)
    assert world.query(STAGING) == []


@pytest.mark.parametrize("answer", [b"n\n", b"\x03"])
def test_an_import_that_is_not_agreed_to_leaves_nothing(
    world: Sandbox, tmp_path: Path, answer: bytes
) -> None:
    (tmp_path / "songs.csv").write_text("song_id,songname,user_id\ns3,Red,auth0|new\n")
    code, _ = on_a_terminal(["songs", "import", str(tmp_path / "songs.csv")], answer)
    assert code in {Exit.FAILED, Exit.INTERRUPTED}
    assert world.query("SELECT count(*) FROM songs") == [(2,)]
    assert world.query(STAGING) == []
