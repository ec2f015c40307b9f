"""How values are read: each kind as a table, and references."""

import os
import subprocess
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl import settings
from musicctl.errors import ConfigError
from musicctl.settings import references, values
from musicctl.settings.model import SETTINGS
from tests.settings.conftest import of


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
        ("role", "a\nb"),
        ("role", "a\x7fb"),
        ("role", "a\x9bb"),
        ("role", "a\udcffb"),
        ("auth0_domain", "tenant\n.eu.auth0.com"),
        ("plays_query", "SELECT \x1b"),
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


def test_a_query_may_have_lines_and_tabs() -> None:
    query = "SELECT user_id,\n\tplays\r\nFROM counts"
    assert of(plays_query=query).plays_query == query


@given(st.sampled_from(sorted(SETTINGS)), st.text() | st.integers() | st.floats() | st.none() | st.booleans())
def test_whatever_is_written_is_read_or_refused(name: str, written: object) -> None:
    try:
        read = SETTINGS[name].read(written)
    except ValueError:
        return
    assert read is not None


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("threshold", 2**63, "9,223,372,036,854,775,807"),
        ("threshold", "9" * 25, "9,223,372,036,854,775,807"),
        ("settle", "365d", "10m"),
        ("settle", "601s", "10m"),
        ("mirror_max_age", "366d", "365d"),
        ("threads", "65", "64"),
        ("max_revoke", 10**12, "999,999,999,999"),
        ("max_grant", "1" + "0" * 20, "999,999,999,999"),
        ("min_source", 2**80, "999,999,999,999"),
        ("min_tenant", "101%", "100%"),
        ("rate", 10**12, "999,999,999,999"),
        ("rate", "0.001", "at least 0.05 requests a second"),
        ("guard_promote", "sometimes", "on or off"),
    ],
)
def test_what_is_beyond_sense_is_refused_with_the_limit_in_words(
    name: str, value: object, limit: str
) -> None:
    with pytest.raises(ValueError, match=limit):
        SETTINGS[name].read(value)


@given(st.floats(0, 1e8), st.sampled_from("smhd"))
def test_durations_are_seconds(count: float, unit: str) -> None:
    written = f"{count:.3f}{unit}"
    assert values.duration(written) == float(written[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]


@given(st.integers(0, 10**12 - 1) | st.integers(0, 100).map(lambda percent: f"{percent}%"))
def test_a_limit_reads_back_as_it_is_shown(written: object) -> None:
    found = values.limit(written)
    assert found.percent is isinstance(written, str)
    assert found.number == float(str(written).rstrip("%"))


@given(st.from_regex(r"(https://)?[a-z0-9-]{1,20}(\.[a-z]{2,9}){1,3}(:[1-9][0-9]{0,3})?/?", fullmatch=True))
def test_a_base_url_is_its_own_base_url(written: str) -> None:
    base = values.domain(written)
    assert base.startswith("https://")
    assert not base.endswith("/")
    assert values.domain(base) == base


@pytest.mark.parametrize("name", ["auth0_client_secret", "auth0_private_key"])
def test_a_secret_and_a_key_contradict_each_other(name: str) -> None:
    with pytest.raises(ConfigError, match="both auth0_client_secret"):
        getattr(of(auth0_client_secret="x", auth0_private_key="y"), name)


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
        ("cmd:true", "not empty"),
        pytest.param("cmd:: " + "hunter2" * 300_000, "cannot be started", id="long"),
        ("cmd:echo hunter2\0", "null byte"),
        ("file:~no-such-user/secret", "a user who is not there"),
        ("file:{pipe}", "it is a pipe"),
        ("file:/dev/zero", "it is a device|can be read by others"),
        ("file:{large}", "it is larger than"),
        ("cmd:yes hunter2", "printed more than"),
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
    pipe, large = tmp_path / "pipe", tmp_path / "large"
    os.mkfifo(pipe, 0o600)
    with large.open("wb") as file:
        file.truncate(1 << 40)
    large.chmod(0o600)
    named = reference.format(readable=readable, binary=binary, pipe=pipe, large=large)
    chosen = of(auth0_client_secret=named)
    with pytest.raises(ConfigError, match=message) as caught:
        _ = chosen.auth0_client_secret
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("command", "ends"),
    [
        ("{left} & sleep .5; echo dj", ""),
        ("{left} | cat", "did not end within 1 s"),
        ("{left}", "did not end within 1 s"),
        ("trap '' TERM HUP INT; {left} & sleep .5; yes", "printed more than"),
    ],
)
def test_what_a_command_started_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, ends: str
) -> None:
    monkeypatch.setattr(references, "PATIENCE", 1.0)
    pids = tmp_path / "pids"
    left = f"sh -c 'echo $$ >>{pids}; exec sleep 300'"
    began = time.monotonic()
    chosen = of(role="cmd:" + command.format(left=left))
    with pytest.raises(ConfigError, match=ends) if ends else nullcontext():
        assert chosen.role == "dj"
    assert time.monotonic() - began < 20
    deadline = time.monotonic() + 5
    while any(map(is_alive, pids.read_text().split())):
        assert time.monotonic() < deadline, "something was left behind"
        time.sleep(0.01)


def is_alive(pid: str) -> bool:
    said = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False)
    return bool(said.stdout.strip()) and not said.stdout.startswith("Z")


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
