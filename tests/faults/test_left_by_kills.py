"""What kill -9 leaves of each command that writes: nothing that stays, and nothing in the way of the next."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest

from musicctl import disk
from tests.faults.processes import EDITOR, LONG, run, running, settings
from tests.program import Sandbox

ADA, BORIS = "auth0|ada", "auth0|boris"
STAGING = "SELECT relname FROM pg_class WHERE relname LIKE 'staging%' AND relkind = 'r'"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'musicctl' AND wait_event_type = 'Lock'"
)
BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'musicctl'"
ADVISORY = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
WRITTEN = "songs, artists, playlists, user_data, musicctl.tenant_users, musicctl.changes"
DECIDED = "musicctl.pins, musicctl.holds, musicctl.mirror"
HEADER = "song_id,songname,user_id\n"
COMMANDS = (
    *(
        "songs add {0} Rain",
        "songs remove {0} s1 --yes",
        "songs move {0} {1} --yes",
        "songs import songs.csv -y",
    ),
    *("artists add {0} Nina", "artists remove {0} a1 --yes", "artists move {0} {1} --yes"),
    *("artists import artists.csv --yes", "playlists import playlists.csv --yes"),
    *("playlists set-plays p1 99", "genres set {0} folk", "users erase {0} --yes", "undo last --yes"),
    *("profile set-name {0} Ada", "profile set-names names.csv --yes", "profile fill-names --yes"),
    *("roles sync --yes", "roles grant {1}", "roles revoke {0}", "promote {0}", "mirror refresh"),
    *("roles pin {0} --state granted --reason x", "roles unpin {1}", "roles hold --reason x"),
)


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Something for each command to write, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    sandbox.add_user(ADA, plays=3, app_metadata={"roles": [EDITOR]})
    sandbox.add_user(BORIS, plays=150)
    sandbox.query("INSERT INTO playlists VALUES ('p1', %s, 'Mix', 7)", ADA)
    sandbox.query("INSERT INTO songs VALUES ('s1', 'Help', %s)", ADA)
    sandbox.query("INSERT INTO artists VALUES ('a1', 'Nina', %s)", ADA)
    Path("songs.csv").write_text(f"{HEADER}s2,Girl,{ADA}\n")
    Path("artists.csv").write_text(f"artist_id,artistname,user_id\na2,Ella,{ADA}\n")
    Path("playlists.csv").write_text(f"playlist_id,user_id,name,total_plays\np2,{ADA},More,4\n")
    Path("names.csv").write_text(f"user,name\n{ADA},Ada\n")
    for words in (("mirror", "refresh"), ("roles", "pin", BORIS, "--state", "granted", "--reason", "x")):
        assert run(settings(sandbox), *words)[0] == 0
    assert run(settings(sandbox), "playlists", "set-plays", "p1", "8")[0] == 0
    return sandbox


@contextmanager
def locked(sandbox: Sandbox) -> Iterator[None]:
    """Let nobody write anything to the database meanwhile."""
    with closing(psycopg2.connect(sandbox.state.database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {WRITTEN}, {DECIDED} IN EXCLUSIVE MODE")
        yield


def until(sandbox: Sandbox, question: str, answer: int) -> None:
    """Wait until Postgres says so."""
    deadline = time.monotonic() + LONG
    while sandbox.query(question) != [(answer,)]:
        assert time.monotonic() < deadline, question
        time.sleep(0.02)


def there() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def content(sandbox: Sandbox) -> object:
    tables = [
        f"(SELECT jsonb_agg(to_jsonb(t) ORDER BY t::text) FROM {name} AS t)" for name in WRITTEN.split(", ")
    ]
    return sandbox.query(f"SELECT {', '.join(tables)}, (SELECT count(*) FROM musicctl.pins)")


@pytest.mark.long
@pytest.mark.parametrize("command", COMMANDS)
def test_a_write_that_was_killed_is_in_nobody_s_way(world: Sandbox, command: str) -> None:
    words = command.format(ADA, BORIS).split()
    before, files = content(world), there()
    with locked(world), running(settings(world), *words) as process:
        until(world, WAITING, 1)
        process.kill()
        process.wait()
    until(world, BACKENDS, 0)
    assert content(world) == before
    assert (world.query(ADVISORY), world.query(STAGING)) == ([(0,)], [])
    assert there() == files
    assert world.writes() == []
    code, out, err = run(settings(world, settle="0.1s"), *words)
    assert code == 0, (out, err)


def asking(environment: dict[str, str], *words: str) -> tuple[int, int]:
    """Begin a command on a terminal of its own, and return its process and the terminal once it asks."""
    child, screen = pty.fork()
    if child == 0:
        os.execve(sys.executable, [sys.executable, "-m", "musicctl", *words], environment)
    seen = b""
    while b"[y/N] " not in seen:
        seen += os.read(screen, 4096)
    return child, screen


def killed(child: int, screen: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(screen)


def test_an_import_that_was_killed_at_its_question_is_cleared_up_by_the_next(world: Sandbox) -> None:
    environment = settings(world)
    killed(*asking(environment, "songs", "import", "songs.csv"))
    child, screen = asking(environment, "songs", "import", "songs.csv")  # clears up, and waits itself
    [(waits,)] = world.query(STAGING)
    killed(*asking(environment, "artists", "import", "artists.csv"))
    [(left,)] = world.query(f"{STAGING} AND relname <> '{waits}'")
    told = run(environment, "db", "status")[2]
    assert (f"musicctl.{left} is left from an import by" in told, waits in told) == (True, False)
    assert run(environment, "playlists", "import", "playlists.csv", "--dry-run")[0] == 0
    assert world.query(f"{STAGING} AND relname = '{left}'") == [(left,)]  # a dry run changes nothing
    assert run(environment, "playlists", "import", "playlists.csv", "--yes")[0] == 0
    assert world.query(STAGING) == [(waits,)]
    assert "is left" not in run(environment, "db", "status")[2]
    os.write(screen, b"y\n")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(screen)
    assert world.query("SELECT song_id FROM songs ORDER BY 1") == [("s1",), ("s2",)]
    assert world.query(STAGING) == []


@pytest.mark.parametrize(
    ("said", "removed", "named"),
    [
        ({"host": "elsewhere", "since": "now"}, False, False),
        ({"host": "elsewhere", "since": "2020-01-01T00:00:00+00:00"}, True, True),
        ({"boot_id": "another", "since": "now"}, False, False),
        ({"since": "2020-01-01T00:00:00"}, False, True),
        ({"pid": "1; DROP TABLE songs", "since": "now"}, False, True),
        (None, False, True),
    ],
)
def test_what_may_be_another_s_is_left(
    world: Sandbox, said: dict[str, object] | None, removed: bool, named: bool
) -> None:
    environment, name = settings(world), "staging_0123456789ab"
    [(now,)] = world.query("SELECT clock_timestamp()")
    process = {"holder": "a@b", "host": "h", "boot_id": "i", "pid": 1} | (said or {})
    process["since"] = now.isoformat() if process.get("since") == "now" else process.get("since")
    world.query(f"CREATE TABLE musicctl.{name} (place int)")
    if said is not None:
        world.query(f"COMMENT ON TABLE musicctl.{name} IS '{json.dumps(process)}'")
    try:
        assert (name in run(environment, "db", "status")[2]) is named
        assert run(environment, "songs", "import", "songs.csv", "--yes")[0] == 0
        assert world.query(STAGING) == ([] if removed else [(name,)])
    finally:
        world.query(f"DROP TABLE IF EXISTS musicctl.{name}")


def test_what_somebody_works_on_is_left(world: Sandbox) -> None:
    killed(*asking(settings(world), "songs", "import", "songs.csv"))
    [(name,)] = world.query(STAGING)
    with closing(psycopg2.connect(world.state.database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM musicctl.{name}")
        assert run(settings(world), "songs", "import", "songs.csv", "--yes")[0] == 0
        assert world.query(STAGING) == [(name,)]
    assert run(settings(world), "songs", "import", "songs.csv", "--yes")[0] == 0
    assert world.query(STAGING) == []


def test_an_import_that_was_killed_while_it_reads_leaves_nothing(world: Sandbox) -> None:
    command = [sys.executable, "-m", "musicctl", "songs", "import", "-", "--format", "csv", "--yes"]
    with subprocess.Popen(command, env=settings(world), stdin=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        process.stdin.write((HEADER + "".join(f"n{n},Song,{ADA}\n" for n in range(50_000))).encode())
        until(world, f"{BACKENDS} AND query LIKE 'COPY%'", 1)
        process.kill()
    until(world, BACKENDS, 0)
    assert world.query(STAGING) == []
    assert world.query("SELECT count(*) FROM songs") == [(1,)]


@pytest.mark.parametrize("nameless", [True, False])
def test_an_export_that_was_killed_leaves_no_file(world: Sandbox, nameless: bool) -> None:
    """Where a file has a name from the start, what is left of it keeps no other from its place."""
    files, words = there(), ("songs", "export", "--to", "out.csv")
    module = ("musicctl",) if nameless else ("tests.faults.test_left_by_kills",)
    with closing(psycopg2.connect(world.state.database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE songs IN ACCESS EXCLUSIVE MODE")
        with running(settings(world), *words, module=module) as process:
            until(world, WAITING, 1)
            process.kill()
            process.wait()
    left = [name for name in there() if name not in files]
    assert len(left) == (0 if nameless and disk.NAMELESS else 1)
    assert "out.csv" not in left
    code, _, err = run(settings(world), *words)
    assert (code, Path("out.csv").read_text().count("\n")) == (0, 2), err


if __name__ == "__main__":
    from musicctl.cli import main

    disk.NAMELESS = 0
    sys.exit(main(sys.argv[1:]))
