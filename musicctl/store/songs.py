"""Saved songs: the app's table `songs`."""

from collections.abc import Sequence

from psycopg2 import errors

from musicctl.errors import MusicctlError
from musicctl.store.database import Cursor, Database

COLUMNS = ("song_id", "songname", "user_id")


def of_user(database: Database, user_id: str) -> list[tuple[object, ...]]:
    """Return the user's saved songs as rows of COLUMNS, by name and then id."""

    def work(cursor: Cursor) -> list[tuple[object, ...]]:
        cursor.execute(
            "SELECT song_id, songname, user_id FROM songs WHERE user_id = %s ORDER BY songname, song_id",
            (user_id,),
        )
        return cursor.fetchall()

    return database.run(work, doing="read the saved songs", read_only=True)


def add(database: Database, songs: Sequence[tuple[str, str, str]]) -> None:
    """Save songs, rows of COLUMNS: all of them, or none when an id is taken (MusicctlError)."""

    def work(cursor: Cursor) -> None:
        for song in songs:
            try:
                cursor.execute("INSERT INTO songs (song_id, songname, user_id) VALUES (%s, %s, %s)", song)
            except errors.UniqueViolation:
                raise MusicctlError(
                    f"the song id {song[0]} is taken; nothing was saved",
                    hint="leave --id out and a free one is made",
                ) from None

    database.run(work, doing="save songs")
