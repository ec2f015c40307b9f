"""One run of the journal with its changes, which are never all held at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from musicctl.render.encoding import encoded
from musicctl.render.formats import Row
from musicctl.render.table import cell, fields, table

FOR_PEOPLE = ("user_id", "target", "verdict", "plays", "state", "before", "after", "detail")
WHERE_KNOWN = ("user_id", "target", "plays")
"""Columns that are left out of a page on which no change has one: few are of a target, or not of a user."""

ON_A_TERMINAL = 30
"""Changes shown on a terminal; on a pipe there are all of them."""

PAGE = 1000
"""Changes that are laid out together on a pipe: each page has columns of its own widths."""


def run_document(run: Mapping[str, object], columns: Sequence[str], changes: Iterable[Row]) -> Iterator[str]:
    """Yield the JSON document of a run, with its changes as the last key, while they come."""
    members = [f"{encoded(str(key))}: {encoded(value)}" for key, value in run.items()]
    yield "{\n  " + ",\n  ".join([*members, '"changes": ['])
    keys = [encoded(column) for column in columns]
    separator = "\n    "
    for row in changes:
        pairs = zip(keys, map(encoded, row), strict=True)
        yield separator + "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        separator = ",\n    "
    yield "]\n}\n" if separator == "\n    " else "\n  ]\n}\n"


def run_text(
    run: Mapping[str, object],
    columns: Sequence[str],
    changes: Iterable[Row],
    *,
    total: int,
    terminal: int | None,
    remedy: str = "",
) -> Iterator[str]:
    """Yield a run for people, with its changes, `total` in number; `terminal` is None for a pipe.

    The `remedy` is how to see what the table leaves out.
    """
    yield fields(run, terminal=terminal)
    shown = islice(changes, None if terminal is None else ON_A_TERMINAL)
    while page := list(islice(shown, PAGE)):
        yield "\n" + _page(columns, page, terminal, remedy)
    if terminal is not None and total > ON_A_TERMINAL:
        all_of_them = f"musicctl history show {cell(run['run'])} -o csv"
        yield f"… and {total - ON_A_TERMINAL:,} more; `{all_of_them}` shows all\n"


def _page(columns: Sequence[str], rows: Sequence[Row], terminal: int | None, remedy: str) -> str:
    places = {name: columns.index(name) for name in FOR_PEOPLE if name in columns}
    shown = {
        name: place
        for name, place in places.items()
        if name not in WHERE_KNOWN or any(row[place] is not None for row in rows)
    }
    found = [[row[place] for place in shown.values()] for row in rows]
    return table(list(shown), found, terminal=terminal, remedy=remedy)
