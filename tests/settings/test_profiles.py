"""Which profile is in force: the order of sources, and that a named profile never mixes with another."""

import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from musicctl import settings
from musicctl.errors import ConfigError, UnavailableError
from musicctl.settings import sandbox_state
from musicctl.settings.sandbox_state import POSTGRES_SOCKET, TENANT_LOCK, SandboxState
from tests.settings.conftest import write

ELSEWHERE = "postgresql://else:where@exported.example.com/production"


@pytest.fixture
def sandbox_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sandbox that was made and is down."""
    folder = tmp_path / "s"
    folder.mkdir()
    monkeypatch.setenv("MUSICCTL_SANDBOX", str(folder))
    state = SandboxState(
        database_url=f"postgresql://musicctl@/musicctl?host={folder}&port=5432",
        auth0_domain="http://127.0.0.1:1",
        auth0_client_id="client",
        auth0_client_secret="harmless",
        auth0_audience="http://127.0.0.1:1/api/v2/",
        port=1,
        cluster=str(folder),
        socket=str(folder),
    )
    sandbox_state.write(folder, state)
    return folder


@pytest.fixture
def sandbox_up(sandbox_down: Path) -> Iterator[Path]:
    """The same, with what shows that it is up: a held lock and a socket that is listened on."""
    lock = os.open(sandbox_down / TENANT_LOCK, os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(sandbox_down / POSTGRES_SOCKET))
        listener.listen()
        yield sandbox_down
    os.close(lock)


FILE = """
profile = "prod"
[profiles.prod]
database_url = "postgresql://app@prod.example.com/music"
[profiles.staging]
database_url = "postgresql://app@staging.example.com/music"
"""
FILE_WITHOUT_DEFAULT = FILE.replace('profile = "prod"', "")


@pytest.mark.parametrize(
    ("file", "environment", "argument", "chosen"),
    [
        (FILE, {}, None, "prod"),
        (FILE, {}, "staging", "staging"),
        (FILE, {"MUSICCTL_PROFILE": "staging"}, None, "staging"),
        (FILE, {"MUSICCTL_PROFILE": "staging"}, "prod", "prod"),
        (FILE, {"DATABASE_URL": ELSEWHERE}, "prod", "prod"),
        (FILE, {"DATABASE_URL": ELSEWHERE}, "env", "env"),
        (FILE, {"DATABASE_URL": ELSEWHERE, "MUSICCTL_PROFILE": "env"}, None, "env"),
        (FILE, {"DATABASE_URL": "", "AUTH0_DOMAIN": ""}, None, "prod"),
        (FILE_WITHOUT_DEFAULT, {"DATABASE_URL": ELSEWHERE}, None, "env"),
        (None, {"DATABASE_URL": ELSEWHERE}, None, "env"),
        (None, {"AUTH0_DOMAIN": "t.eu.auth0.com"}, None, "env"),
        (None, {"AUTH0_CLIENT_ID": "x"}, None, "env"),
        (None, {"AUTH0_CLIENT_SECRET": "x"}, None, "env"),
        (None, {"AUTH0_CLIENT_SECRET_FILE": "/x"}, None, "env"),
        (None, {"AUTH0_AUDIENCE": "x"}, None, "env"),
    ],
)
def test_the_order_of_sources(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str | None,
    environment: dict[str, str],
    argument: str | None,
    chosen: str,
) -> None:
    if file is not None:
        write(config, file)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert settings.load(argument, present=False).profile == chosen


def test_the_environment_and_the_files_default_together_are_refused(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(config, FILE)
    monkeypatch.setenv("DATABASE_URL", ELSEWHERE)
    with pytest.raises(ConfigError) as caught:
        settings.load()
    assert "-P env" in caught.value.hint
    assert "-P prod" in caught.value.hint


def test_nothing_at_all_names_the_demo(config: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings.load(present=False)
    assert "musicctl demo" in caught.value.hint
    assert str(config) in caught.value.hint


def test_the_sandbox_never_touches_an_exported_database(
    sandbox_up: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "DATABASE_URL": ELSEWHERE,
        "PGHOST": "exported.example.com",
        "PGDATABASE": "production",
        "AUTH0_DOMAIN": "exported.eu.auth0.com",
        "AUTH0_CLIENT_SECRET": "exported",
        "AUTH0_AUDIENCE": "https://exported/",
        "MUSICCTL_ROLE": "exported role",
        "MUSICCTL_PLAYS_QUERY": "SELECT exported",
        "MUSICCTL_DATABASE_READ_URL": ELSEWHERE,
    }.items():
        monkeypatch.setenv(name, value)
    by_argument = settings.load("sandbox")
    monkeypatch.setenv("MUSICCTL_PROFILE", "sandbox")
    for chosen in (by_argument, settings.load()):
        assert chosen.profile == "sandbox"
        assert str(sandbox_up) in chosen.database_url.reveal()
        assert chosen.database_read_url is None
        assert chosen.auth0_domain == "http://127.0.0.1:1"
        assert chosen.auth0_client_secret is not None
        assert chosen.auth0_client_secret.reveal() == "harmless"
        assert (chosen.role, chosen.plays_query) == ("playlist editor", None)
        assert "exported" not in str(chosen.describe())


def test_a_named_profile_takes_nothing_from_the_environment(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(config, '[profiles.bare]\nauth0_domain = "t.eu.auth0.com"\n')
    monkeypatch.setenv("DATABASE_URL", ELSEWHERE)
    monkeypatch.setenv("MUSICCTL_THRESHOLD", "5")
    chosen = settings.load("bare")
    assert chosen.threshold == 100
    with pytest.raises(ConfigError, match="database_url is not set in the profile bare"):
        _ = chosen.database_url


def test_the_sandbox_is_used_when_it_is_up_and_a_person_is_there(config: Path, sandbox_up: Path) -> None:
    chosen = settings.load(present=True)
    assert (config.exists(), sandbox_up.exists(), chosen.profile) == (False, True, "sandbox")
    assert "sandbox" in chosen.note
    with pytest.raises(ConfigError, match="nothing is configured"):
        settings.load(present=False)


def test_the_sandbox_is_named_and_down(config: Path, sandbox_down: Path) -> None:
    assert not config.exists()
    with pytest.raises(UnavailableError, match="the sandbox is down") as caught:
        settings.load("sandbox")
    assert caught.value.hint == "musicctl sandbox up"
    with pytest.raises(ConfigError):
        settings.load(present=True)
    (sandbox_down / "state.json").write_text("{")
    with pytest.raises(ConfigError, match="cannot be read"):
        settings.load("sandbox")


def test_an_unknown_profile_lists_the_nearest(config: Path) -> None:
    write(config, FILE)
    with pytest.raises(ConfigError) as caught:
        settings.load("stagin")
    assert caught.value.hint.startswith("did you mean -P staging? there are: staging, ")
    assert set(caught.value.hint.partition("there are: ")[2].split(", ")) == {
        "staging",
        "prod",
        "env",
        "sandbox",
    }
    assert str(config) in str(caught.value)


def test_a_reserved_name_in_the_file_is_refused_beside_an_environment(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(config, "[profiles.env]\n")
    monkeypatch.setenv("DATABASE_URL", ELSEWHERE)
    with pytest.raises(ConfigError, match="reserved"):
        settings.load()


def test_the_files_default_may_be_the_environment(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(config, 'profile = "env"')
    with pytest.raises(ConfigError, match="the profile env has no settings"):
        settings.load()
    monkeypatch.setenv("DATABASE_URL", ELSEWHERE)
    assert settings.load().profile == "env"


def test_variables_that_mean_nothing_are_named(monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    assert config.parent.is_dir()
    monkeypatch.setenv("MUSICCTL_THRESOLD", "5")
    monkeypatch.setenv("MUSICCTL_AUTH0_DOMAIN", "t.eu.auth0.com")
    monkeypatch.setenv("MUSICCTL_XYZZY", "1")
    monkeypatch.setenv("MUSICCTL_ROLE", "vip")
    assert settings.unused_variables("env") == [
        "MUSICCTL_AUTH0_DOMAIN is set, and means nothing to musicctl; did you mean AUTH0_DOMAIN?",
        "MUSICCTL_THRESOLD is set, and means nothing to musicctl; did you mean MUSICCTL_THRESHOLD?",
        "MUSICCTL_XYZZY is set, and means nothing to musicctl",
    ]
    assert "MUSICCTL_ROLE is set, and the profile sandbox does not use it" in settings.unused_variables(
        "sandbox"
    )


def test_variables_that_are_read_are_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("THRESHOLD", "DATABASE_READ_URL", "PROFILE", "CONFIG", "SANDBOX", "OUTPUT", "PG_BIN"):
        monkeypatch.setenv(f"MUSICCTL_{name}", "1")
    monkeypatch.setenv("DATABASE_URL", ELSEWHERE)
    assert settings.unused_variables("env") == []
