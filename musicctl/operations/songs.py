"""Saved songs of one listener."""

import uuid
from collections.abc import Sequence

from musicctl.errors import UsageError
from musicctl.store import songs
from musicctl.store.database import Database

COLUMNS = songs.COLUMNS


def list_songs(database: Database, user_id: str) -> list[tuple[object, ...]]:
    """Return the listener's saved songs as rows of COLUMNS; none for a listener unknown to the app."""
    return songs.of_user(database, user_id)


def add_songs(
    database: Database, user_id: str, names: Sequence[str], *, song_id: str | None = None
) -> list[tuple[object, ...]]:
    """Save a song for each name, all or none, and return the new rows.

    `song_id` is for a single name; otherwise ids are made here.
    """
    if song_id is not None and len(names) != 1:
        raise UsageError(f"--id is for one song, but {len(names)} names were given")
    if not all(name.strip() for name in names):
        raise UsageError("a song name is empty")
    if song_id is not None and not song_id.strip():
        raise UsageError("the song id is empty")
    rows = [(song_id or uuid.uuid4().hex, name, user_id) for name in names]
    songs.add(database, rows)
    return list[tuple[object, ...]](rows)
