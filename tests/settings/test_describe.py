"""What `config show` is made from: every value and its origin, and secrets that never show."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl.errors import ConfigError
from musicctl.settings.model import SETTINGS, Value
from tests.settings.conftest import of


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


def test_a_reference_is_named_and_said_to_lead_nowhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = of(database_url="env:PROD_DATABASE_URL", role="cmd:echo hunter2", threshold="env:BAR")
    monkeypatch.setenv("BAR", "many")
    described = chosen.describe()
    assert described["database_url"] == {
        "value": None,
        "origin": "a test, by env:PROD_DATABASE_URL",
        "error": "database_url (a test): the environment variable PROD_DATABASE_URL is not set",
    }
    assert described["role"] == {"value": "cmd:", "origin": "a test, by cmd:"}
    assert "whole number" in str(described["threshold"]["error"])
    key = tmp_path / "key"
    missing = of(token_secret=f"file:{key}").describe()["token_secret"]
    assert (missing["value"], str(key) in str(missing["error"])) == (None, True)


def test_a_reference_that_leads_somewhere_shows_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROD_DATABASE_URL", "postgresql://u:hunter2@h/d")
    (tmp_path / "key").write_text("hunter2")
    (tmp_path / "key").chmod(0o600)
    described = of(database_url="env:PROD_DATABASE_URL", token_secret=f"file:{tmp_path}/key").describe()
    assert described["database_url"] == {"value": "***", "origin": "a test, by env:PROD_DATABASE_URL"}
    assert described["token_secret"] == {"value": "***", "origin": f"a test, by file:{tmp_path}/key"}
    assert "hunter2" not in str(described)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgres://u:hunter2@h/d", "postgres://u@h/d"),
        ("postgresql://u:hunt@er2@h/d", "postgresql://u@h/d"),
        ("postgresql://u:hun/ter?2@h/d", "postgresql://u@h/d"),
        ("postgresql://:hunter2@h", "postgresql://@h"),
        ("postgresql://u@[::1]:5432,h2:5433/d", "postgresql://u@[::1]:5432,h2:5433/d"),
        ("postgresql://u@%2Frun%2Fpg/d", "postgresql://u@%2Frun%2Fpg/d"),
        ("postgresql://u@/d?host=/run/pg&port=5433", "postgresql://u@/d?host=/run/pg&port=5433"),
        ("postgresql://u@h/d?sslmode=require&password=hunter2", "postgresql://u@h/d?sslmode=require&***"),
        ("postgresql://u@h/d?pass%77ord=hunter2", "postgresql://u@h/d?***"),
        ("postgresql://u@h/d?hunter2", "postgresql://u@h/d?***"),
        ("postgresql://u:hunter2", "***"),
        ("postgresql://u:hunter2/d", "***"),
        ("postgresql://u@h/d#hunter2", "***"),
        ("postgresql://u@h/d?x=@hunter2/", "***"),
        ("host=h password=hunter2", "***"),
        ("hunter:2", "***"),
        ("mysql://u:hunter2@h/d", "***"),
    ],
)
def test_a_database_url_is_shown_without_its_password(url: str, address: str) -> None:
    shown = of(database_url=url).describe()["database_url"]["value"]
    assert shown == address


@pytest.mark.parametrize("domain", ["https://u:hunter2@t.eu.auth0.com", "u:hunter2@t.eu.auth0.com"])
def test_a_password_in_the_domain_is_not_shown(domain: str) -> None:
    described = of(auth0_domain=domain).describe()["auth0_domain"]
    assert (described["value"], "must be a domain" in str(described["error"])) == ("***", True)


@pytest.mark.parametrize("written", [date(2026, 1, 1), [1], {"a": 1}, float("nan"), float("inf")])
def test_whatever_the_file_holds_is_shown_as_json(written: object) -> None:
    described = of(threshold=written).describe()["threshold"]
    assert json.loads(json.dumps(described, allow_nan=False))["value"] == str(written)
    assert "whole number" in str(described["error"])


SECRETS = [name for name, setting in SETTINGS.items() if setting.secret]


@given(st.sampled_from(SECRETS), st.text(), st.text())
def test_no_secret_is_ever_shown(name: str, before: str, after: str) -> None:
    secret = f"{before}hunter2{after}"
    written = f"postgresql://user:{secret}@host/music" if name.startswith("database") else secret
    chosen = of(**{name: written})
    shown = [str(chosen.describe()), repr(chosen), repr(Value(written, "a test"))]
    try:
        value = getattr(chosen, name, None)
        shown += [str(value), repr(value), f"{value}"]
    except ConfigError as error:
        shown += [str(error), error.hint]
    assert not any("hunter2" in text for text in shown)
