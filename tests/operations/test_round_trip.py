"""What is exported and imported into an empty table is what it was: for every text that Postgres can hold."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musicctl.operations.files.columns import Column
from musicctl.operations.library import exports, imports
from musicctl.operations.who import Who
from musicctl.render.formats import Format
from musicctl.render.records import listing
from musicctl.store.database import Cursor, Database
from musicctl.store.opening import Opening
from tests.render.hostile import STRINGS

WHO = Who(actor="test", present=False, profile="test")
ODD = [text for text in STRINGS if not any(each == "\0" or "\ud800" <= each <= "\udfff" for each in text)]
TEXTS = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
    | st.text(st.sampled_from('",\r\n\t\\N.ex1é\ufeff\u2028 {}:'), max_size=8)
    | st.sampled_from(ODD)
)
VALUES = TEXTS | st.none()
OWNERS = (TEXTS | TEXTS.map("auth0|{}x".format)).filter(
    lambda text: not Column("user_id", owner=True).wrong(text.encode())
) | st.none()
ROWS = st.lists(st.tuples(TEXTS, VALUES, OWNERS), max_size=12, unique_by=lambda row: row[0])


def run(database: Database, sql: str, *values: object) -> list[tuple[object, ...]]:
    def work(cursor: Cursor) -> list[tuple[object, ...]]:
        cursor.execute(sql, values or None)
        return list(cursor.fetchall()) if cursor.description else []

    return database.run(work, doing="test", opening=Opening(own_path=True))


def again(database: Database, file: Path, form: str) -> None:
    """Export the songs, empty the table, and import them."""
    with file.open("wb") as out:
        exports.run(
            database,
            "songs",
            None,
            form,
            encode=None if form != "jsonl" else lambda columns, rows: listing(columns, rows, Format.JSONL),
            write=out.write,
        )
    run(database, "DELETE FROM songs")
    request = imports.Request(table="songs", name=str(file))
    done = imports.run(database, request, who=WHO, review=lambda _: None, tell=lambda _: None)
    assert done.document["same"] == 0


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_every_text(
    database: Database, tmp_path: Path, form: str, rows: list[tuple[str, str | None, str | None]]
) -> None:
    run(database, "DELETE FROM songs")
    for row in rows:
        run(database, "INSERT INTO songs VALUES (%s, %s, %s)", *row)
    again(database, tmp_path / f"songs.{form}", form)
    assert set(run(database, "SELECT * FROM songs")) == set(rows)


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl"])
def test_a_table_without_a_key(database: Database, tmp_path: Path, form: str) -> None:
    run(
        database, "DROP TABLE songs; CREATE TABLE songs (user_id text, song_id int, stars int, songname text)"
    )
    for name in ("a", "a", None, "b"):
        run(database, "INSERT INTO songs VALUES ('u', 1, 5, %s)", name)
    again(database, tmp_path / f"songs.{form}", form)
    kept = "SELECT songname FROM songs WHERE song_id = 1 ORDER BY 1"
    assert run(database, kept) == [("a",), ("a",), ("b",), (None,)]
    request = imports.Request(table="songs", name=str(tmp_path / f"songs.{form}"))
    done = imports.run(database, request, who=WHO, review=lambda _: None, tell=lambda _: None)
    assert (done.document["new"], done.document["same"], done.document["run"]) == (0, 4, None)


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl"])
def test_a_long_text(database: Database, tmp_path: Path, form: str) -> None:
    run(
        database,
        "INSERT INTO songs VALUES ('1', repeat(E'\"\\\\\\n', 700000), 'u'), ('2', repeat('x', 7000000), 'u')",
    )
    digest = "SELECT song_id, md5(songname) FROM songs ORDER BY 1"
    before = run(database, digest)
    again(database, tmp_path / f"songs.{form}", form)
    assert run(database, digest) == before
