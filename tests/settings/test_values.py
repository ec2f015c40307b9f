"""How values are read: each kind as a table, references, and secrets that never show."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl import settings
from musicctl.errors import ConfigError
from musicctl.settings import values
from musicctl.settings.model import SETTINGS, Settings, Value


def of(**given_values: object) -> Settings:
    return Settings("prod", {name: Value(value, "a test") for name, value in given_values.items()})


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("24h", 86400), ("7d", 604800), ("0.5s", 0.5), ("0s", 0)]
)
def test_durations(text: str, seconds: float) -> None:
    assert values.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "s", "30 s", "-1s", "1w", "1e3s", 30, None, "١s"])
def test_no_durations(text: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        values.duration(text)


@pytest.mark.parametrize(
    ("given_value", "number", "percent"),
    [
        ("10%", 10, True),
        ("100%", 100, True),
        ("0", 0, False),
        (5, 5, False),
        ("2.5%", 2.5, True),
        (2.5, 2.5, False),
    ],
)
def test_limits(given_value: object, number: float, percent: bool) -> None:
    assert values.limit(given_value) == values.Limit(number, percent)


@pytest.mark.parametrize("text", ["", "%", "-1", "101%", "ten", True, None, "1e9"])
def test_no_limits(text: object) -> None:
    with pytest.raises(ValueError, match=r"percentage|100%"):
        values.limit(text)


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("tenant.eu.auth0.com", "https://tenant.eu.auth0.com"),
        ("https://tenant.eu.auth0.com", "https://tenant.eu.auth0.com"),
        ("https://tenant.eu.auth0.com/", "https://tenant.eu.auth0.com"),
        ("https://login.example.com:8443", "https://login.example.com:8443"),
        ("http://127.0.0.1:9999", "http://127.0.0.1:9999"),
        ("http://localhost:9999/", "http://localhost:9999"),
        ("http://[::1]:9999", "http://[::1]:9999"),
    ],
)
def test_domains(text: str, base: str) -> None:
    assert values.domain(text) == base


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://tenant.eu.auth0.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "ftp://tenant.eu.auth0.com",
        "https://user:secret@tenant.eu.auth0.com",
        "https://tenant.eu.auth0.com/api/v2",
        "https://tenant.eu.auth0.com?x=1",
        "https://tenant.eu.auth0.com#x",
        "https://",
        "tenant eu.auth0.com",
        "https://tenant:port",
        7,
    ],
)
def test_no_domains(text: object) -> None:
    with pytest.raises(ValueError, match=r"must|no domain"):
        values.domain(text)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("threshold", 0),
        ("threshold", "-1"),
        ("threshold", "many"),
        ("threshold", True),
        ("threads", 0),
        ("threads", 65),
        ("settle", "soon"),
        ("mirror_max_age", 7),
        ("role", ""),
        ("role", "a\tb"),
        ("auth0_domain", "http://t"),
    ],
)
def test_a_wrong_value_names_the_setting_and_where_it_stands(name: str, written: object) -> None:
    with pytest.raises(ConfigError) as caught:
        getattr(of(**{name: written}), name)
    assert f"{name} (a test)" in str(caught.value)


def test_defaults() -> None:
    chosen = of(auth0_domain="t.eu.auth0.com")
    assert (chosen.role, chosen.threshold, chosen.mirror_max_age) == ("playlist editor", 100, 86400)
    assert (chosen.settle, chosen.threads, chosen.plays_query) == (2, 8, None)
    assert chosen.auth0_audience == "https://t.eu.auth0.com/api/v2/"
    assert chosen.auth0_client_secret is chosen.auth0_private_key is chosen.database_read_url is None


def test_a_secret_and_a_key_contradict_each_other() -> None:
    with pytest.raises(ConfigError, match="both auth0_client_secret"):
        _ = of(auth0_client_secret="x", auth0_private_key="y").auth0_client_secret


def test_references(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_ROLE", "dj")
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    secret.chmod(0o600)
    log = tmp_path / "log"
    chosen = of(
        role="env:THE_ROLE",
        auth0_client_secret=f"file:{secret}",
        database_url=f"cmd:echo once >> {log}; echo postgresql://u@h/d",
    )
    assert chosen.role == "dj"
    assert chosen.auth0_client_secret is not None
    assert chosen.auth0_client_secret.reveal() == "hunter2"
    assert not log.exists()
    assert chosen.database_url.reveal() == chosen.database_url.reveal() == "postgresql://u@h/d"
    assert log.read_text() == "once\n"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("env:NOT_THERE", "the environment variable NOT_THERE is not set"),
        ("file:/not/there", "cannot be read"),
        ("file:{readable}", "chmod 600"),
        ("file:{binary}", "not UTF-8"),
        ("cmd:echo hunter2; echo hunter2 >&2; exit 3", "exit code 3"),
        (r"cmd:printf '\377'", "not UTF-8"),
    ],
)
def test_references_that_fail_say_why_and_nothing_of_the_secret(
    tmp_path: Path, reference: str, message: str
) -> None:
    readable, binary = tmp_path / "readable", tmp_path / "binary"
    readable.write_text("hunter2")
    readable.chmod(0o644)
    binary.write_bytes(b"\xff")
    binary.chmod(0o600)
    chosen = of(auth0_client_secret=reference.format(readable=readable, binary=binary))
    with pytest.raises(ConfigError, match=message) as caught:
        _ = chosen.auth0_client_secret
    assert "hunter2" not in str(caught.value)


def test_the_environment_names_every_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    secret.chmod(0o600)
    monkeypatch.setenv("MUSICCTL_CONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/d")
    monkeypatch.setenv("MUSICCTL_ROLE", "dj")
    monkeypatch.setenv("MUSICCTL_THRESHOLD", "7")
    monkeypatch.setenv("MUSICCTL_THREADS", "3")
    monkeypatch.setenv("AUTH0_CLIENT_SECRET_FILE", str(secret))
    chosen = settings.load()
    assert (chosen.role, chosen.threshold, chosen.threads) == ("dj", 7, 3)
    assert chosen.auth0_client_secret is not None
    assert chosen.auth0_client_secret.reveal() == "hunter2"
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", "x")
    with pytest.raises(ConfigError, match="both AUTH0_CLIENT_SECRET and AUTH0_CLIENT_SECRET_FILE"):
        settings.load()


def test_describe_says_where_each_value_comes_from() -> None:
    described = of(
        database_url="postgresql://user:hunter2@h:5432/d?sslmode=require",
        auth0_client_secret="hunter2",
        token_secret="cmd:echo hunter2",
        threshold="many",
    ).describe()
    assert set(described) == set(SETTINGS)
    assert described["database_url"]["value"] == "postgresql://user@h:5432/d?sslmode=require"
    assert described["database_url"]["origin"] == "a test"
    assert described["auth0_client_secret"]["value"] == "***"
    assert described["token_secret"] == {"value": "***", "origin": "a test, by cmd:"}
    assert described["role"] == {"value": "playlist editor", "origin": "default"}
    assert described["plays_query"] == {"value": None, "origin": None}
    assert "whole number" in str(described["threshold"]["error"])
    assert "hunter2" not in str(described)


SECRETS = [name for name, setting in SETTINGS.items() if setting.secret]


@given(st.sampled_from(SECRETS), st.text(), st.text())
def test_no_secret_is_ever_shown(name: str, before: str, after: str) -> None:
    secret = f"{before}hunter2{after}"
    written = f"postgresql://user:{secret}@host/music" if name.startswith("database") else secret
    chosen = of(**{name: written})
    shown = [str(chosen.describe()), repr(chosen)]
    try:
        value = getattr(chosen, name, None)
        shown += [str(value), repr(value), f"{value}"]
    except ConfigError as error:
        shown += [str(error), error.hint]
    assert not any("hunter2" in text for text in shown)
