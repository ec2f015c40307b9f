"""A `plays_query` that fails is named by every command that asks it, at once or only in the listing."""

import pytest

from musicctl.store import plays
from tests.faults.processes import settings
from tests.program import Program, Sandbox

EDITOR = "playlist editor"
USERS = ("auth0|high", "auth0|low")
CHECKED = "current_query() LIKE '%HAV' || 'ING%'"
"""What is run before a listing to see that each user comes once: the query itself must not hold the words."""

LATE_ERROR = (
    f"CASE WHEN {CHECKED} THEN total_plays ELSE total_plays / (length(user_id) - length(user_id)) END"
)
LATE_SLEEP = f"CASE WHEN {CHECKED} THEN total_plays ELSE (pg_sleep(60) IS NULL)::int END"
QUERIES = {
    "a table that is not there": ("SELECT user_id, plays FROM nowhere", "plays_query cannot be used"),
    "one column": ("SELECT user_id FROM playlists", "plays_query returns 1 column"),
    "three columns": ("SELECT user_id, name, total_plays FROM playlists", "plays_query returns 3 columns"),
    "no numbers": ("SELECT user_id, name FROM playlists", "plays_query returns plays that are no numbers"),
    "a user twice": ("SELECT 'auth0|low', n FROM generate_series(1, 2) AS n", "more than once"),
    "an error": ("SELECT user_id, total_plays / 0 FROM playlists", "plays_query cannot be used: division by"),
    "an error in the listing": (
        f"SELECT user_id, {LATE_ERROR} FROM playlists",
        "plays_query cannot be used: division by zero",
    ),
    "a timeout": (
        "SELECT user_id, (pg_sleep(60) IS NULL)::int FROM playlists",
        "plays_query took the database too long",
    ),
    "a timeout in the listing": (
        f"SELECT user_id, {LATE_SLEEP} FROM playlists",
        "plays_query took the database too long",
    ),
}
COMMANDS = (
    *("playlists top", "playlists near --within 1000000000", "roles holders", "roles explain auth0|low"),
    *("roles plan", "roles plan --list unknown", "roles plan --list missing", "roles plan --refresh"),
    *("roles sync --yes", "roles sync --dry-run", "roles sync --check", "stats", "users show auth0|low"),
    *("users list", "users list --limit 5", "users list --limit 5 --sort plays", "users list --min-plays 1"),
    *("users list --sort email", "promote auth0|low auth0|high", "promote auth0|low --dry-run"),
    *("roles grant auth0|low", "roles revoke auth0|high"),
)


@pytest.fixture
def asked(sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """One who holds the role and one who does not, as the mirror has them, and little patience."""
    sandbox.add_user(USERS[0], plays=500, app_metadata={"roles": [EDITOR]})
    sandbox.add_user(USERS[1], plays=5)
    assert program("mirror", "refresh", "--quiet").code == 0
    monkeypatch.setattr(plays, "PATIENCE", 0.2)
    monkeypatch.delenv("MUSICCTL_PROFILE")
    for name, value in settings(sandbox).items():
        monkeypatch.setenv(name, value)
    return sandbox


@pytest.mark.parametrize("kind", QUERIES)
def test_every_command_names_the_setting(
    asked: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    query, said = QUERIES[kind]
    monkeypatch.setenv("MUSICCTL_PLAYS_QUERY", query)
    for words in COMMANDS:
        ended = program(*words.split(), "--json")
        assert (ended.code, ended.error["code"], ended.out) == (78, "config", ""), (words, ended)
        assert said in ended.error["message"], (words, ended.err)
        assert "plays_query" in ended.error["message"], (words, ended.err)
        assert ended.error["hint"], words
    assert asked.writes() == []
    assert asked.roles(USERS[0]) == [EDITOR]


@pytest.mark.parametrize("words", COMMANDS)
def test_the_same_commands_end_well_with_a_query_that_works(
    asked: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setattr(plays, "PATIENCE", 100.0)
    monkeypatch.setenv(
        "MUSICCTL_PLAYS_QUERY", f"SELECT user_id, total_plays FROM playlists WHERE {CHECKED} OR true"
    )
    assert program(*words.split(), "--json").code == 0


def test_what_is_not_the_query_s_fault_does_not_name_it(
    asked: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plays, "PATIENCE", 100.0)
    monkeypatch.setenv("MUSICCTL_PLAYS_QUERY", "SELECT user_id, total_plays FROM playlists")
    asked.query("ALTER TABLE musicctl.tenant_users RENAME TO gone")
    try:
        for words in (
            "users list --limit 5",
            "users list --sort plays",
            "roles holders",
            "stats",
            "roles plan",
        ):
            ended = program(*words.split(), "--json")
            assert (ended.code, "plays_query" in ended.err) == (78, False), (words, ended.err)
            assert ended.error["hint"].startswith("musicctl db init"), words
    finally:
        asked.query("ALTER TABLE musicctl.gone RENAME TO tenant_users")
