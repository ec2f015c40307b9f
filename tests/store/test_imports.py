"""Staging and merging over what an existing app may have for a table."""

from collections.abc import Iterator

import pytest

from musicctl.errors import ConfigError, MusicctlError
from musicctl.store import imports, merging
from musicctl.store.database import Database
from musicctl.store.imports import BadValueError, Difference, Incoming, Repeated
from musicctl.store.kinds import SONGS
from tests.program import query

ALL = "SELECT song_id, songname, user_id FROM songs ORDER BY song_id, songname"
STAGING = "SELECT count(*) FROM pg_class WHERE relname LIKE 'staging%'"


def lines(*rows: str) -> Iterator[bytes]:
    return (f"{row}\n".encode() for row in rows)


def imported(database: Database, *rows: str, form: str = "csv") -> tuple[Difference, Difference]:
    """Stage and merge; return what was foreseen and what was done."""

    def work(incoming: Incoming) -> tuple[Difference, Difference]:
        incoming.fill(SONGS.columns, lines(*rows), form)
        foreseen = incoming.difference()
        return foreseen, merging.merge(incoming, foreseen).done

    return imports.importing(database, SONGS, work)


def test_what_is_foreseen_is_done(database: Database, database_url: str) -> None:
    assert imported(database, "1,a,u", "2,,u") == (Difference(2, 0), Difference(2, 0))
    assert imported(database, "1,a,u", '2,"",u', "3,c,u") == (Difference(1, 1), Difference(1, 1))
    assert imported(database, "1\ta\tu", "2\t\tu", form="text") == (Difference(0, 0), Difference(0, 0))
    assert query(database_url, ALL) == [("1", "a", "u"), ("2", "", "u"), ("3", "c", "u")]
    assert query(database_url, STAGING) == [(0,)]


def test_rows_whose_id_came_before(database: Database, database_url: str) -> None:
    aside: list[list[str | None]] = []

    def work(incoming: Incoming) -> Difference:
        incoming.fill(SONGS.columns, lines("1,a,u", "2,b,u", "1,,u", "1,d,u", "2,e,u"), "csv")
        assert incoming.repeated(2) == ([Repeated(3, "1", 1), Repeated(4, "1", 1)], 3)
        incoming.set_repeated_aside(aside.append)
        assert incoming.repeated(2) == ([], 0)
        return merging.merge(incoming, incoming.difference()).done

    assert imports.importing(database, SONGS, work) == Difference(2, 0)
    assert aside == [["1", None, "u"], ["1", "d", "u"], ["2", "e", "u"]]
    assert query(database_url, ALL) == [("1", "a", "u"), ("2", "b", "u")]


def test_a_failure_undoes_everything(database: Database, database_url: str) -> None:
    def broken() -> Iterator[bytes]:
        yield b"1,a,u\n"
        raise MusicctlError("the file went away")

    with pytest.raises(MusicctlError, match="went away"):
        imports.importing(database, SONGS, lambda incoming: incoming.fill(SONGS.columns, broken(), "csv"))
    assert query(database_url, ALL) == []
    assert query(database_url, STAGING) == [(0,)]


def test_no_lock_is_left_on_the_table_while_a_person_is_asked(database: Database, database_url: str) -> None:
    query(database_url, "INSERT INTO songs VALUES ('1', 'old', 'u')")

    def work(incoming: Incoming) -> Difference:
        incoming.fill(SONGS.columns, lines("1,a,u"), "csv")
        assert incoming.is_first() is False
        assert incoming.difference() == Difference(0, 1)
        query(database_url, "SET lock_timeout = '1s'; ALTER TABLE songs ADD COLUMN stars int")
        return merging.merge(incoming, incoming.difference()).done

    assert imports.importing(database, SONGS, work) == Difference(0, 1)
    assert query(database_url, "SELECT * FROM songs") == [("1", "a", "u", None)]


def test_another_schema_more_columns_and_numbers_for_ids(database: Database, database_url: str) -> None:
    query(
        database_url,
        "CREATE SCHEMA own; ALTER ROLE musicctl SET search_path = own, public;"
        "CREATE TABLE own.songs (stars int DEFAULT 3, user_id varchar(9), songname text,"
        " song_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)",
    )
    try:
        assert imported(database, "7,a,u", "8,b,u")[1] == Difference(2, 0)
        assert imported(database, "8,c,u")[1] == Difference(0, 1)
        with pytest.raises(BadValueError, match="too long for type") as refused:
            imported(database, "1,a,u", "2,b,0123456789")
        assert (refused.value.line, refused.value.column) == (2, "user_id")
        assert query(database_url, "SELECT * FROM own.songs ORDER BY song_id") == [
            (3, "u", "a", 7),
            (3, "u", "c", 8),
        ]
    finally:
        query(database_url, "ALTER ROLE musicctl RESET search_path")
    assert query(database_url, "SELECT count(*) FROM public.songs") == [(0,)]


def test_without_a_key_only_missing_rows_are_added(database: Database, database_url: str) -> None:
    query(database_url, "ALTER TABLE songs DROP CONSTRAINT songs_pkey, ALTER song_id DROP NOT NULL")
    assert imported(database, "1,a,u", "1,a,u", "1,,u", ",,")[1] == Difference(4, 0)
    assert imported(database, "1,a,u", "1,b,u", ",,") == (Difference(1, 0), Difference(1, 0))
    assert query(database_url, "SELECT count(*) FROM songs") == [(5,)]


def test_an_index_over_some_rows_is_no_key_and_one_over_several_columns_is(
    database: Database, database_url: str
) -> None:
    query(
        database_url,
        "ALTER TABLE songs DROP CONSTRAINT songs_pkey;"
        "CREATE UNIQUE INDEX ON songs (song_id, user_id);"
        "CREATE UNIQUE INDEX ON songs (song_id) WHERE songname IS NOT NULL",
    )
    found = imports.importing(database, SONGS, lambda incoming: incoming.shape.identity)
    assert found == ("song_id", "user_id")
    query(database_url, "CREATE UNIQUE INDEX ON songs (song_id)")
    assert imports.importing(database, SONGS, lambda incoming: incoming.shape.identity) == ("song_id",)
    query(database_url, "DROP INDEX songs_song_id_idx1; DROP INDEX songs_song_id_user_id_idx")
    assert imports.importing(database, SONGS, lambda incoming: incoming.shape.has_key) is False


def test_what_rules_an_import_out(database: Database, database_url: str) -> None:
    query(database_url, "ALTER TABLE songs ADD COLUMN album text NOT NULL")
    with pytest.raises(ConfigError, match="needs a value for album"):
        imported(database, "1,a,u")
    query(database_url, "DROP TABLE songs")
    with pytest.raises(ConfigError, match='"songs" does not exist'):
        imported(database, "1,a,u")


def test_an_id_that_is_too_long_for_the_index(database: Database, database_url: str) -> None:
    odd = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(3000))

    def work(incoming: Incoming) -> merging.Merged:
        incoming.fill(SONGS.columns, lines("1,a,u", f"{odd},b,u", "3,c,u"), "csv")
        return merging.merge(incoming, incoming.difference())

    done = imports.importing(database, SONGS, work)
    [refused] = done.refused
    assert (refused.why.row, refused.why.column, "is too long" in refused.why.reason) == (2, "song_id", True)
    assert done.done == Difference(2, 0)
    assert query(database_url, "SELECT song_id FROM songs ORDER BY 1") == [("1",), ("3",)]


@pytest.mark.parametrize(
    ("context", "line", "column"),
    [
        ('COPY staging_ab12, line 3, column plays: "x"', "3", "plays"),
        ("COPY staging_ab12, line 3: « 1\tx »", "3", None),
        ("COPY staging_ab12, ligne 3, colonne plays : « x »", "3", "plays"),
        ("COPY staging_ab12, Zeile 3, Spalte plays: »x«", "3", "plays"),
        ('COPY staging_ab12、行 3、列 plays: "x"', "3", "plays"),
        ("COPY staging_ab12, строка 3, столбец plays: «x»", "3", "plays"),
    ],
)
def test_the_place_of_a_value_is_found_in_any_language(context: str, line: str, column: str | None) -> None:
    found = imports.PLACE.search(context)
    assert found is not None
    assert found.groups() == (line, column)
