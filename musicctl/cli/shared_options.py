"""`--columns` and `--excel`, the options of every command that reads, and what they choose of its data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, NamedTuple

from musicctl.cli.options import Columns, Excel, options_of
from musicctl.errors import UsageError
from musicctl.render.formats import Row

COLUMNS: dict[str, tuple[str, ...]] = {
    "songs list": ("song_id", "songname", "user_id"),
    "songs search": ("song_id", "songname", "user_id"),
    "songs export": ("song_id", "songname", "user_id"),
    "artists list": ("artist_id", "artistname", "user_id"),
    "artists search": ("artist_id", "artistname", "user_id"),
    "artists export": ("artist_id", "artistname", "user_id"),
    "playlists list": ("playlist_id", "user_id", "name", "total_plays"),
    "playlists top": ("user_id", "plays", "playlists"),
    "playlists near": ("user_id", "plays", "playlists", "distance"),
    "genres show": ("user_id", "fav_genre"),
    "genres top": ("fav_genre", "users"),
    "profile show": ("user_id", "email", "display_name"),
    "users show": (
        "user_id",
        "email",
        "display_name",
        "roles",
        "fav_genre",
        "plays",
        "playlists",
        "songs",
        "standing",
        "last_change",
    ),
    "users list": ("user_id", "email", "display_name", "roles", "fav_genre", "plays", "playlists", "songs"),
    "query": (),
    "stats": (
        "tenant_as_of",
        "role",
        "threshold",
        "within",
        "plays",
        "below",
        "above",
        "editors",
        "periods",
        "genres",
        "users_with_genre",
        "editors_with_genre",
        "songs",
    ),
    "roles list": ("user_id", "roles"),
    "roles plan": ("user_id", "plays", "verdict", "roles_before", "roles_after"),
    "roles holders": ("user_id", "display_name", "plays", "since"),
    "roles explain": (
        "user_id",
        "email",
        "display_name",
        "role",
        "threshold",
        "plays",
        "distance",
        "playlists",
        "standing",
        "tenant",
        "mirror",
        "pin",
        "hold",
        "last_change",
        "next",
        "explanation",
    ),
    "roles pins": ("user_id", "role", "state", "until", "reason", "actor"),
    "history list": ("run", "command", "actor", "started_at", "finished_at", "outcome", "counts"),
    "history show": (
        "user_id",
        "field",
        "target",
        "verdict",
        "plays",
        "state",
        "before",
        "after",
        "status",
        "correlation_id",
        "detail",
        "sent_at",
        "ended_at",
    ),
    "mirror status": ("as_of", "users", "holders", "age_seconds"),
    "token verify": ("valid", "reasons", "sub", "roles", "exp", "stale"),
    "token decode": ("verified", "header", "claims", "odd"),
    "actions plan": ("action", "steps", "differences", "diff"),
    "db status": ("version", "pending", "tables", "columns"),
    "config show": ("setting", "value", "origin", "error"),
    "sandbox status": (
        "up",
        "database_url",
        "auth0_domain",
        "auth0_client_id",
        "auth0_client_secret",
        "auth0_audience",
        "users",
        "plan",
    ),
    "sandbox faults show": ("name", "value", "endpoint", "rate", "count", "seed", "requests", "hits"),
}
"""What each command prints that has the options: those that read.

To a command that writes, a wrong name would be told after the fact. What a query prints, it says itself.
"""


class Choice(NamedTuple):
    """The names of the columns in the order asked for, or None for all; and whether for a spreadsheet.

    It is `offered` by the commands that read.
    """

    names: tuple[str, ...] | None = None
    excel: bool = False
    offered: bool = False


_CHOICE: ContextVar[Choice] = ContextVar("choice", default=Choice())  # noqa: B039 -- it cannot be changed


def options(command_path: str) -> list[Any]:
    """Return the options for a command, as Typer makes them: none for one that does not read."""
    return list(_options()) if _reads(command_path) else []


@contextmanager
def choosing(command_path: str, given: dict[str, Any]) -> Iterator[None]:
    """Take the options out of what a command was given; inside, they choose what is printed.

    Raises UsageError for a list with nothing between two commas, or with a name twice.
    """
    if not _reads(command_path):
        yield
        return
    token = _CHOICE.set(Choice(_names(given.pop("columns")), given.pop("excel"), offered=True))
    try:
        yield
    finally:
        _CHOICE.reset(token)


def all_columns() -> bool:
    """Tell whether everything is printed, since nothing was chosen."""
    return _CHOICE.get().names is None


def for_a_spreadsheet() -> bool:
    """Tell whether the data are for a spreadsheet."""
    return _CHOICE.get().excel


def remedy() -> str:
    """Return how to see what a table on a terminal leaves out: to write once more is none."""
    return "--columns shows fewer, -o csv shows all" if _CHOICE.get().offered else ""


def choose(known: Sequence[str]) -> Sequence[str]:
    """Return which of these columns to print, in order; raises UsageError for a wrong name."""
    names = _CHOICE.get().names
    if names is None:
        return known
    _require(names, known)
    return names


def of_rows(columns: Sequence[str], rows: Iterable[Row]) -> tuple[Sequence[str], Iterable[Row]]:
    """Return the columns that were chosen and the rows cut to them; raises UsageError for a wrong name."""
    if all_columns():
        return columns, rows
    names = choose(columns)
    places = [columns.index(name) for name in names]
    return names, ([row[place] for place in places] for row in rows)


def of_record(shown: Mapping[str, object]) -> Mapping[str, object]:
    """Return one record cut to the columns that were chosen; raises UsageError for a wrong name."""
    return shown if all_columns() else {name: shown[name] for name in choose(list(shown))}


def _reads(command_path: str) -> bool:
    return command_path.removeprefix("musicctl ") in COLUMNS


@cache
def _options() -> list[Any]:
    def having(columns: Columns = None, excel: Excel = False) -> None:
        pass

    return options_of(having)


def _names(told: str | None) -> tuple[str, ...] | None:
    if told is None:
        return None
    names = tuple(name.strip() for name in told.split(","))
    if not all(names):
        raise UsageError(f"--columns {told!r} names nothing beside a comma", hint="--columns user_id,plays")
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--columns names {name} twice", hint="name each column once")
    return names


def _require(names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name.lower(), known, n=1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"there is no column {name}", hint=f"{meant}there are: {', '.join(known)}")
