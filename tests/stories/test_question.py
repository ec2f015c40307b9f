"""The question that no tenant can answer, on the demo's data: one SELECT over all three stores."""

from pathlib import Path

from musicctl.sandbox import load
from tests.program import Program, Sandbox

GENRES_OF_EDITORS = (
    "select fav_genre, count(*) from musicctl.listeners where 'playlist editor' = any(roles) group by 1"
)


def test_genres_of_editors(sandbox: Sandbox, sandbox_folder: Path, program: Program) -> None:
    load.load_made_up(sandbox_folder, sandbox.state, users=300, seed=100, say=lambda _line: None)
    load.load_cast(sandbox_folder, sandbox.state)
    assert program("roles", "sync", "--yes").code == 0
    ended = program("query", GENRES_OF_EDITORS, "--json")
    found = {row["fav_genre"]: row["count"] for row in ended.json}
    holders = program("roles", "holders", "--json").json
    assert ended.code == 0
    assert sum(found.values()) == len(holders) > 5
    assert found["jazz"] >= 1  # Ada, who has earned it
    listed = program("users", "list", "--role", "playlist editor", "--genre", "jazz", "--json").json
    assert len(listed) == found["jazz"]
    assert "auth0|demo-ada" in {row["user_id"] for row in listed}
    drawn = program("stats", "--json").json
    assert (drawn["editors"], drawn["above"]["holders"] >= 1) == (len(holders), True)
