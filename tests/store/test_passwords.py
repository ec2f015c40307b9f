"""A server that quotes the password it was sent, in its own way, has nobody read it."""

import base64
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.program import Program
from tests.store.servers import ASKS_FOR_PASSWORD, fatal, impostor

PASSWORD = r"kV8m:Q2nR\5tY7w/E3"
WAYS: dict[str, Callable[[str], str]] = {
    "whole": str,
    "the middle": lambda text: text[4:14],
    "a half": lambda text: text[: len(text) // 2],
    "percent": lambda text: quote(text, safe=""),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
}
SOURCES = ("url", "PGPASSWORD", ".pgpass", "PGPASSFILE", "passfile", "service")


def quoting(way: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """Return what refuses a password by quoting it as it came, in one way."""

    def reply(said: bytes) -> bytes:
        assert said[:1] == b"p"
        return fatal(
            "28P01", f"password authentication failed ({way(said[5:].rstrip(chr(0).encode()).decode())})"
        )

    return reply


def given(source: str, home: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the profile `env` the password by one of the ways there are."""
    url, other = f"postgresql://u@127.0.0.1:{port}/d", home / "other"
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    line = f"# a comment\nelsewhere:*:*:*:x\n127.0.0.1:{port}:*:u:{escaped}\n"
    file = home / ".pgpass" if source == ".pgpass" else other
    if source == "service":
        (home / ".pg_service.conf").write_text(f"[s]\npassword={PASSWORD}\n")
        url += "?service=s"
    elif source in (".pgpass", "PGPASSFILE", "passfile"):
        file.write_text(line)
        file.chmod(0o600)
        url += f"?passfile={other}" if source == "passfile" else ""
    if source == "url":
        url = url.replace("u@", f"u:{quote(PASSWORD, safe='')}@")
    if source.startswith("PG"):
        monkeypatch.setenv(source, PASSWORD if source == "PGPASSWORD" else str(other))
    monkeypatch.setenv("DATABASE_URL", url)


@pytest.mark.parametrize("source", SOURCES)
def test_a_password_that_is_quoted(
    source: str, program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for way in WAYS.values():
        with impostor(ASKS_FOR_PASSWORD, quoting(way)) as port, monkeypatch.context() as set_here:
            given(source, tmp_path, port, set_here)
            for also in ([], ["--json"]):
                ended = program("db", "status", "-P", "env", *also)
                assert ended.code == 7
                assert "password authentication failed (***)" in ended.err
