"""The favourite genre of one listener."""

from musicctl.errors import UsageError
from musicctl.store import genres
from musicctl.store.database import Database


def show(database: Database, user_id: str) -> dict[str, object]:
    """Return `user_id` and `fav_genre`, which is None when none is known."""
    return {"user_id": user_id, "fav_genre": genres.of_user(database, user_id)}


def set_genre(database: Database, user_id: str, genre: str) -> tuple[dict[str, object], str | None]:
    """Record the genre; return the listener as `show` does, and the genre from before."""
    if not genre.strip():
        raise UsageError("the genre is empty")
    before = genres.set_genre(database, user_id, genre.strip())
    return {"user_id": user_id, "fav_genre": genre.strip()}, before
