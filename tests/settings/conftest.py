"""What the tests of the settings share: a configuration file of their own."""

from pathlib import Path

import pytest

from musicctl.settings.model import Settings, Value


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of the configuration file, which is not there yet."""
    path = tmp_path / "config.toml"
    monkeypatch.setenv("MUSICCTL_CONFIG", str(path))
    return path


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file and set who may read it."""
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def of(**given_values: object) -> Settings:
    """Return settings with these values, all written in "a test"."""
    return Settings("prod", {name: Value(value, "a test") for name, value in given_values.items()})
