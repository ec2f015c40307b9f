"""`db init`: creates what is missing, alters nothing, tolerates company, and knows its own migrations."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from musicctl.errors import ConfigError, DeniedError
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.secret import Secret
from musicctl.store import schema
from musicctl.store.database import Database
from tests.conftest import command
from tests.program import query

CATALOGUE = """
    SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema IN ('public', 'musicctl') ORDER BY 1, 2, 3"""
INDEXES = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"


def test_creates_everything_once(empty_url: str) -> None:
    database = Database(Secret(empty_url))
    before = schema.status(database)
    created = schema.init(database)
    after = schema.status(database)
    catalogue = query(empty_url, CATALOGUE)
    again = schema.init(database)
    database.close()
    assert (before.version, set(before.tables.values())) == (0, {False})
    assert len(created) == len(before.pending) + len(schema.APP_TABLES) + len(["view listeners"])
    assert (after.pending, set(after.tables.values())) == ((), {True})
    assert again == ()
    assert query(empty_url, CATALOGUE) == catalogue


def test_tables_have_the_shape_of_the_reference_application(database_url: str) -> None:
    columns: list[Any] = query(
        database_url,
        "SELECT table_name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position)"
        " FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1",
    )
    assert dict(columns) == {
        "songs": "song_id text, songname text, user_id text",
        "artists": "artist_id text, artistname text, user_id text",
        "playlists": "playlist_id text, user_id text, name text, total_plays bigint",
        "user_data": "user_id text, fav_genre text",
    }
    indexed = {table for table, definition in query(database_url, INDEXES) if "(user_id)" in str(definition)}
    assert indexed == {"songs", "artists", "playlists", "user_data"}


def test_an_existing_table_is_not_altered(empty_url: str) -> None:
    query(empty_url, "CREATE TABLE playlists (user_id text, total_plays integer, colour text)")
    query(empty_url, "INSERT INTO playlists VALUES ('auth0|a', 3, 'red')")
    columns = [row for row in query(empty_url, CATALOGUE) if row[1] == "playlists"]
    database = Database(Secret(empty_url))
    created = schema.init(database)
    database.close()
    assert "table playlists" not in created
    assert "table songs" in created
    assert [row for row in query(empty_url, CATALOGUE) if row[1] == "playlists"] == columns
    assert query(empty_url, "SELECT * FROM playlists") == [("auth0|a", 3, "red")]
    assert not [row for row in query(empty_url, INDEXES) if row[0] == "playlists"]


def test_eight_at_once_make_one(empty_url: str) -> None:
    def init(_: int) -> tuple[str, ...]:
        database = Database(Secret(empty_url))
        try:
            return schema.init(database)
        finally:
            database.close()

    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(init, range(8)))
    assert len([each for each in created if each]) == 1
    assert query(empty_url, "SELECT count(*) FROM musicctl.migrations WHERE number > 0") == [
        (len(schema.migrations()),)
    ]


def test_the_printed_script_does_the_same(empty_url: str, database_url: str) -> None:
    database = Database(Secret(empty_url))
    query(empty_url, schema.script(database).replace("BEGIN;", "").replace("COMMIT;", ""))
    status, script = schema.status(database), schema.script(database)
    database.close()
    assert status.pending == ()
    assert script == "-- nothing is missing\n"
    assert query(empty_url, CATALOGUE) == query(database_url, CATALOGUE)
    assert query(empty_url, INDEXES) == query(database_url, INDEXES)


def test_a_changed_or_unknown_migration_is_refused(database: Database, database_url: str) -> None:
    query(database_url, "UPDATE musicctl.migrations SET checksum = 'other' WHERE number = 1")
    with pytest.raises(ConfigError, match="migration 0001_mirror"):
        schema.init(database)
    query(database_url, "DELETE FROM musicctl.migrations WHERE number = 1")
    query(database_url, "INSERT INTO musicctl.migrations (number, name, checksum) VALUES (99, 'later', '')")
    with pytest.raises(ConfigError, match="migration 99"):
        schema.status(database)


def test_without_the_right_to_create_it_is_denied(server: Cluster, empty_url: str) -> None:
    command(server, "DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    database = Database(Secret(empty_url.replace("musicctl@", "reader@")))
    with pytest.raises(DeniedError, match="permission denied"):
        schema.init(database)
    database.close()
    assert query(empty_url, CATALOGUE) == []


def test_rights_that_were_given_are_given_on_new_tables_too(
    server: Cluster, database: Database, database_url: str
) -> None:
    command(server, "DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    query(
        database_url,
        "DROP TABLE musicctl.missing; DELETE FROM musicctl.migrations WHERE name = 'missing';"
        "GRANT SELECT, INSERT ON musicctl.tenant_users TO reader",
    )
    assert any("missing" in made for made in schema.init(database))
    rights = "SELECT has_table_privilege('reader', 'musicctl.missing', %s)"
    assert [query(database_url, rights, (each,)) for each in ("SELECT", "INSERT", "DELETE")] == [
        [(True,)],
        [(True,)],
        [(False,)],
    ]
