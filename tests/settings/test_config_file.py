"""The configuration file: broken ones say what and where, and one with a secret is its owner's alone."""

from pathlib import Path

import pytest

from musicctl import settings
from musicctl.errors import ConfigError
from tests.settings.conftest import write


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("profile = =", "line 1"),
        ("profile = 7", "profile must be"),
        ("profiles = 7", "profiles must be tables"),
        ("[profiles]\nprod = 7", "must be a table"),
        ("colour = 1", "no setting colour"),
        ("[profiles.prod]\nthreshhold = 1", "no setting threshhold"),
        ("[profiles.env]\n", "reserved"),
        ("[profiles.sandbox]\n", "reserved"),
        pytest.param("a = " + "[" * 20_000, "nested too deeply", id="deep"),
        pytest.param("[profiles.prod]\nthreshold = " + "9" * 5_000, "a number is too long", id="long"),
    ],
)
def test_a_broken_file_says_what_and_where(config: Path, text: str, message: str) -> None:
    write(config, text)
    with pytest.raises(ConfigError, match=message) as caught:
        settings.load("prod")
    assert str(config) in str(caught.value)


def test_a_misspelt_setting_names_the_right_one(config: Path) -> None:
    write(config, "[profiles.prod]\nthreshhold = 1")
    with pytest.raises(ConfigError) as caught:
        settings.load("prod")
    assert caught.value.hint == "did you mean threshold?"


@pytest.mark.parametrize(
    "secret",
    [
        'auth0_client_secret = "hunter2"',
        'auth0_private_key = "hunter2"',
        'token_secret = "hunter2"',
        'database_url = "postgresql://u:hunter2@h/d"',
        'database_read_url = "postgresql://u@h/d?password=hunter2"',
    ],
)
def test_a_file_with_a_literal_secret_must_be_ours_alone(config: Path, secret: str) -> None:
    write(config, f"[profiles.prod]\n{secret}\n", mode=0o640)
    with pytest.raises(ConfigError) as caught:
        settings.load("prod")
    assert f"chmod 600 {config}" in caught.value.hint
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"
    config.chmod(0o600)
    assert settings.load("prod").profile == "prod"


def test_a_secret_of_another_profile_makes_the_file_secret_too(config: Path) -> None:
    text = "[profiles.plain]\nrole = 'dj'\n[profiles.prod]\nauth0_client_secret = 'hunter2'\n"
    write(config, text, mode=0o644)
    with pytest.raises(ConfigError, match="holds a secret"):
        settings.load("plain")
    config.chmod(0o600)
    assert settings.load("plain").role == "dj"


def test_a_config_in_a_home_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICCTL_CONFIG", "~no-such-user/config.toml")
    with pytest.raises(ConfigError, match="MUSICCTL_CONFIG"):
        settings.load("prod")


def test_a_config_that_cannot_be_read(config: Path) -> None:
    config.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        settings.load("prod")
    config.rmdir()
    config.write_bytes(b"role = '\xff'")
    with pytest.raises(ConfigError, match="not UTF-8"):
        settings.load("prod")


def test_a_file_without_secrets_may_be_read_by_all(config: Path) -> None:
    write(
        config,
        "[profiles.prod]\n"
        'database_url = "postgresql://u@h/d"\nauth0_client_secret = "env:SECRET"\ntoken_secret = "cmd:x"\n',
        mode=0o644,
    )
    assert settings.load("prod").profile == "prod"
