"""Playlists and their plays: the app's table `playlists`."""

from musicctl.store.database import Cursor, Database

COLUMNS = ("playlist_id", "user_id", "name", "total_plays")


def of_user(database: Database, user_id: str) -> list[tuple[object, ...]]:
    """Return the user's playlists as rows of COLUMNS, the most played first."""

    def work(cursor: Cursor) -> list[tuple[object, ...]]:
        cursor.execute(
            "SELECT playlist_id, user_id, name, total_plays FROM playlists WHERE user_id = %s"
            " ORDER BY total_plays DESC NULLS LAST, playlist_id",
            (user_id,),
        )
        return cursor.fetchall()

    return database.run(work, doing="read the playlists", read_only=True)
