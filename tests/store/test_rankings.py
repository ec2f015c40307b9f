"""Listeners by their plays: the most played, and those near the bar on either side."""

from itertools import islice

import pytest

from musicctl.errors import ConfigError
from musicctl.store import rankings
from musicctl.store.database import Database
from musicctl.store.streaming import stream
from tests.program import query

PLAYS = [
    ("auth0|a", 60),
    ("auth0|a", 39),
    ("auth0|b", 100),
    ("auth0|c", 102),
    ("auth0|d", 98),
    ("auth0|e", 5000),
    ("auth0|f", None),
    ("auth0|g", 0),
    (None, 100),
]


@pytest.fixture
def filled(database: Database, database_url: str) -> Database:
    for number, (user_id, total) in enumerate(PLAYS):
        query(database_url, "INSERT INTO playlists VALUES (%s, %s, 'Mix', %s)", (str(number), user_id, total))
    return database


def test_the_most_played(filled: Database) -> None:
    assert rankings.top(filled, None, limit=3, use=list) == [
        ("auth0|e", 5000, 1),
        ("auth0|c", 102, 1),
        ("auth0|b", 100, 1),
    ]
    every = rankings.top(filled, None, limit=10**30, use=list)
    assert [row[0][-1] for row in every] == list("ecbadg")


def test_the_nearest_to_the_bar_come_first(filled: Database) -> None:
    assert rankings.near(filled, None, threshold=100, within=2, use=list) == [
        ("auth0|b", 100, 1, 0),
        ("auth0|a", 99, 2, -1),
        ("auth0|c", 102, 1, 2),
        ("auth0|d", 98, 1, -2),
    ]
    assert rankings.near(filled, None, threshold=100, within=0, use=list) == [("auth0|b", 100, 1, 0)]
    assert len(rankings.near(filled, None, threshold=100, within=10**30, use=list)) == 6
    assert rankings.near(filled, None, threshold=2**63 - 1, within=10, use=list) == []


def test_with_a_query_of_ones_own(filled: Database, database_url: str) -> None:
    own = "SELECT 'auth0|a', 99.7 -- 50 %\n UNION ALL SELECT 'auth0|z', 7"
    assert rankings.top(filled, own, limit=5, use=list) == [("auth0|a", 99, 2), ("auth0|z", 7, 0)]
    query(database_url, "DROP TABLE playlists")
    assert rankings.near(filled, own, threshold=100, within=1, use=list) == [("auth0|a", 99, None, -1)]
    with pytest.raises(ConfigError, match=r"auth0\|a more than once"):
        rankings.top(filled, f"{own} UNION ALL SELECT 'auth0|a', 1", limit=5, use=list)


def test_rows_are_handed_on_before_all_have_come(database: Database) -> None:
    endless = "SELECT generate_series(1, 2000000000)"  # in FROM it would be made whole first
    first = stream(database, lambda _: (endless, {}), lambda rows: list(islice(rows, 3)), doing="count")
    assert first == [(1,), (2,), (3,)]
    assert stream(database, lambda _: ("SELECT 1 WHERE false", {}), list, doing="count") == []
