"""Listeners as the view has them: one of them counted, and many of them filtered and in order."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import TypeVar

from musicctl.store import listeners_grouped, plays, typecasts, view
from musicctl.store.database import Cursor, Database, one_row
from musicctl.store.naming import qualified
from musicctl.store.spellings import spellings
from musicctl.store.streaming import stream
from musicctl.store.typecasts import Row

COLUMNS = view.COLUMNS
SORTS = {
    "user_id": "user_id",
    "email": "email",
    "display_name": "display_name",
    "fav_genre": "fav_genre",
    "plays": "plays DESC",
    "playlists": "playlists DESC",
    "songs": "songs DESC",
}
"""What listeners may be sorted by; numbers come the largest first."""

LISTING = "list the listeners"
FEW = 10_000
"""Listeners up to which only those that are shown are looked up whole."""

WINDOWS = (1000, 4000)
"""Users of the mirror that are looked through one by one: a page is often full by then."""

FILTERS = {
    "role": qualified("roles @> ARRAY[%(role)s]"),
    "genre": qualified("lower(fav_genre) = lower(%(genre)s)"),
    "min_plays": qualified("plays >= %(min_plays)s"),
    "max_plays": qualified("plays <= %(max_plays)s"),
    "name": qualified("strpos(lower(display_name), lower(%(name)s)) > 0"),
    "email": qualified("strpos(lower(email), lower(%(email)s)) > 0"),
    "no_tenant": "NOT in_tenant",
    "no_data": "in_tenant AND NOT has_data",
}
SPELLED = ("genre", "name", "email")
"""The filters by a text, which looks the same in several spellings."""

READ = {
    "genre": ("user_data", "fav_genre"),
    "min_plays": ("playlists", "total_plays"),
    "max_plays": ("playlists", "total_plays"),
    "fav_genre": ("user_data", "fav_genre"),
    "plays": ("playlists", "total_plays"),
    "playlists": ("playlists", "user_id"),
    "songs": ("songs", "user_id"),
}
"""The table and the column of the app without which a filter or an order says nothing."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which listeners to list: None and False are for any. `name` and `email` are parts, in any case.

    `no_tenant` is for those who are no users of the tenant, `no_data` for those of whom the app has nothing.
    """

    role: str | None = None
    genre: str | None = None
    min_plays: int | None = None
    max_plays: int | None = None
    name: str | None = None
    email: str | None = None
    no_tenant: bool = False
    no_data: bool = False

    @property
    def conditions(self) -> list[str]:
        """The SQL that is true of them, over the columns of the view's function."""
        return [self._condition(name) for name in FILTERS if getattr(self, name) not in (None, False)]

    @property
    def values(self) -> dict[str, object]:
        """The parameters of that SQL."""
        spelled = {
            f"{name}_{number}": each for name in SPELLED for number, each in enumerate(self._spellings(name))
        }
        return {name: getattr(self, name) for name in FILTERS if name not in SPELLED} | spelled

    def _condition(self, name: str) -> str:
        if name not in SPELLED:
            return FILTERS[name]
        each = (
            FILTERS[name].replace(f"%({name})s", f"%({name}_{number})s")
            for number, _ in enumerate(self._spellings(name))
        )
        return f"({' OR '.join(each)})"

    def _spellings(self, name: str) -> list[str]:
        text = getattr(self, name)
        return [] if text is None else spellings(text)


@dataclass(frozen=True, slots=True)
class Saved:
    """What the app's tables hold of one user; the numbers are counts, None where there is no such table."""

    fav_genre: str | None
    playlists: int | None
    songs: int | None


def saved(database: Database, user_id: str) -> Saved:
    """Return what the app's tables hold of the user; a user unknown to the app has nothing."""

    def work(cursor: Cursor) -> Saved:
        found = view.of_user(view.shapes(cursor), "%(user)s")
        cursor.execute(
            f"SELECT {found['fav_genre']}, {found['playlists']}, {found['songs']}", {"user": user_id}
        )
        return Saved(*one_row(cursor))

    return database.run(work, doing="read what the listener saved", read_only=True)


def each(
    database: Database,
    wanted: Wanted,
    query: str | None,
    use: Callable[[Iterator[Row]], T],
    *,
    sort: str = "user_id",
    limit: int | None = None,
) -> T:
    """Return what `use` makes of the listeners, rows of COLUMNS, in the order of a key of SORTS.

    Plays are those of `query`, or of the playlists. A page by user_id is read from the view, as far as few
    users have to be looked at for it. Raises ConfigError where the app lacks what is asked about.
    """
    if read := _read(wanted, query, sort):
        database.run(lambda cursor: _require(cursor, read), doing=LISTING, read_only=True)
    if query is not None:
        database.run(lambda cursor: plays.refuse_repeated(cursor, query), doing=LISTING, read_only=True)
    if sort != "user_id" and limit is not None and limit <= FEW:
        return use(iter(_first_by(database, wanted, query, sort, limit)))
    if sort != "user_id" or limit is None:
        return _stream(database, wanted, query, use, sort=sort, limit=limit)
    first, after = _first(database, wanted, query, limit)
    if after is None or len(first) >= limit:
        return use(islice(first, limit))
    left = limit - len(first)
    return _stream(
        database, wanted, query, lambda rest: use(chain(first, rest)), sort=sort, limit=left, after=after
    )


def _read(wanted: Wanted, query: str | None, sort: str) -> list[str]:
    """Return which filters, and which order, need something of the app's tables."""
    asked = [name for name in READ if name == sort or getattr(wanted, name, None) is not None]
    return [name for name in asked if query is None or READ[name] != READ["plays"]]


def _require(cursor: Cursor, read: list[str]) -> None:
    found = view.shapes(cursor)
    for name in read:
        view.require(found, *READ[name], f"list the listeners by {name.rpartition('_')[2]}")


def _first(database: Database, wanted: Wanted, query: str | None, limit: int) -> tuple[list[Row], str | None]:
    """Return wanted listeners by user_id, `limit` or those of the first WINDOWS, and where to go on."""
    found: list[Row] = []
    after: str | None = ""
    for size in WINDOWS:
        if after is None or len(found) >= limit:
            break
        rows, after = _window(database, wanted, query, after, size)
        found += rows
    return found, after


def _window(
    database: Database, wanted: Wanted, query: str | None, after: str, size: int
) -> tuple[list[Row], str | None]:
    """Return who is wanted of the next `size` users of the mirror, and of the ids between them.

    Then the id to go on after, or None at the end. Without a bound, ids that only the app knows would have
    to be looked for among all, even for a page that has none.
    """

    def work(cursor: Cursor) -> tuple[list[Row], str | None]:
        cursor.execute(
            "SELECT user_id FROM musicctl.tenant_users WHERE user_id > %s ORDER BY user_id OFFSET %s LIMIT 1",
            (after, size - 1),
        )
        row = cursor.fetchone()
        until = row[0] if row else None
        plays.as_asked(cursor, query)
        span = qualified("user_id > %(after)s" + ("" if until is None else " AND user_id <= %(until)s"))
        statement = f"{_looked_up(cursor, wanted, query, span)} ORDER BY user_id LIMIT %(size)s"
        rows = _rows(cursor, statement, wanted.values | {"after": after, "until": until, "size": size})
        return rows, rows[-1][0] if len(rows) == size else until

    return _run(database, work, query)


def _stream(
    database: Database,
    wanted: Wanted,
    query: str | None,
    use: Callable[[Iterator[Row]], T],
    *,
    sort: str,
    limit: int | None,
    after: str = "",
) -> T:
    def prepare(cursor: Cursor) -> tuple[str, Mapping[str, object]]:
        rows = listeners_grouped.rows(cursor, view.shapes(cursor), query)
        plays.as_asked(cursor, query)
        conditions = " AND ".join([*wanted.conditions, qualified("user_id > %(after)s")])
        statement = f"SELECT {', '.join(COLUMNS)} FROM ({rows}) AS listeners WHERE {conditions}"
        return f"{statement} {_order(sort, limit)}", wanted.values | {"after": after}

    return stream(database, prepare, use, doing=LISTING, within=partial(plays.named, query))


def _first_by(database: Database, wanted: Wanted, query: str | None, sort: str, limit: int) -> list[Row]:
    """Return the first listeners in an order that all have to be looked at for, and look up the rest of them.

    What is neither sorted nor filtered by is looked up for these alone.
    """

    def work(cursor: Cursor) -> list[Row]:
        rows = listeners_grouped.rows(cursor, view.shapes(cursor), query)
        plays.as_asked(cursor, query)
        conditions = " AND ".join([*wanted.conditions, "true"])
        cursor.execute(
            f"SELECT user_id FROM ({rows}) AS listeners WHERE {conditions} {_order(sort, limit)}",
            wanted.values,
        )
        place = {user_id: at for at, (user_id,) in enumerate(cursor.fetchall())}
        statement = _looked_up(cursor, Wanted(), query, qualified("user_id = ANY(%(keys)s)"))
        return sorted(_rows(cursor, statement, {"keys": list(place)}), key=lambda row: place[row[0]])

    return _run(database, work, query)


def _order(sort: str, limit: int | None) -> str:
    by = "" if sort == "user_id" else f"{SORTS[sort]} NULLS LAST, "
    return f"ORDER BY {by}user_id" + ("" if limit is None else f" LIMIT {limit:d}")


def _looked_up(cursor: Cursor, wanted: Wanted, query: str | None, span: str) -> str:
    """Return the SELECT of wanted listeners within `span`, a condition on user_id, without an order."""
    rows = "musicctl.listener_rows()"
    if query is not None:
        others = ", ".join(f"found.{name}" for name in COLUMNS if name != "plays")
        rows = (
            f"(SELECT {others}, counted.plays, found.has_data, found.in_tenant FROM {rows} AS found LEFT JOIN"
            f" (SELECT user_id, plays FROM ({plays.source(cursor, query)}) AS source WHERE {span}) AS counted"
            " ON counted.user_id OPERATOR(pg_catalog.=) found.user_id)"
        )
    conditions = " AND ".join([*wanted.conditions, span])
    return f"SELECT {', '.join(COLUMNS)} FROM {rows} AS listeners WHERE {conditions}"


def _rows(cursor: Cursor, statement: str, values: Mapping[str, object]) -> list[Row]:
    """Return all rows of a statement; the app's part of them may be in no known encoding."""
    typecasts.as_it_stands(cursor)
    with cursor.connection.cursor() as exact:
        typecasts.exact(exact)
        exact.execute(statement, values)
        return list(typecasts.decoded(exact.fetchall(), cursor))


def _run(database: Database, work: Callable[[Cursor], T], query: str | None) -> T:
    def in_shape(cursor: Cursor) -> T:
        with plays.named(query), view.in_shape():
            return work(cursor)

    return database.run(in_shape, doing=LISTING, read_only=True)
