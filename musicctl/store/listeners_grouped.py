"""The rows of the view by joins of grouped tables: for those who need most of them.

A page of the view takes milliseconds, and all of a million listeners a minute; here both take seconds.
"""

from collections.abc import Mapping

from musicctl.store import plays
from musicctl.store.database import Cursor
from musicctl.store.naming import qualified
from musicctl.store.view import Shape

ALL = qualified("""
    SELECT user_id, email, display_name, roles, true AS in_tenant FROM musicctl.tenant_users
    UNION ALL
    SELECT ids.user_id, NULL, NULL, NULL, false FROM ({ids}) AS ids (user_id)
    WHERE ids.user_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM musicctl.tenant_users AS mirrored WHERE mirrored.user_id = ids.user_id)""")
GENRES = qualified(
    "SELECT a.user_id::text AS user_id, max(a.fav_genre::text) AS fav_genre FROM {table} AS a GROUP BY 1"
)
COUNTS = qualified("SELECT a.user_id::text AS user_id, count(*) AS number FROM {table} AS a GROUP BY 1")
COUNTED = ("playlists", "songs")
NOTHING = qualified(
    "SELECT NULL::text AS user_id, NULL::text AS fav_genre, NULL::bigint AS plays WHERE false"
)


def rows(cursor: Cursor, found: Mapping[str, Shape], query: str | None) -> str:
    """Return a SELECT of the columns of the view's function, for a statement with parameters.

    Postgres leaves out what is not asked of it: a group whose column nobody reads is not made.
    """
    tables = {name: shape.table for name, shape in found.items() if "user_id" in shape.columns}
    ids = " UNION ".join(f"SELECT a.user_id::pg_catalog.text FROM {table} AS a" for table in tables.values())
    lists = found.get("playlists")
    has_plays = lists is not None and {"user_id", "total_plays"} <= lists.columns
    source = plays.source(cursor, query) if query is not None or has_plays else None
    joined = "".join(
        f" LEFT JOIN ({group}) AS {name} ON {name}.user_id OPERATOR(pg_catalog.=) everybody.user_id"
        for name, group in _groups(found, tables, source).items()
    )
    kept = " OR ".join(f"{name}.user_id IS NOT NULL" for name in tables) or "false"
    counts = {name: f"coalesce({name}.number, 0)" if name in tables else "NULL::bigint" for name in COUNTED}
    return (
        "SELECT everybody.user_id, email, display_name, roles, genres.fav_genre, plays.plays,"
        f" {counts['playlists']} AS playlists, {counts['songs']} AS songs, {kept} AS has_data, in_tenant"
        f" FROM ({ALL.format(ids=ids or 'SELECT NULL::pg_catalog.text WHERE false')}) AS everybody{joined}"
    )


def _groups(found: Mapping[str, Shape], tables: Mapping[str, str], source: str | None) -> dict[str, str]:
    genres = found.get("user_data")
    has_genres = genres is not None and {"user_id", "fav_genre"} <= genres.columns
    return {
        "genres": GENRES.format(table=tables["user_data"]) if has_genres else NOTHING,
        "plays": source or NOTHING,
        **{name: COUNTS.format(table=table) for name, table in tables.items()},
    }
