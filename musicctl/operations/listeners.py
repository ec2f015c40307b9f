"""Many listeners, as the view over all three stores has them."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from musicctl.operations.surroundings import mirror_note
from musicctl.store import listeners
from musicctl.store.database import Database

COLUMNS = listeners.COLUMNS
SORTS = tuple(listeners.SORTS)
Wanted = listeners.Wanted
T = TypeVar("T")


def each(
    database: Database,
    wanted: Wanted,
    plays_query: str | None,
    use: Callable[[Iterator[tuple[Any, ...]]], T],
    *,
    sort: str,
    limit: int | None,
    say: Callable[[str], None],
) -> T:
    """Return what `use` makes of the listeners who are wanted, rows of COLUMNS, by a key of SORTS.

    Who they are is as the mirror has it; `say` is told how old that is.
    """
    say(mirror_note(database))
    return listeners.each(database, wanted, plays_query, use, sort=sort, limit=limit)
