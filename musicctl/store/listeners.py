"""One listener's rows across the app's tables, counted."""

from dataclasses import dataclass

from musicctl.store.database import Cursor, Database, one_row


@dataclass(frozen=True, slots=True)
class Saved:
    """What the app's tables hold of one user; `playlists` and `songs` are counts."""

    fav_genre: str | None
    playlists: int
    songs: int


def saved(database: Database, user_id: str) -> Saved:
    """Return what the app's tables hold of the user; a user unknown to the app has nothing."""

    def work(cursor: Cursor) -> Saved:
        cursor.execute(
            "SELECT (SELECT max(fav_genre) FROM user_data WHERE user_id = %(user)s),"
            " (SELECT count(*) FROM playlists WHERE user_id = %(user)s),"
            " (SELECT count(*) FROM songs WHERE user_id = %(user)s)",
            {"user": user_id},
        )
        return Saved(*one_row(cursor))

    return database.run(work, doing="read what the listener saved", read_only=True)
