"""A page of listeners over all three stores, against SQL written by hand over the base tables."""

import sys

from musicctl.secret import Secret
from musicctl.store.database import Cursor, Database
from tests.bench.measure import Result, in_turn
from tests.bench.world import World

ROLE = "playlist editor"
OURS = (sys.executable, "-m", "musicctl", "users", "list", "--role", ROLE, "--min-plays", "100", "-q")
LIMIT = 50

# One in 16 holds the role, most of whom are at the bar; ids are in no order of time.
FILL = (
    "TRUNCATE musicctl.tenant_users, musicctl.mirror, public.playlists, public.songs, public.user_data",
    "INSERT INTO musicctl.mirror (id, domain, as_of, users) VALUES (1, %(domain)s, now(), %(size)s)",
    """INSERT INTO musicctl.tenant_users (user_id, email, display_name, roles)
    SELECT 'auth0|' || md5(i::text), 'user' || i || '@example.com',
           CASE WHEN i %% 3 = 0 THEN 'User ' || i END,
           CASE WHEN i %% 16 = 0 THEN ARRAY['beta', 'playlist editor'] ELSE '{}' END
    FROM generate_series(1, %(size)s) AS i""",
    """INSERT INTO public.playlists SELECT 'a' || i, 'auth0|' || md5(i::text), 'Mix',
           i %% 500 + CASE i %% 16 WHEN 0 THEN 90 ELSE 9 END
    FROM generate_series(1, %(size)s + 50) AS i WHERE i %% 33 <> 0""",
    """INSERT INTO public.playlists SELECT 'b' || i, 'auth0|' || md5(i::text), 'Mix', i %% 7
    FROM generate_series(1, %(size)s) AS i WHERE i %% 3 = 0""",
    """INSERT INTO public.songs SELECT 's' || i, 'Song', 'auth0|' || md5((i / 2)::text)
    FROM generate_series(1, %(size)s) AS i""",
    """INSERT INTO public.user_data SELECT 'auth0|' || md5(i::text), 'genre ' || i %% 20
    FROM generate_series(1, %(size)s) AS i WHERE i %% 10 < 7""",
    "ANALYZE musicctl.tenant_users, public.playlists, public.songs, public.user_data",
)
EMPTY = FILL[0]

BY_HAND = """
import json, sys
import psycopg2, typer
with psycopg2.connect(sys.argv[1]) as connection, connection.cursor() as cursor:
    cursor.execute('''
        SELECT users.user_id, users.email, users.display_name, users.roles, data.fav_genre,
               lists.plays::bigint, lists.playlists,
               (SELECT count(*) FROM songs WHERE user_id = users.user_id) AS songs
        FROM musicctl.tenant_users AS users
        JOIN LATERAL (SELECT sum(total_plays) AS plays, count(*) AS playlists FROM playlists
                      WHERE user_id = users.user_id) AS lists ON lists.plays >= 100
        LEFT JOIN user_data AS data ON data.user_id = users.user_id
        WHERE 'playlist editor' = ANY(users.roles) ORDER BY users.user_id LIMIT 50''')
    names = [column.name for column in cursor.description]
    print(json.dumps([dict(zip(names, row)) for row in cursor.fetchall()]))
"""


def users_list(world: World, size: int) -> Result:
    """`users list` of 50 editors at the bar among `size` users, against a bare script with SQL of its own."""
    database = Database(Secret(world.state.database_url))
    database.run(lambda cursor: _fill(cursor, size, world.state.auth0_domain), doing="fill the tables")
    try:
        command = (*OURS, "--limit", str(LIMIT), "--json")
        reference = (sys.executable, "-c", BY_HAND, world.state.database_url)
        ours, by_hand = in_turn(command, reference, world.environment, world.rounds)
    finally:
        database.run(lambda cursor: cursor.execute(EMPTY), doing="empty the tables")
        database.close()
    return Result(
        name="users-list",
        size=size,
        ours=ours.seconds,
        reference=by_hand.seconds,
        target=1.5,
        memory_mb=ours.memory_mb,
    )


def _fill(cursor: Cursor, size: int, domain: str) -> None:
    for statement in FILL:
        cursor.execute(statement, {"size": size, "domain": domain})
