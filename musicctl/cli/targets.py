"""The users that a command is given: ids, email addresses, and `-` for one per line of standard input."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from musicctl.cli.session import Session
from musicctl.errors import UnknownUserError
from musicctl.operations.lookup import trimmed


@dataclass(frozen=True, slots=True)
class Targets:
    """The ids of the users named, each once, and the words for whom no single account was found."""

    user_ids: tuple[str, ...]
    not_found: tuple[str, ...]


def resolved(session: Session, words: Iterable[str], *, granting: bool = False) -> Targets:
    """Return whom `words` name; raises UsageError at once for a word that can name nobody.

    An address of several accounts is NotFoundError at once too, with the candidates: a command that goes on
    without the one user who was meant would be run again for all of them.
    """
    user_ids: dict[str, None] = {}
    not_found = []
    for word in _expanded(words):
        try:
            user_ids[session.user(word, granting=granting)] = None
        except UnknownUserError as error:
            session.say(error.what)
            not_found.append(word)
    return Targets(tuple(user_ids), tuple(not_found))


def _expanded(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        if word == "-":
            yield from filter(None, (trimmed(line) for line in sys.stdin))
        else:
            yield word
