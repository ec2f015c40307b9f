"""Whose turn comes when: who failed in the last runs holds up nobody else."""

from collections.abc import Collection, Sequence
from typing import Protocol, TypeVar

NAMED = 5
"""Users who are named, of those who go last."""


class Grouped(Protocol):
    """What every change has."""

    @property
    def user_id(self) -> str:
        """Whom it is about."""

    @property
    def group(self) -> int:
        """All changes of one group come before the next."""


C = TypeVar("C", bound=Grouped)


def in_turn(changes: Sequence[C], late: Collection[str]) -> Sequence[C]:
    """Return the changes with those about `late` users at the end of their group, else as they were."""
    return sorted(changes, key=lambda change: (change.group, change.user_id in late))


def goes_last(changes: Sequence[C], late: Collection[str]) -> list[str]:
    """Return the late users whom the changes are about, in this order."""
    return [change.user_id for change in changes if change.user_id in late]


def said(users: Sequence[str]) -> str:
    """Say who goes last, and NAMED of them by name; an empty text where nobody does."""
    if not users:
        return ""
    who = "1 user" if len(users) == 1 else f"{len(users):,} users"
    more = " …" if len(users) > NAMED else ""
    goes = "goes" if len(users) == 1 else "go"
    return f"{who} failed in the last runs and {goes} last: {', '.join(users[:NAMED])}{more}"
