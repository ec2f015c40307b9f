"""What listeners saved: songs and artists, listed, looked for and added."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from musicctl.errors import UsageError
from musicctl.operations.who import Who
from musicctl.store import saved
from musicctl.store.database import Database
from musicctl.store.kinds import KINDS
from musicctl.store.saved import Row, Wanted
from musicctl.store.streaming import Rows

T = TypeVar("T")


def columns(table: str) -> tuple[str, ...]:
    """Return the columns of the table's rows."""
    return KINDS[table].columns


def each_of_user(
    database: Database,
    table: str,
    user_id: str,
    *,
    by_id: bool,
    limit: int | None,
    use: Callable[[Rows], T],
) -> T:
    """Return what `use` makes of a listener's rows, by name or by id, while they come."""
    sort = KINDS[table].key if by_id else None
    return saved.each(database, KINDS[table], Wanted(user_id=user_id, sort=sort, limit=limit), use)


def search(database: Database, table: str, text: str, *, limit: int | None, use: Callable[[Rows], T]) -> T:
    """Return what `use` makes of the rows of all listeners with `text` in the name, in any case."""
    if not text:
        raise UsageError("there is no text to look for", hint="name a part of what you look for")
    return saved.each(database, KINDS[table], Wanted(text=text, limit=limit), use)


def add(
    database: Database, table: str, user_id: str, names: Sequence[str], *, who: Who, key: str | None = None
) -> tuple[list[Row], str]:
    """Save a row for each name, all or none, as a run of the journal; return the new rows and the run.

    `key` is the id of a single one; otherwise the table's default or one made for it.
    """
    kind = KINDS[table]
    if key is not None and len(names) != 1:
        raise UsageError(
            f"--id is for one {kind.one}, but {len(names)} names were given",
            hint="leave --id out, or give one name at a time",
        )
    if not all(name.strip() for name in names):
        raise UsageError(f"the name of a {kind.one} is empty", hint="put each name into quotes of its own")
    if key is not None and not key.strip():
        raise UsageError(f"the {kind.one} id is empty", hint="leave --id out for a new one")
    from musicctl.operations.library.saved_changes import recording  # a listing is not to wait for it
    from musicctl.store import saved_changes

    return saved_changes.add(database, kind, user_id, names, key=key, journal=recording(who, table, "add"))
