"""Row-level security that hides rows from the account: said, never taken for "there are none"."""

import pytest

from musicctl.sandbox.postgres.cluster import Cluster
from tests.conftest import command
from tests.program import Program, Sandbox, query

ADA, BORIS = "auth0|ada", "auth0|boris"
HIDE = """
    ALTER TABLE {t} ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON {t} FOR SELECT USING (user_id = 'auth0|ada')"""


@pytest.fixture
def limited(
    server: Cluster,
    database_url: str,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """An account that may read all tables, and write ours, but owns none; the URL of their owner."""
    command(server, "DO $$ BEGIN CREATE ROLE clerk LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    query(
        database_url,
        "GRANT USAGE ON SCHEMA musicctl TO clerk;"
        "GRANT SELECT ON songs, artists, playlists, user_data TO clerk;"
        "GRANT ALL ON ALL TABLES IN SCHEMA musicctl TO clerk;"
        f"INSERT INTO songs VALUES ('1', 'Help', '{ADA}'), ('2', 'Girl', '{BORIS}');"
        f"INSERT INTO playlists VALUES ('p', '{ADA}', 'Mix', 150), ('q', '{BORIS}', 'Mix', 150);"
        f"INSERT INTO user_data VALUES ('{ADA}', 'rock'), ('{BORIS}', 'jazz');",
    )
    for user_id in (ADA, BORIS):
        sandbox.add_user(user_id)
    monkeypatch.delenv("MUSICCTL_PROFILE")
    for name in ("auth0_domain", "auth0_client_id", "auth0_client_secret", "auth0_audience"):
        monkeypatch.setenv(name.upper(), getattr(sandbox.state, name))
    monkeypatch.setenv("DATABASE_URL", database_url.replace("musicctl@", "clerk@"))
    return database_url


READS = (
    ("songs", "list", BORIS),
    ("songs", "search", "g"),
    ("songs", "export"),
    ("playlists", "list", BORIS),
    ("playlists", "top"),
    ("genres", "show", BORIS),
    ("genres", "top"),
    ("users", "show", BORIS),
    ("users", "list"),
    ("roles", "explain", BORIS),
    ("stats",),
    ("query", "SELECT count(*) FROM songs, playlists, user_data"),
)


@pytest.mark.parametrize("words", READS, ids=lambda words: " ".join(words[:2]))
def test_a_listing_says_that_rows_may_be_hidden(
    limited: str, program: Program, words: tuple[str, ...]
) -> None:
    assert "row-level security" not in program(*words).err
    for table in ("songs", "artists", "playlists", "user_data"):
        query(limited, HIDE.format(t=table))
    told = program(*words)
    assert (told.code, "row-level security may hide rows from this account" in told.err) == (0, True)


def test_a_plan_over_plays_that_may_be_hidden_is_dangerous(
    limited: str, sandbox: Sandbox, program: Program
) -> None:
    counts = program("roles", "plan", "--json").json["counts"]
    assert counts["grant"] == 2
    query(limited, HIDE.format(t="playlists"))
    plan = program("roles", "plan", "--json").json
    [danger] = [each for each in plan["dangers"] if each.startswith("row_security")]
    assert "hide plays" in danger
    refused = program("roles", "sync", "--json")
    assert (refused.code, sandbox.writes()) == (4, [])
    accepted = program("roles", "sync", "--accept-plan", plan["plan"], "--json")
    assert (accepted.code, accepted.json["applied"]["grant"]) == (0, 1)


def test_whoever_is_above_the_policies_is_told_nothing(
    limited: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    query(limited, HIDE.format(t="songs"))
    monkeypatch.setenv("DATABASE_URL", limited)  # the owner of the table
    told = program("songs", "list", BORIS)
    assert "Girl" in told.out
    assert "row-level" not in told.err


def test_a_right_that_is_missing_is_told_as_such(limited: str, program: Program) -> None:
    query(limited, "REVOKE SELECT ON songs FROM clerk")
    refused = program("songs", "list", BORIS, "--json")
    assert (refused.code, "permission denied" in refused.error["message"]) == (7, True)
