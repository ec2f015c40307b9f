"""Users of the mirror whose id or address looks much like a word; cheap, and not complete."""

from musicctl.store.database import Cursor, Database

MOST = 2000
"""Rows that are compared at most."""

# A slip of the finger leaves the beginning or the rest as it is, and the length about so.
NEAR = """SELECT {column} FROM musicctl.tenant_users
    WHERE (left(lower({column}), {kept}) = left(%(text)s, {kept})
           OR substr(lower({column}), {kept} + 1) = substr(%(text)s, {kept} + 1))
      AND length({column}) BETWEEN length(%(text)s) - 2 AND length(%(text)s) + 2
    LIMIT %(most)s"""


def alike(database: Database, text: str) -> tuple[str, ...]:
    """Return ids, or addresses for a text without `|`, that begin or go on as `text` does."""
    column = "user_id" if "|" in text else "email"
    kept = text.find("|") + 3  # two characters behind the provider, or of the address

    def work(cursor: Cursor) -> tuple[str, ...]:
        cursor.execute("SET LOCAL statement_timeout = '1s'")
        cursor.execute(NEAR.format(column=column, kept=kept), {"text": text.lower(), "most": MOST})
        return tuple(found for (found,) in cursor.fetchall())

    return database.run(work, doing="look for users near in spelling", read_only=True)
