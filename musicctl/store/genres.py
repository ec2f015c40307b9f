"""Favourite genres: the app's table `user_data`."""

from musicctl.store.database import Cursor, Database


def of_user(database: Database, user_id: str) -> str | None:
    """Return the user's favourite genre, or None when none is known."""

    def work(cursor: Cursor) -> str | None:
        cursor.execute("SELECT fav_genre FROM user_data WHERE user_id = %s", (user_id,))
        row = cursor.fetchone()
        return row[0] if row else None

    return database.run(work, doing="read the favourite genre", read_only=True)


def set_genre(database: Database, user_id: str, genre: str) -> str | None:
    """Record the user's favourite genre and return the one that it replaces."""

    def work(cursor: Cursor) -> str | None:
        cursor.execute("SELECT fav_genre FROM user_data WHERE user_id = %s FOR UPDATE", (user_id,))
        row = cursor.fetchone()
        if row:
            cursor.execute("UPDATE user_data SET fav_genre = %s WHERE user_id = %s", (genre, user_id))
            return row[0]  # type: ignore[no-any-return]
        cursor.execute("INSERT INTO user_data (user_id, fav_genre) VALUES (%s, %s)", (user_id, genre))
        return None

    return database.run(work, doing="set the favourite genre")
