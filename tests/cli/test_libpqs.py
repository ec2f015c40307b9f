"""A named profile takes nothing from the environment, libpq's own variables and files included; `env` may."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from musicctl.errors import Exit
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.settings.libpqs import KEYWORDS
from tests.program import Program, Sandbox, query
from tests.store.servers import ASKS_FOR_PASSWORD, Relay, fatal, impostor, relay


@pytest.fixture
def elsewhere(server: Cluster) -> Iterator[Relay]:
    """A server that answers on loopback, to which nothing may go."""
    with relay(server.place.socket) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, with the configuration file in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MUSICCTL_CONFIG", str(tmp_path / "config.toml"))
    return tmp_path


def profile(home: Path, url: str) -> None:
    """Let the profile staging have this database."""
    (home / "config.toml").write_text(f"[profiles.staging]\ndatabase_url = '{url}'\n")
    (home / "config.toml").chmod(0o600)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"PGHOSTADDR": "127.0.0.1", "PGPORT": "{port}"}, "postgresql://musicctl@staging.invalid/{name}"),
        ({"PGHOSTADDR": "127.0.0.1"}, "postgresql://musicctl@staging.invalid:{port}/{name}"),
        ({"PGHOST": "127.0.0.1", "PGPORT": "{port}"}, "postgresql://musicctl@/{name}"),
        ({"PGSERVICE": "local"}, "postgresql://musicctl@staging.invalid/{name}"),
        ({"PGSERVICE": "local"}, "postgresql:///{name}"),
        ({"PGSERVICE": "local", "PGSERVICEFILE": "{home}/other.conf"}, "postgresql://staging.invalid"),
        ({"PGSERVICE": "local", "PGSYSCONFDIR": "{home}"}, "postgresql://staging.invalid"),
        ({"PGDATABASE": "{name}", "PGUSER": "musicctl"}, "postgresql://127.0.0.1:{port}"),
    ],
)
def test_nothing_goes_where_only_the_environment_points(
    elsewhere: Relay,
    database_url: str,
    home: Path,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    url: str,
) -> None:
    query(database_url, "INSERT INTO playlists VALUES ('p1', 'auth0|a', 'Mix', 3)")
    known = {
        "port": elsewhere.port,
        "home": home,
        "name": query(database_url, "SELECT current_database()")[0][0],
    }
    service = f"[local]\nhost=127.0.0.1\nport={known['port']}\ndbname={known['name']}\nuser=musicctl\n"
    for name in (".pg_service.conf", "pg_service.conf", "other.conf"):
        write(home / name, service)
    profile(home, url.format(**known))
    with monkeypatch.context() as exported:
        for name, value in variables.items():
            exported.setenv(name, value.format(**known))
        ended = program("playlists", "set-plays", "p1", "8", "-P", "staging")
        assert all(os.environ[name] == value.format(**known) for name, value in variables.items())
    assert ended.code in {Exit.UNAVAILABLE, Exit.DENIED}
    assert "writing to" not in ended.err
    assert f"{', '.join(sorted(variables))} " in ended.err
    assert query(database_url, "SELECT total_plays FROM playlists") == [(3,)]


@pytest.mark.parametrize("named", ["staging", "sandbox"])
def test_every_variable_of_libpqs_at_once_changes_nothing(
    sandbox: Sandbox, home: Path, program: Program, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    sandbox.add_user("auth0|a", plays=3)
    profile(home, sandbox.state.database_url)
    with monkeypatch.context() as exported:
        for name in KEYWORDS:
            exported.setenv(name, "nonsense")
        exported.setenv("PGOPTIONS", "-c default_transaction_read_only=on")
        exported.setenv("PGTZ", "Asia/Tokyo")
        assert program("playlists", "set-plays", "of auth0|a", "8", "-P", named).code == 0
        asked = program("query", "SELECT current_setting('TimeZone') AS zone", "--json", "-P", named)
        shown = program("config", "show", "--json", "-P", named)
    assert sandbox.query("SELECT total_plays FROM playlists") == [(8,)]
    assert asked.json[0]["zone"] != "Asia/Tokyo"
    assert not set(KEYWORDS) & set(shown.json)


@pytest.mark.parametrize("source", [".pgpass", "PGPASSWORD", "PGPASSFILE"])
def test_a_password_comes_from_the_profile_alone(
    home: Path, program: Program, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    write(home / ".pgpass", "*:*:*:*:hunter2\n")
    if source != ".pgpass":
        monkeypatch.setenv(source, "hunter2" if source == "PGPASSWORD" else str(home / ".pgpass"))
    with impostor(ASKS_FOR_PASSWORD, fatal("28P01", "non")) as port:
        profile(home, f"postgresql://u@127.0.0.1:{port}/d")
        ended = program("db", "status", "-P", "staging")
        assert (ended.code, "no password supplied" in ended.err) == (Exit.DENIED, True)
        monkeypatch.setenv("DATABASE_URL", f"postgresql://u@127.0.0.1:{port}/d")
        ended = program("db", "status", "-P", "env")
        assert (ended.code, "non" in ended.err) == (Exit.DENIED, True)
        profile(home, f"postgresql://u@127.0.0.1:{port}/d?passfile={home}/.pgpass")
        ended = program("db", "status", "-P", "staging")
        assert (ended.code, "non" in ended.err) == (Exit.DENIED, True)
    assert "hunter2" not in ended.err


def test_the_certificates_are_those_of_the_profile(home: Path, program: Program) -> None:
    write(home / ".postgresql" / "root.crt", "not a certificate")
    profile(home, "postgresql://u@127.0.0.1:1/d?sslmode=verify-full")
    ended = program("db", "status", "-P", "staging")
    assert (ended.code, "sslrootcert" in ended.err) == (Exit.CONFIG, True)


def test_the_environments_own_profile_uses_them_and_shows_which(
    elsewhere: Relay, database_url: str, home: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    query(database_url, "INSERT INTO playlists VALUES ('p1', 'auth0|a', 'Mix', 3)")
    name = query(database_url, "SELECT current_database()")[0][0]
    write(home / ".pg_service.conf", f"# ours\n\n[other]\nport=1\n[local]\nport={elsewhere.port}\n")
    with monkeypatch.context() as exported:
        exported.setenv("DATABASE_URL", f"postgresql://staging.invalid/{name}")
        exported.setenv("PGHOSTADDR", "127.0.0.1")
        exported.setenv("PGSERVICE", "local")
        exported.setenv("PGPORT", "1")  # a service outweighs a variable
        exported.setenv("PGUSER", "musicctl")
        exported.setenv("PGPASSWORD", "hunter2")
        ended = program("playlists", "set-plays", "p1", "8")
        shown = program("config", "show", "--json").json
        exported.setenv("PGSERVICE", "nobody")
        lost = program("db", "status")
    assert ended.code == 0
    assert query(database_url, "SELECT total_plays FROM playlists") == [(8,)]
    assert f"writing to staging.invalid:{elsewhere.port}/{name} (127.0.0.1)" in " ".join(ended.err.split())
    origin = "environment, for what database_url leaves out"
    assert shown["PGHOSTADDR"] == {"value": "127.0.0.1", "origin": origin}
    assert shown["PGPASSWORD"] == {"value": "***", "origin": origin}
    assert shown["~/.pg_service.conf"]["value"] == f"{home}/.pg_service.conf"
    assert shown["~/.pg_service.conf"]["origin"] == "libpq's file, for what database_url leaves out"
    assert (lost.code, "no service nobody" in lost.err) == (Exit.CONFIG, True)


def test_references_and_commands_may_read_libpqs_variables(
    home: Path, program: Program, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setenv("PGMINE", database_url)
    for reference in ("env:PGMINE", 'cmd:echo "$PGMINE"'):
        profile(home, reference)
        assert program("db", "status", "-P", "staging").code == 0


def test_what_is_announced_is_where_the_connection_is(
    elsewhere: Relay, database_url: str, home: Path, program: Program
) -> None:
    query(database_url, "INSERT INTO playlists VALUES ('p1', 'auth0|a', 'Mix', 3)")
    name = query(database_url, "SELECT current_database()")[0][0]
    profile(home, f"postgresql://musicctl@nowhere.invalid:1,localhost:{elsewhere.port}/{name}")
    ended = program("playlists", "set-plays", "p1", "8", "-P", "staging")
    assert ended.code == 0
    assert f"profile staging: writing to localhost:{elsewhere.port}/{name}\n" in ended.err
