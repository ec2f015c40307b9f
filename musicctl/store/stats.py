"""Counts for the pictures of `stats`, each in one pass over a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from musicctl.store import history, naming, plays, typecasts, view
from musicctl.store.database import Cursor, Database, one_row
from musicctl.store.naming import qualified

COUNTING = "count for the pictures"

# width_bucket is the number of edges that are not above the value.
PLAYS = qualified("""
    WITH plays AS ({plays})
    SELECT width_bucket(plays.plays, %(edges)s::bigint[]), count(*),
           count(*) FILTER (WHERE users.roles @> ARRAY[%(role)s])
    FROM plays LEFT JOIN musicctl.tenant_users AS users ON users.user_id = plays.user_id
    WHERE plays.plays IS NOT NULL GROUP BY 1""")
GENRES = """
    SELECT found.fav_genre, count(*), count(*) FILTER (WHERE users.roles @> ARRAY[%(role)s]),
           sum(count(*)) OVER ()::bigint,
           sum(count(*) FILTER (WHERE users.roles @> ARRAY[%(role)s])) OVER ()::bigint
    FROM (SELECT a.user_id::text AS user_id, max(a.fav_genre::text) AS fav_genre
          FROM {table} AS a WHERE a.user_id IS NOT NULL GROUP BY 1) AS found
    LEFT JOIN musicctl.tenant_users AS users USING (user_id)
    WHERE found.fav_genre IS NOT NULL
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(limit)s"""
SONGS = """
    SELECT width_bucket(saved.number, %(edges)s::bigint[]), count(*),
           count(*) FILTER (WHERE users.roles @> ARRAY[%(role)s])
    FROM (SELECT a.user_id::text AS user_id, count(*) AS number FROM {table} AS a
          WHERE a.user_id IS NOT NULL GROUP BY 1) AS saved
    LEFT JOIN musicctl.tenant_users AS users USING (user_id) GROUP BY 1
    UNION ALL
    SELECT 0, count(*), count(*) FILTER (WHERE roles @> ARRAY[%(role)s]) FROM musicctl.tenant_users AS users
    WHERE NOT EXISTS (SELECT 1 FROM {table} AS a WHERE a.user_id::text = users.user_id)"""
Genre = tuple[str, int, int, int, int]
"""A genre, its listeners, editors among them, and both for all genres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Users, and holders of the role among them, by bins of plays and of songs; changes by day; genres.

    Days are those of the local zone, in which people are shown the journal. `songs` and `genres` are None
    where the app has no such column.
    """

    plays: dict[int, tuple[int, int]]
    songs: dict[int, tuple[int, int]] | None
    genres: list[Genre] | None
    days: list[tuple[date, int, int]]
    holders: int
    as_of: datetime | None
    today: date


def count(
    database: Database,
    query: str | None,
    *,
    role: str,
    plays_edges: Sequence[int],
    songs_edges: Sequence[int],
) -> Counts:
    """Count it all, with plays from `query` or from the playlists."""

    def work(cursor: Cursor) -> Counts:
        if query is not None:
            plays.refuse_repeated(cursor, query)
        counting = PLAYS.format(plays=plays.source(cursor, query))
        with plays.named(query):
            cursor.execute(counting, {"role": role, "edges": list(plays_edges)})
        by_plays = {place: (users, holders) for place, users, holders in cursor.fetchall()}
        cursor.execute(naming.AS_OURS)
        songs = _songs(cursor, role, songs_edges)
        genres = _genres(cursor, role, limit=10)
        days = history.days(cursor, role)
        cursor.execute(
            "SELECT (SELECT count(*) FROM musicctl.tenant_users WHERE roles @> ARRAY[%s]),"
            " (SELECT as_of FROM musicctl.mirror), now()",
            (role,),
        )
        holders, as_of, now = one_row(cursor)
        return Counts(
            plays=by_plays,
            songs=songs,
            genres=genres,
            days=days,
            holders=holders,
            as_of=as_of,
            today=now.astimezone().date(),
        )

    return database.run(work, doing=COUNTING, read_only=True)


def top_genres(database: Database, limit: int) -> list[tuple[str, int]]:
    """Return genres and how many listeners favour each, the most favoured first.

    Raises ConfigError where the app keeps no genres.
    """

    def work(cursor: Cursor) -> list[tuple[str, int]]:
        view.require(view.shapes(cursor), "user_data", "fav_genre", "count the genres")
        return [(genre, users) for genre, users, *_ in _genres(cursor, "", limit=limit) or ()]

    return database.run(work, doing="count the genres", read_only=True)


def _songs(cursor: Cursor, role: str, edges: Sequence[int]) -> dict[int, tuple[int, int]] | None:
    shape = view.shapes(cursor).get("songs")
    if shape is None or "user_id" not in shape.columns:
        return None
    cursor.execute(SONGS.format(table=shape.table), {"role": role, "edges": list(edges)})
    return {place: (users, holders) for place, users, holders in cursor.fetchall()}


def _genres(cursor: Cursor, role: str, *, limit: int) -> list[Genre] | None:
    shape = view.shapes(cursor).get("user_data")
    if shape is None or not {"user_id", "fav_genre"} <= shape.columns:
        return None
    typecasts.as_it_stands(cursor)
    with cursor.connection.cursor() as exact:
        typecasts.exact(exact)
        exact.execute(GENRES.format(table=shape.table), {"role": role, "limit": limit})
        rows = typecasts.decoded(exact.fetchall(), exact)
        return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]
