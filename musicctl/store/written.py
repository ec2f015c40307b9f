"""Looks at what a write left in one of the app's tables, and keeps rows as JSON for the journal."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from psycopg2 import sql

from musicctl.errors import MusicctlError
from musicctl.store.database import Cursor, one_row
from musicctl.store.journal import Intent, RawJson
from musicctl.store.tables import Shape

ADD, REMOVE, MOVE, SET = "add", "remove", "move", "set"
"""What may become of a row; an import that is too long for its rows to be kept is one change, IMPORT."""

IMPORT = "import"


class SwallowedError(MusicctlError):
    """The database took a write without a word, and left the table as it was, or otherwise."""


class Written(NamedTuple):
    """One row that was written: whose, its id, what became of it, and the row before and after as JSON."""

    user_id: str | None
    target: str | None
    verdict: str
    before: str | None
    after: str | None


def swallowed(table: str, doing: str) -> SwallowedError:
    """Return the error for a write that left no trace; `doing` says what it was, as a verb."""
    return SwallowedError(
        f"could not {doing}: the table {table} did not keep what was written, and nothing was changed",
        hint="a trigger, a rule or a policy of the table may have refused it; ask whoever keeps it",
    )


def require(kept: bool, table: str, doing: str) -> None:
    """Raise SwallowedError unless the table shows what was written."""
    if not kept:
        raise swallowed(table, doing)


def count(cursor: Cursor, found: Shape, where: sql.Composable, values: Mapping[str, object]) -> int:
    """Count the rows that meet a condition, in which a row is called t."""
    cursor.execute(sql.SQL("SELECT count(*) FROM {} AS t WHERE {}").format(found.table, where), values)
    return int(one_row(cursor)[0])


def in_journal(table: str, written: Sequence[Written]) -> list[tuple[Intent, object, object]]:
    """Return rows that were written as changes of the journal."""
    return [
        ((seq, each.user_id, table, each.target, each.verdict, None), _json(each.before), _json(each.after))
        for seq, each in enumerate(written)
    ]


def _json(text: str | None) -> RawJson | None:
    return None if text is None else RawJson(text)
