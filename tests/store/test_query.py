"""A person's own SELECT: it only reads, ends in time, and returns every value as Postgres holds it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from musicctl.errors import ConfigError, DeniedError, MusicctlError, RefusedError, UsageError
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.secret import Secret
from musicctl.store import query as queries
from musicctl.store import surroundings, waiting
from musicctl.store.database import Database
from musicctl.store.surroundings import Surroundings
from tests.conftest import command
from tests.program import query


def answer(database: Database, sql: str, *, paged: bool = True, seconds: float = 30) -> list[tuple[Any, ...]]:
    return queries.ask(database, sql, lambda _names, rows: list(rows), paged=paged, seconds=seconds)


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("NULL", None),
        ("true", True),
        ("9223372036854775807", 2**63 - 1),
        ("'NaN'::numeric", "NaN"),
        ("'-Infinity'::float8", "-inf"),
        ("1e-20::numeric(40, 25)", Decimal("1e-20")),
        ("'x'::bytea", r"\x78"),
        ("'infinity'::date", "infinity"),
        ("'10000-01-01'::date", "10000-01-01"),
        ("'0044-03-15 BC'::date", "0044-03-15 BC"),
        ("'2026-11-22'::date", "2026-11-22"),
        ("'-infinity'::timestamptz", "-infinity"),
        ("'294276-12-31 23:59:59 UTC'::timestamptz", "294276-12-31 23:59:59+00"),
        ("'2026-11-22 10:11:12.5+02'::timestamptz", datetime(2026, 11, 22, 8, 11, 12, 500000, tzinfo=UTC)),
        ("'2026-11-22 10:11:12'::timestamp", "2026-11-22 10:11:12"),
        ("'24:00'::time", "24:00:00"),
        ("interval '1 month 1 day'", "1 mon 1 day"),
        ("ARRAY['a', NULL, 'b,c']", ["a", None, "b,c"]),
        ("'{{1,2},{3,NULL}}'::int[]", [[1, 2], [3, None]]),
        ("'[2:3]={1,2}'::int[]", "[2:3]={1,2}"),
        ("ARRAY['infinity'::date]", "{infinity}"),
        ("int4range(1, 5)", "[1,5)"),
        ("daterange('-infinity', 'infinity')", "[-infinity,infinity)"),
        ("ROW(1, 'a')", "(1,a)"),
        ("1234.50::money", "$1,234.50"),
        ("'{\"a\": [1.10, 1e400]}'::jsonb", {"a": [Decimal("1.10"), Decimal("1e400")]}),
        ('\'{"a": 1, "a": 2}\'::json', '{"a": 1, "a": 2}'),
        ("('[' || repeat('[', 99) || repeat(']', 100))::json", "[" * 100 + "]" * 100),
        ("gen_random_uuid()::text::uuid IS NOT NULL", True),
        ("'1.2.3.4'::inet", "1.2.3.4"),
        ("B'101'", "101"),
        ("42::oid", 42),
        ("E'two\\nlines\\t'", "two\nlines\t"),
    ],
)
@pytest.mark.parametrize("paged", [True, False])
def test_every_type_comes_whole(database: Database, sql: str, value: object, paged: bool) -> None:
    [[found]] = answer(database, f"SELECT {sql}", paged=paged)
    assert (str(found) if isinstance(value, str) else found) == value


@pytest.mark.parametrize(
    "sql", ["SELECT 1 AS a, 2 AS a", "VALUES (1, 2)", "TABLE pairs", "WITH x AS (SELECT 1, 2) TABLE x"]
)
def test_the_names_of_the_columns_come_with_them(database: Database, database_url: str, sql: str) -> None:
    query(database_url, "CREATE TABLE pairs AS SELECT 1 AS x, 2 AS y")
    names, rows = queries.ask(database, sql, lambda names, rows: (names, list(rows)), paged=True, seconds=9)
    assert (len(names), rows) == (2, [(1, 2)])


def test_explain_and_show_come_too(database: Database) -> None:
    assert answer(database, "SHOW transaction_read_only", paged=False) == [("on",)]
    assert "Result" in answer(database, "EXPLAIN SELECT 1", paged=False)[0][0]


@pytest.mark.parametrize(
    "sql",
    [
        "WITH gone AS (DELETE FROM songs RETURNING *) SELECT * FROM gone",
        "SELECT setval('counter', 7)",
        "SELECT * FROM songs FOR UPDATE",
        "SELECT 1 INTO copy",
    ],
)
def test_what_writes_is_refused(database: Database, database_url: str, sql: str) -> None:
    query(database_url, "INSERT INTO songs VALUES ('1', 'x', 'y'); CREATE SEQUENCE counter")
    with pytest.raises((RefusedError, UsageError)) as caught:
        answer(database, sql)
    assert caught.value.exit in {4, 2}
    assert (caught.value.exit == 4) == ("INTO" not in sql)
    assert query(database_url, "SELECT count(*), (SELECT last_value FROM counter) FROM songs") == [(1, 1)]
    with pytest.raises(RefusedError, match="the query writes"):
        answer(database, "EXPLAIN ANALYZE DELETE FROM songs", paged=False)
    assert query(database_url, "SELECT count(*) FROM songs") == [(1,)]


def test_it_cannot_make_itself_a_writer_or_leave_anything_behind(database: Database) -> None:
    with pytest.raises(MusicctlError, match="read-write"):
        answer(database, "SELECT set_config('transaction_read_only', 'off', true)")
    answer(database, "SELECT set_config('search_path', 'nowhere', false)")
    assert answer(database, "SHOW search_path", paged=False) == [('"$user", public',)]


def test_it_ends_at_its_time(database: Database) -> None:
    began = time.monotonic()
    with pytest.raises(RefusedError, match=r"stopped: it took the server more than 0\.2 s"):
        answer(database, "SELECT pg_sleep(60)", seconds=0.2)
    assert time.monotonic() - began < 30
    with pytest.raises(RefusedError, match="stopped"):
        answer(database, "EXPLAIN ANALYZE SELECT pg_sleep(60)", paged=False, seconds=0.2)


def test_all_pages_together_have_that_time(database: Database) -> None:
    slow = "SELECT pg_sleep(0.0005), i FROM generate_series(1, 60000) AS i"
    seen: list[int] = []

    def use(_names: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
        seen.extend(row[1] for row in rows)

    with pytest.raises(RefusedError, match="stopped"):
        queries.ask(database, slow, use, paged=True, seconds=1.5)
    assert 0 < len(seen) < 60000


def test_it_may_be_silent_for_longer_than_others(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(waiting, "SILENCE", 0.1)
        assert answer(database, "SELECT 1 FROM pg_sleep(0.5)", seconds=5) == [(1,)]
        with pytest.raises(MusicctlError, match="did not answer"):
            database.run(lambda cursor: cursor.execute("SELECT pg_sleep(5)"), doing="sleep")


def test_rows_come_while_they_are_made(database: Database) -> None:
    endless = "SELECT generate_series(1, 2000000000)"
    found = queries.ask(database, endless, lambda _, rows: list(islice(rows, 1200)), paged=True, seconds=30)
    assert len(found) == 1200


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT form songs", 'column "form" does not exist'),
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT 1/0", "division by zero"),
        ("SELECT 'x'::int", "invalid input syntax"),
        ("SELECT", "no column at all"),
        ("SELECT FROM songs", "no column at all"),
    ],
)
def test_what_is_wrong_with_it_is_said(database: Database, sql: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        answer(database, sql)


def test_without_our_schema_the_view_is_made_by_init(empty_url: str) -> None:
    opened = Database(Secret(empty_url))
    with pytest.raises(ConfigError, match="does not fit") as caught:
        answer(opened, "SELECT * FROM musicctl.listeners")
    known = surroundings.find(opened)
    opened.close()
    assert "db init" in caught.value.hint
    assert known == Surroundings(superuser=False, mirrored=False)


def test_without_the_right_it_is_denied(server: Cluster, database_url: str) -> None:
    command(server, "DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    opened = Database(Secret(database_url.replace("musicctl@", "reader@")))
    with pytest.raises(DeniedError, match="permission denied"):
        answer(opened, "SELECT * FROM songs")
    opened.close()


def test_what_there_is_to_know_before(database: Database, database_url: str, server: Cluster) -> None:
    assert surroundings.find(database) == Surroundings(False, True)
    query(database_url, "INSERT INTO musicctl.mirror VALUES (1, 'x', now() - interval '1 hour', 1)")
    age = surroundings.find(database).age_seconds
    assert age is not None
    assert 3600 <= age < 3700
    root = Database(Secret(database_url.replace("musicctl@", "postgres@")))
    assert surroundings.find(root).superuser
    root.close()


def test_a_database_of_no_encoding(server: Cluster) -> None:
    name = "of_no_encoding"
    command(
        server, f"CREATE DATABASE {name} OWNER musicctl ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
    )
    opened = Database(Secret(server.place.url(name)))
    try:
        latin = "convert_from('\\xe9'::bytea, 'SQL_ASCII')"
        [[text, listed, number]] = answer(opened, f"SELECT {latin}, ARRAY[{latin}, 'é'], 7")
        assert (text, listed, number) == ("\udce9", ["\udce9", "é"], 7)
        with pytest.raises(MusicctlError, match="no UTF-8"):
            answer(opened, f"SELECT ROW({latin})")
    finally:
        opened.close()
        command(server, f"DROP DATABASE {name} WITH (FORCE)")
