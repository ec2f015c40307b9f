"""Those whom the mirror has without a name."""

from musicctl.store.database import Cursor, Database, one_row

WITHOUT = "FROM musicctl.tenant_users WHERE coalesce(btrim(display_name, %(blank)s), '') = ''"


def find(database: Database, *, blank: str, limit: int | None) -> tuple[int, list[tuple[str, str | None]]]:
    """Return how many have no name, or one of the characters `blank` alone, and the first by user_id.

    Those are (user_id, name), `limit` of them, or all.
    """

    def work(cursor: Cursor) -> tuple[int, list[tuple[str, str | None]]]:
        values = {"blank": blank, "limit": limit}
        cursor.execute(f"SELECT count(*) {WITHOUT}", values)
        count: int = one_row(cursor)[0]
        cursor.execute(
            f"SELECT user_id, display_name {WITHOUT} ORDER BY user_id LIMIT %(limit)s",
            values,
        )
        return count, cursor.fetchall()

    return database.run(work, doing="look for those without a name", read_only=True)
