"""Playlists of one listener, and their plays."""

from musicctl.store import playlists
from musicctl.store.database import Database

COLUMNS = playlists.COLUMNS


def list_playlists(database: Database, user_id: str) -> list[tuple[object, ...]]:
    """Return the listener's playlists as rows of COLUMNS, the most played first."""
    return playlists.of_user(database, user_id)
