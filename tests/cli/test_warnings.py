"""What a person is warned of, and refused, before a command does what was not meant."""

from pathlib import Path

import pytest

from tests.faults.processes import settings
from tests.program import Program, Sandbox


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("SELECT * FROM dblink('x', 'y') AS t(a int)", "dblink"),
        ('SELECT "lo_import"($$/x$$)', "lo_import"),
        ("SELECT PG_READ_FILE('/x')", "pg_read_file"),
        ("SELECT U&\"\\0064blink\"('x')", 'U&"'),
    ],
)
def test_a_query_that_reaches_past_its_transaction(
    sandbox: Sandbox, program: Program, sql: str, named: str
) -> None:
    told = program("query", sql)
    assert told.code != 0
    assert f"warning: {named}" in told.err


def test_a_query_that_only_names_it_in_a_text(sandbox: Sandbox, program: Program) -> None:
    told = program("query", "SELECT 'dblink'")
    assert told.code == 0
    assert "warning" not in told.err


def test_a_write_as_superuser(sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    url = sandbox.state.database_url
    for name, value in settings(sandbox).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MUSICCTL_PROFILE", raising=False)
    monkeypatch.setenv("DATABASE_URL", url.replace("//musicctl@", "//postgres@"))
    for words in (("roles", "release"), ("genres", "set", "auth0|a", "jazz"), ("mirror", "refresh")):
        assert "warning: this account is a superuser" in program(*words, "-P", "env").err
    monkeypatch.setenv("DATABASE_URL", url)
    assert "superuser" not in program("roles", "release", "-P", "env").err


def test_a_plays_query_is_read_as_a_query_is(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings(sandbox).items():
        monkeypatch.setenv(name, value)
    for query in (
        "SELECT 'a', 1; SELECT 2",
        "DELETE FROM songs",
        "SELECT 'a', 1) AS s, (SELECT 2",
        "SHOW all",
    ):
        monkeypatch.setenv("MUSICCTL_PLAYS_QUERY", query)
        told = program("playlists", "top", "-P", "env")
        assert told.code == 78
        assert "plays_query cannot be used" in told.err


def test_a_token_stands_for_one_user(sandbox: Sandbox, program: Program, tmp_path: Path) -> None:
    (tmp_path / "t").write_text("x")
    token = f"@{tmp_path / 't'}"
    assert program("profile", "show", "--token", token, f"--token={token}").code == 2
    for user in ("auth0|a", "a@example.com"):
        told = program("profile", "set-name", user, "--token", token)
        assert told.code == 2
        assert "looks like a USER" in told.err


def test_a_role_given_to_an_address_that_nobody_verified(sandbox: Sandbox, program: Program) -> None:
    sandbox.add_user("auth0|a")
    told = program("roles", "grant", "a@example.com", "--dry-run")
    assert "the address a@example.com of auth0|a is not verified" in told.err
    assert "not verified" not in program("roles", "grant", "auth0|a", "--dry-run").err
    assert "not verified" not in program("profile", "show", "a@example.com").err
