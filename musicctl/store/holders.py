"""Who holds a role, as the mirror has it: with plays, and since when by the journal."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from musicctl.store import plays
from musicctl.store.database import Cursor, Database
from musicctl.store.naming import qualified
from musicctl.store.streaming import Rows, stream

COLUMNS = ("user_id", "display_name", "plays", "since")
T = TypeVar("T")

# Whom somebody else gave the role after we had taken it away holds it since we do not know when.
HOLDERS = qualified("""
    WITH plays AS ({plays})
    SELECT users.user_id, users.display_name, plays.plays, (
        SELECT CASE WHEN change.verdict = 'grant' THEN change.ended_at END
        FROM musicctl.changes AS change JOIN musicctl.runs AS runs ON runs.run = change.run
        WHERE change.user_id = users.user_id AND change.field = 'roles' AND change.state = 'applied'
          AND runs.role = %(role)s
        ORDER BY change.ended_at DESC LIMIT 1) AS since
    FROM musicctl.tenant_users AS users LEFT JOIN plays ON plays.user_id = users.user_id
    WHERE users.roles @> ARRAY[%(role)s]
    ORDER BY plays.plays DESC NULLS LAST, users.user_id""")


def each(database: Database, query: str | None, *, role: str, use: Callable[[Rows], T]) -> T:
    """Return what `use` makes of the holders, rows of COLUMNS: most plays first, unknown ones last.

    `since` is when the journal says that the role was last granted, or None.
    """

    def prepare(cursor: Cursor) -> tuple[str, Mapping[str, object]]:
        if query is not None:
            plays.refuse_repeated(cursor, query)
        return HOLDERS.format(plays=plays.source(cursor, query)), {"role": role}

    return stream(database, prepare, use, doing="list the holders", within=partial(plays.named, query))
