"""COPY: what is sent arrives, however long it is and whatever is in it."""

import pytest

from musicctl.errors import MusicctlError
from musicctl.store import bulk
from musicctl.store.copying import CHUNK, LINES
from musicctl.store.database import Database
from tests.program import query

COLUMNS = ("song_id", "songname", "user_id")
ALL = "SELECT song_id, songname, user_id FROM songs ORDER BY length(song_id), song_id"
ODD = [
    "",
    "\\",
    "\\N",
    "\\.",
    "a\tb",
    "a\nb",
    "a\r\nb",
    "\x01\x7f\x85",
    "\u2028",
    "\u00a0",
    "🎵",
    '{"a"}',
    "\\t",
]


@pytest.mark.parametrize("text", ["x" * (3 * CHUNK), "é\n" * CHUNK, "x", *ODD])
def test_every_text_arrives_as_it_was(database: Database, database_url: str, text: str) -> None:
    rows = [(str(number), text, None) for number in range(3)]
    assert bulk.upsert(database, "songs", COLUMNS, "song_id", rows) == 3
    assert query(database_url, ALL) == rows


def test_every_line_arrives(database: Database, database_url: str) -> None:
    rows = [(str(number), "x" * (number % 97), "auth0|a") for number in range(LINES * 50 + 1)]
    assert bulk.upsert(database, "songs", COLUMNS, "song_id", rows) == len(rows)
    assert query(database_url, ALL) == rows


def test_a_character_that_cannot_be_stored_is_said(database: Database, database_url: str) -> None:
    rows = [("1", "fine", None), ("2", "not\0fine", None)]
    with pytest.raises(MusicctlError, match="cannot hold NUL characters"):
        bulk.upsert(database, "songs", COLUMNS, "song_id", rows)
    assert query(database_url, ALL) == []
