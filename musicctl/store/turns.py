"""Whose turn it is among the owners whom the tenant does not know: each is a request, mostly in vain."""

from typing import NamedTuple

AGAIN = 86400.0
"""Seconds for which the tenant's word that it has no such user is taken; an export says it of all at once."""

MOST = 100
"""How many are asked for in one run: each is a request, and an export of everyone costs three."""


class Missing(NamedTuple):
    """An owner at the bar who is not in the mirror; `age` is how many seconds ago the tenant was asked."""

    user_id: str
    plays: int
    age: float | None

    @property
    def due(self) -> bool:
        """Whether the next run asks for this one, if not too many come before."""
        return self.age is None or self.age >= AGAIN

    @property
    def turn(self) -> tuple[bool, float, str]:
        """Whose turn comes first: who was never asked for, by plays; then who was asked for longest ago."""
        return (self.age is not None, -(self.plays if self.age is None else self.age), self.user_id)


class Queue:
    """Counts them, and keeps those whose turn is next; memory does not grow with the others."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: list[Missing] = []

    def add(self, each: Missing) -> None:
        """Take one in."""
        self.count += 1
        if each.due:
            self._kept.append(each)
        if len(self._kept) >= 10 * MOST:
            self._kept = self._first()

    @property
    def next(self) -> tuple[str, ...]:
        """The ids of those whom a run asks for, in the order of their turns."""
        return tuple(each.user_id for each in self._first())

    def _first(self) -> list[Missing]:
        return sorted(self._kept, key=lambda each: each.turn)[:MOST]
