"""How transactions begin: with what the statement says, whatever somebody has set for the account."""

from contextlib import closing

import pytest

from musicctl.errors import DeniedError
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.secret import Secret
from musicctl.store.address import parse
from musicctl.store.database import Cursor, Database
from musicctl.store.opening import REPEATABLE_READ, Opening
from tests.conftest import command


def shown(cursor: Cursor, *names: str) -> list[str]:
    found = []
    for name in names:
        cursor.execute(f"SHOW {name}")
        found += [row[0] for row in cursor.fetchall()]
    return found


@pytest.fixture
def altered(server: Cluster, database_url: str) -> str:
    """A database for which somebody has set what changes the meaning of statements."""
    name = parse(Secret(database_url)).keywords["dbname"]
    for setting in (
        "default_transaction_isolation = 'serializable'",
        "quote_all_identifiers = on",
        "transform_null_equals = on",
        "extra_float_digits = -15",
    ):
        command(server, f"ALTER DATABASE {name} SET {setting}")
    return database_url


def test_what_others_have_set_changes_nothing(altered: str) -> None:
    with closing(Database(Secret(altered))) as database:
        opening = Opening(own_path=False)
        names = ("transaction_isolation", "search_path", "quote_all_identifiers", "transform_null_equals")
        found = database.run(lambda cursor: shown(cursor, *names), doing="look", opening=opening)
        assert found == ["read committed", "pg_catalog, pg_temp", "off", "off"]
        assert database.run(lambda cursor: shown(cursor, "musicctl.path"), doing="look", opening=opening) == [
            "{musicctl,public}"
        ]


def test_isolation_and_settings_are_for_one_transaction(database: Database) -> None:
    names = ("transaction_isolation", "transaction_read_only", "lock_timeout")
    opening = Opening(read_only=True, isolation=REPEATABLE_READ, settings={"lock_timeout": "3s"})
    look = lambda cursor: shown(cursor, *names)  # noqa: E731 -- three times the same question
    assert database.run(look, doing="look", opening=opening) == ["repeatable read", "on", "3s"]
    assert database.run(look, doing="look") == ["read committed", "off", "5s"]


def test_a_database_that_lets_nobody_write_is_respected(server: Cluster, database_url: str) -> None:
    name = parse(Secret(database_url)).keywords["dbname"]
    command(server, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with closing(Database(Secret(database_url))) as database, pytest.raises(DeniedError, match="read-only"):
        database.run(lambda cursor: cursor.execute("DELETE FROM public.songs"), doing="write")
