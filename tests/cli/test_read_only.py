"""A server that lets nobody write is respected: nothing is written, there or in the tenant."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from musicctl.errors import Exit
from tests.program import Program, Sandbox


@pytest.fixture
def closed(sandbox: Sandbox, program: Program) -> Iterator[Sandbox]:
    """A sandbox whose Postgres has been set to reading only, as a managed one whose disk is full."""
    sandbox.add_user("auth0|new", plays=150)
    sandbox.add_user("auth0|old", plays=3, app_metadata={"roles": ["playlist editor"]})
    sandbox.query("INSERT INTO songs VALUES ('s1', 'Blue', 'auth0|new')")
    assert program("mirror", "refresh").code == 0
    assert program("playlists", "set-plays", "of auth0|old", "4").code == 0
    sandbox.query("ALTER DATABASE musicctl SET default_transaction_read_only = on")
    try:
        yield sandbox
    finally:
        sandbox.query(
            "SET TRANSACTION READ WRITE; ALTER DATABASE musicctl RESET default_transaction_read_only"
        )


@pytest.mark.parametrize(
    "words",
    [
        *("roles sync --yes", "promote auth0|new", "roles grant auth0|new", "roles revoke auth0|old"),
        *("roles pin auth0|new --state granted --reason x", "roles hold --reason x", "mirror refresh"),
        *("profile set-name auth0|new Zoë", "profile fill-names --yes", "profile set-names {names} --yes"),
        *("songs add auth0|new Red", "songs remove auth0|new s1 --yes", "songs import {songs} --yes"),
        *("songs move auth0|new auth0|old --yes", "playlists set-plays p 3", "genres set auth0|new rock"),
        *("undo last --yes", "users erase auth0|new --yes", "actions deploy --yes", "db init"),
    ],
)
def test_nothing_is_written_anywhere(closed: Sandbox, program: Program, tmp_path: Path, words: str) -> None:
    (tmp_path / "songs.csv").write_text("song_id,songname,user_id\ns2,Red,auth0|new\n")
    (tmp_path / "names.csv").write_text("user,name\nauth0|new,Zoë\n")
    files = {"songs": tmp_path / "songs.csv", "names": tmp_path / "names.csv"}
    before = everything(closed)
    ended = program(*(word.format(**files) for word in words.split()))
    said = " ".join(ended.err.split())
    assert (ended.code, "read-only transaction" in said) == (Exit.DENIED, True), said
    assert "default_transaction_read_only" in said
    assert everything(closed) == before


def everything(sandbox: Sandbox) -> list[object]:
    """Return the app's rows, and what was sent to the tenant, reads and logins aside."""
    rows: list[object] = [
        sandbox.query(f"SELECT * FROM {table} ORDER BY 1") for table in ("playlists", "songs")
    ]
    return [
        *rows,
        *(each for each in sandbox.requests() if not each.startswith("GET ") and "oauth" not in each),
    ]
