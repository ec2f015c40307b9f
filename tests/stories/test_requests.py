"""What a sync costs the tenant: two requests a change and a handful, whatever the number of users."""

from pathlib import Path

import pytest

from musicctl.sandbox import load
from tests.program import Program, Sandbox

USERS = 1000
HANDFUL = 3
"""The token, the export job and its file; looks at the job come on top, and are counted apart."""


@pytest.fixture
def crowd(sandbox: Sandbox, sandbox_folder: Path) -> Sandbox:
    """Made-up listeners, of whom one in a hundred has changed sides."""
    load.load_made_up(sandbox_folder, sandbox.state, users=USERS, seed=1, say=lambda _line: None)
    return sandbox


def test_two_for_each_change_and_a_handful_for_the_refresh(crowd: Sandbox, program: Program) -> None:
    report = program("roles", "sync", "--json").json
    changes = sum(report["applied"].values())
    assert changes == len(crowd.writes()) >= 5
    assert report["requests"] <= 2 * changes + HANDFUL
    assert report["requests"] + report["polls"] == len(crowd.requests())


def test_nothing_where_nothing_changes(crowd: Sandbox, program: Program) -> None:
    program("roles", "sync")
    before = len(crowd.requests())
    assert program("roles", "sync", "--json").json["requests"] == 0
    assert program("roles", "plan", "--check").code == 0
    assert len(crowd.requests()) == before


def test_a_handful_where_only_the_mirror_is_refreshed(crowd: Sandbox, program: Program) -> None:
    program("roles", "sync")
    before = len(crowd.requests())
    report = program("roles", "sync", "--refresh", "--json").json
    assert sum(report["applied"].values()) == 0
    assert 0 < report["requests"] <= HANDFUL
    assert report["requests"] + report["polls"] == len(crowd.requests()) - before


def test_more_users_cost_no_more(crowd: Sandbox, program: Program, sandbox_folder: Path) -> None:
    program("roles", "sync")
    few = program("roles", "sync", "--refresh", "--json").json
    load.load_made_up(sandbox_folder, crowd.state, users=5 * USERS, seed=1, say=lambda _line: None)
    grown = program("roles", "sync", "--json").json
    assert grown["requests"] <= 2 * sum(grown["applied"].values()) + HANDFUL
    many = program("roles", "sync", "--refresh", "--json").json
    assert (many["requests"], many["polls"]) == (few["requests"], few["polls"])
