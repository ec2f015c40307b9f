"""The users whom a plan counts and does not change: unknown, pinned, unreadable, or not in the tenant."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from musicctl.store import plays
from musicctl.store.database import Cursor, Database
from musicctl.store.naming import qualified
from musicctl.store.pins import IN_FORCE
from musicctl.store.streaming import Rows, stream

COLUMNS = ("user_id", "plays", "detail")
T = TypeVar("T")

USERS = """musicctl.tenant_users AS users LEFT JOIN plays ON plays.user_id = users.user_id
        LEFT JOIN pins ON pins.user_id = users.user_id"""
KINDS = {
    "unknown": f"""
        SELECT users.user_id, NULL::bigint, 'holds the role; no plays are known' FROM {USERS}
        WHERE users.roles @> ARRAY[%(role)s] AND pins.user_id IS NULL AND plays.plays IS NULL""",
    "pinned": f"""
        SELECT users.user_id, plays.plays, 'pinned as ' || pins.state FROM {USERS}
        WHERE users.roles IS NOT NULL AND pins.user_id IS NOT NULL""",
    "unreadable": f"""
        SELECT users.user_id, plays.plays, users.unreadable FROM {USERS} WHERE users.roles IS NULL""",
    "missing": """
        SELECT plays.user_id, plays.plays, 'no such user in the tenant'
        FROM plays LEFT JOIN musicctl.tenant_users AS users ON users.user_id = plays.user_id
        WHERE plays.plays >= %(threshold)s AND users.user_id IS NULL""",
}
QUERY = qualified(f"""
    WITH plays AS ({{plays}}),
         pins AS (SELECT user_id, state FROM musicctl.pins WHERE role = %(role)s AND {IN_FORCE})
    {{rows}} ORDER BY 1 LIMIT %(limit)s""")


def each(
    database: Database,
    query: str | None,
    kind: str,
    *,
    role: str,
    threshold: int,
    limit: int | None,
    use: Callable[[Rows], T],
) -> T:
    """Return what `use` makes of the users of one of KINDS, rows of COLUMNS, by id."""

    def prepare(cursor: Cursor) -> tuple[str, Mapping[str, object]]:
        if query is not None:
            plays.refuse_repeated(cursor, query)
        statement = QUERY.format(plays=plays.source(cursor, query), rows=qualified(KINDS[kind]))
        return statement, {"role": role, "threshold": threshold, "limit": limit}

    return stream(database, prepare, use, doing="compare plays and roles", within=partial(plays.named, query))
