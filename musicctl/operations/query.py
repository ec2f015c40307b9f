"""A person's own SELECT over the app's tables, the mirror and the view musicctl.listeners."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from musicctl.errors import UsageError
from musicctl.operations.surroundings import notes
from musicctl.store import query, reaching, statement
from musicctl.store.database import Database
from musicctl.store.query import Use
from musicctl.store.statement import Statement

T = TypeVar("T")


def parameters(pairs: Sequence[str]) -> dict[str, str]:
    """Return the values of `name=value` pairs by their names; raises UsageError."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(
                f"--param {pair} is not like name=value",
                hint="such as --param genre=jazz for a %(genre)s in the SQL",
            )
        if name in found:
            raise UsageError(f"--param {name} is there twice", hint="keep one of them")
        found[name] = value
    return found


def ask(
    database: Database,
    sql: str,
    values: Mapping[str, str],
    *,
    seconds: float,
    use: Use[T],
    say: Callable[[str], None],
) -> T:
    """Return what `use` makes of the answer's columns and rows; `say` is told what to know before.

    Raises UsageError for what is not one statement that reads, and RefusedError when it writes after all, or
    takes the server more than `seconds`.
    """
    asked = statement.read(sql)
    bound = asked.bound(values)
    for line in (*notes(database), *_reaching(database, asked)):
        say(line)
    return query.ask(database, bound, use, paged=asked.has_cursor, seconds=seconds)


def _reaching(database: Database, asked: Statement) -> list[str]:
    """Warn of what a transaction that only reads does not keep from writing, or from reading elsewhere."""
    names = reaching.reaching(database, asked)
    if not names:
        return []
    return [f"warning: {', '.join(names)} can reach past a read-only transaction: servers, files, sessions"]
