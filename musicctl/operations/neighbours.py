"""Who may have been meant: users of the mirror that are near in spelling."""

from collections.abc import Mapping
from difflib import get_close_matches

from musicctl.secret import Secret
from musicctl.store import neighbours

SHOWN = 3
NEAR = 0.75
"""How alike two words must be, from 0 to 1."""


def near(database_url: Secret, text: str, libpqs: Mapping[str, str] | None) -> tuple[str, ...]:
    """Return the ids or addresses nearest to `text`, the nearest first, by a connection of its own."""
    from musicctl.operations import connect

    database = connect.database(database_url, libpqs)
    try:
        known = neighbours.alike(database, text)
    finally:
        database.close()
    by_own_part = {_own_part(each, text): each for each in known}
    found = get_close_matches(_own_part(text, text), by_own_part, n=SHOWN, cutoff=NEAR)
    return tuple(by_own_part[each] for each in found)


def _own_part(word: str, asked: str) -> str:
    """Return a word without the provider or the domain that it shares with `asked`."""
    word, asked = word.lower(), asked.lower()
    if "|" in asked:
        return word.removeprefix(asked[: asked.index("|") + 1])
    return word.removesuffix(asked[asked.rfind("@") :])
