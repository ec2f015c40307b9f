"""The view musicctl.listeners: what it shows, and that it never stands in the way of the app's own schema."""

from collections.abc import Iterator

import pytest

from musicctl.errors import ConfigError
from musicctl.secret import Secret
from musicctl.store import listeners, listeners_grouped, schema, view
from musicctl.store.database import Cursor, Database
from musicctl.store.listeners import Wanted
from tests.program import query

ALL = "SELECT user_id, email, roles, fav_genre, plays, playlists, songs FROM musicctl.listeners ORDER BY 1"
FILLED = """
    INSERT INTO musicctl.tenant_users (user_id, email, roles) VALUES
        ('auth0|both', 'both@example.com', '{beta}'), ('auth0|tenant', NULL, NULL);
    INSERT INTO playlists VALUES
        ('1', 'auth0|both', 'a', 60), ('2', 'auth0|both', 'b', 40), ('3', 'auth0|app', 'c', NULL),
        ('4', NULL, 'd', 9);
    INSERT INTO songs VALUES ('1', 'x', 'auth0|both');
    INSERT INTO artists VALUES ('1', 'x', 'auth0|artist');
    INSERT INTO user_data VALUES ('auth0|app', 'jazz');"""


@pytest.fixture
def own(empty_url: str) -> Iterator[Database]:
    """A database to which nothing has been done yet."""
    opened = Database(Secret(empty_url))
    yield opened
    opened.close()


def test_everybody_whom_any_store_knows_is_a_row(database: Database, database_url: str) -> None:
    query(database_url, FILLED)
    assert query(database_url, ALL) == [
        ("auth0|app", None, None, "jazz", None, 1, 0),
        ("auth0|artist", None, None, None, None, 0, 0),
        ("auth0|both", "both@example.com", ["beta"], None, 100, 2, 1),
        ("auth0|tenant", None, None, None, None, 0, 0),
    ]


@pytest.mark.parametrize(
    ("kind", "value", "plays"),
    [
        ("numeric", "'NaN'", None),
        ("numeric", "99.99", 99),
        ("numeric", "1e30", 2**63 - 1),
        ("double precision", "'Infinity'", None),
        ("integer", "7", 7),
    ],
)
def test_plays_of_other_types(
    empty_url: str, own: Database, kind: str, value: str, plays: int | None
) -> None:
    query(empty_url, f"CREATE TABLE playlists (user_id varchar(99), total_plays {kind})")
    query(empty_url, f"INSERT INTO playlists VALUES ('auth0|a', {value})")
    schema.init(own)
    assert query(empty_url, "SELECT user_id, plays FROM musicctl.listeners") == [("auth0|a", plays)]


def test_what_the_app_lacks_is_null(empty_url: str, own: Database) -> None:
    query(empty_url, "CREATE TABLE playlists (user_id uuid)")
    query(empty_url, "CREATE TABLE user_data (user_id text)")
    query(empty_url, "CREATE TABLE songs (name text)")
    query(empty_url, "INSERT INTO playlists VALUES ('00000000-0000-0000-0000-000000000001')")
    assert "view listeners" in schema.init(own)
    found = [("00000000-0000-0000-0000-000000000001", None, None, None, None, 1, None)]
    assert query(empty_url, ALL) == found
    assert listeners.saved(own, found[0][0]) == listeners.Saved(None, 1, None)
    lacking = {"fav_genre", "plays", "songs"}
    for sort in set(listeners.SORTS) - lacking:
        assert [row[0] for row in listeners.each(own, Wanted(), None, list, sort=sort)] == [found[0][0]]
    for sort in lacking:
        with pytest.raises(ConfigError, match="has no column"):
            listeners.each(own, Wanted(), None, list, sort=sort)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE playlists DROP COLUMN total_plays",
        "ALTER TABLE playlists RENAME COLUMN total_plays TO plays",
        "ALTER TABLE playlists ALTER COLUMN total_plays TYPE integer",
        "ALTER TABLE user_data ALTER COLUMN user_id TYPE varchar(200)",
        "ALTER TABLE user_data DROP COLUMN fav_genre",
        "DROP TABLE songs",
        "ALTER TABLE songs SET SCHEMA elsewhere",
    ],
)
def test_the_app_may_change_its_tables_and_init_makes_the_view_anew(
    database: Database, database_url: str, change: str
) -> None:
    query(database_url, FILLED)
    query(database_url, "CREATE SCHEMA elsewhere")
    query(database_url, change)
    schema.init(database)
    assert [row[0] for row in query(database_url, ALL)] == [
        "auth0|app",
        "auth0|artist",
        "auth0|both",
        "auth0|tenant",
    ]
    assert schema.init(database) == ()


def test_a_view_that_does_not_fit_says_so(database: Database, database_url: str) -> None:
    query(database_url, "ALTER TABLE playlists DROP COLUMN total_plays")
    with pytest.raises(ConfigError, match=r"does not fit this database: .*total_plays") as caught:
        listeners.each(database, Wanted(), None, list, limit=1)
    assert caught.value.hint == "musicctl db init makes it anew"
    query(database_url, "DROP VIEW musicctl.listeners; DROP FUNCTION musicctl.listener_rows()")
    with pytest.raises(ConfigError, match="does not fit"):
        listeners.each(database, Wanted(), None, list, limit=1)


def test_what_stands_on_the_view_stays(database: Database, database_url: str) -> None:
    query(database_url, "CREATE VIEW mine AS SELECT user_id FROM musicctl.listeners")
    query(
        database_url, "ALTER TABLE user_data ADD COLUMN colour text; ALTER TABLE playlists DROP COLUMN name"
    )
    query(database_url, "ALTER TABLE playlists DROP COLUMN total_plays")
    assert schema.init(database) == ("view listeners",)
    assert query(database_url, "SELECT * FROM mine") == []


def test_tables_elsewhere_on_the_search_path_and_odd_names(empty_url: str, own: Database) -> None:
    query(empty_url, 'CREATE SCHEMA "50 % off"')
    query(empty_url, 'CREATE TABLE "50 % off".songs (user_id text, "total %s" text)')
    query(empty_url, "INSERT INTO \"50 % off\".songs VALUES ('auth0|a')")
    query(
        empty_url,
        f"""ALTER DATABASE {own.address.keywords["dbname"]} SET search_path = public, "50 % off\"""",
    )
    schema.init(own)
    assert query(empty_url, ALL) == [("auth0|a", None, None, None, None, 0, 1)]
    assert listeners.saved(own, "auth0|a").songs == 1
    assert [row[-1] for row in listeners.each(own, Wanted(), None, list)] == [1]


def test_one_user_and_a_page_are_looked_up(database: Database, database_url: str) -> None:
    """Nothing is read whole for a page: with many rows and a plan made for them, no table is scanned."""
    query(
        database_url,
        "INSERT INTO musicctl.tenant_users (user_id) SELECT 'auth0|' || i FROM generate_series(1, 5000) i;"
        "INSERT INTO playlists SELECT i, 'auth0|' || i, 'x', i FROM generate_series(1, 5000) i;"
        "INSERT INTO songs SELECT i, 'x', 'auth0|' || i FROM generate_series(1, 5000) i;"
        "INSERT INTO user_data SELECT 'auth0|' || i, 'x' FROM generate_series(1, 5000) i; "
        "ANALYZE musicctl.tenant_users, playlists, songs, user_data",
    )
    for condition in ("user_id = 'auth0|77'", "user_id > 'auth0|77' AND user_id < 'auth0|771' LIMIT 3"):
        plan = "\n".join(
            str(row)
            for row in query(database_url, f"EXPLAIN SELECT * FROM musicctl.listeners WHERE {condition}")
        )
        for table in ("tenant_users", "playlists", "songs", "user_data"):
            assert f"Seq Scan on {table}" not in plan
        assert "Index" in plan
        assert "Function Scan" not in plan


def test_the_grouped_rows_are_the_same(database: Database, database_url: str) -> None:
    query(database_url, FILLED)

    def work(cursor: Cursor) -> list[object]:
        cursor.execute(f"{listeners_grouped.rows(cursor, view.shapes(cursor), None)} ORDER BY user_id", {})
        return [*cursor.fetchall()]

    found = database.run(work, doing="group", read_only=True)
    assert found == [*query(database_url, "SELECT * FROM musicctl.listener_rows() ORDER BY user_id")]
    assert len(found) == 4
