"""Listing listeners: each filter and order, pages, and all of them."""

from itertools import islice
from typing import Any

import pytest

from musicctl.errors import ConfigError
from musicctl.store import listeners
from musicctl.store.database import Database
from musicctl.store.listeners import Wanted
from tests.program import query

EDITOR = "playlist editor"


@pytest.fixture
def crowd(database: Database, database_url: str) -> Database:
    query(
        database_url,
        "INSERT INTO musicctl.tenant_users (user_id, email, display_name, roles) VALUES"
        " ('auth0|a', 'Ada@example.com', 'Ada', '{playlist editor,beta}'),"
        " ('auth0|b', 'b@example.com', 'Boris 50%', '{}'), ('auth0|c', NULL, NULL, NULL),"
        " ('auth0|d', 'd@example.com', 'ada too', '{playlist editor}');"
        "INSERT INTO playlists VALUES ('1', 'auth0|a', 'x', 60), ('2', 'auth0|a', 'x', 40),"
        " ('3', 'auth0|b', 'x', 99), ('4', 'auth0|app', 'x', 500), ('5', 'auth0|d', 'x', NULL);"
        "INSERT INTO user_data VALUES ('auth0|b', 'Jazz'), ('auth0|app', 'jazz'), ('auth0|d', NULL);"
        "INSERT INTO songs VALUES ('1', 'x', 'auth0|d'), ('2', 'x', 'auth0|d')",
    )
    return database


def ids(database: Database, wanted: Wanted, own: str | None = None, **options: Any) -> str:
    return "".join(row[0][len("auth0|")] for row in listeners.each(database, wanted, own, list, **options))


@pytest.mark.parametrize("limit", [None, 50])
@pytest.mark.parametrize("sort", ["user_id", "display_name"])
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), "aabcd"),
        (Wanted(role=EDITOR), "ad"),
        (Wanted(role=EDITOR, min_plays=100), "a"),
        (Wanted(genre="JAZZ"), "ab"),
        (Wanted(min_plays=99), "aab"),
        (Wanted(max_plays=99), "b"),
        (Wanted(min_plays=100, max_plays=100), "a"),
        (Wanted(name="ADA"), "ad"),
        (Wanted(name="%"), "b"),
        (Wanted(name=""), "abd"),
        (Wanted(email="ada@"), "a"),
        (Wanted(no_tenant=True), "a"),
        (Wanted(no_data=True), "c"),
        (Wanted(no_data=True, no_tenant=True), ""),
        (Wanted(no_tenant=True, role=EDITOR), ""),
    ],
)
def test_filters(crowd: Database, wanted: Wanted, found: str, sort: str, limit: int | None) -> None:
    assert "".join(sorted(ids(crowd, wanted, sort=sort, limit=limit))) == found


@pytest.mark.parametrize("limit", [None, 3])
@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("user_id", "auth0|a auth0|app auth0|b auth0|c auth0|d"),
        ("plays", "auth0|app auth0|a auth0|b auth0|c auth0|d"),
        ("playlists", "auth0|a auth0|app auth0|b auth0|d auth0|c"),
        ("songs", "auth0|d auth0|a auth0|app auth0|b auth0|c"),
        ("fav_genre", "auth0|app auth0|b auth0|a auth0|c auth0|d"),
    ],
)
def test_orders(crowd: Database, sort: str, found: str, limit: int | None) -> None:
    rows = listeners.each(crowd, Wanted(), None, list, sort=sort, limit=limit)
    listed = [row[0] for row in rows]
    if sort == "fav_genre":  # Jazz and jazz: which is first is the database's to say
        assert set(listed[:2]) == set(found.split()[:2])
    else:
        assert listed == found.split()[:limit]
    assert {row[0]: row[1:] for row in rows}["auth0|a"] == (
        "Ada@example.com",
        "Ada",
        [EDITOR, "beta"],
        None,
        100,
        2,
        0,
    )


def test_with_a_query_of_ones_own(crowd: Database) -> None:
    own = "SELECT 'auth0|c', 7.5 -- 50 %\n UNION ALL SELECT 'auth0|app', 1;"
    for options in ({}, {"limit": 9}, {"sort": "plays"}, {"sort": "plays", "limit": 9}):
        assert ids(crowd, Wanted(min_plays=2), own, **options) == "c"
        assert len(ids(crowd, Wanted(), own, **options)) == 5
    with pytest.raises(ConfigError, match=r"auth0\|c more than once"):
        listeners.each(crowd, Wanted(), f"{own[:-1]} UNION ALL SELECT 'auth0|c', 1", list)


def test_a_page_goes_on_where_the_first_windows_end(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    query(
        database_url,
        "INSERT INTO musicctl.tenant_users (user_id, roles)"
        " SELECT 'auth0|' || lpad(i::text, 4, '0'), '{}' FROM generate_series(1, 100) i;"
        "INSERT INTO songs SELECT i, 'x', 'auth0|' || lpad(i::text, 4, '0') FROM generate_series(50, 200) i;"
        "INSERT INTO songs SELECT 'n' || i, 'x', 'auth0|0010' || i FROM generate_series(1, 9) i",
    )
    everybody = [
        user_id for (user_id,) in query(database_url, "SELECT user_id FROM musicctl.listeners ORDER BY 1")
    ]
    assert len(everybody) == 209
    monkeypatch.setattr(listeners, "WINDOWS", (7, 13))
    for limit in (1, 7, 8, 16, 20, 28, 29, 30, 150, 209, 500):
        rows = listeners.each(database, Wanted(), None, list, limit=limit)
        assert [row[0] for row in rows] == everybody[:limit]
    few = listeners.each(database, Wanted(no_tenant=True), None, list, limit=12)
    assert [row[0] for row in few] == [each for each in everybody if each > "auth0|0100" or len(each) > 10][
        :12
    ]


def test_all_come_while_they_are_read(database: Database, database_url: str) -> None:
    query(
        database_url,
        "INSERT INTO musicctl.tenant_users (user_id) SELECT 'auth0|' || i FROM generate_series(1, 9000) i",
    )
    assert listeners.each(database, Wanted(), None, lambda rows: sum(1 for _ in rows)) == 9000
    assert len(listeners.each(database, Wanted(), None, lambda rows: list(islice(rows, 5)))) == 5
