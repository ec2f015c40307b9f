"""What speaks for or against a change now: plays and pins, read again shortly before each user is written."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from musicctl.policy.rule import Pin
from musicctl.store.withholding import Judged

Facts: TypeAlias = tuple[int | None, Pin | None]
"""A user's plays, None when the source has no number, and the pin in force."""

Reader: TypeAlias = Callable[[Sequence[str]], Mapping[str, Facts]]

OLDEST = 60.0
"""Seconds after which a number of plays is read again before anyone is judged by it."""

AT_ONCE = 500
"""Users whose plays are read with one query: those who come next in the plan."""


class FreshPlays:
    """Answers with plays and pins that are at most OLDEST seconds old, for any number of threads."""

    def __init__(self, user_ids: Sequence[str], read: Reader, role: str = "") -> None:
        """Take the ids in the order in which they will be asked for, what reads them, and the pins' role."""
        self._role = role
        self._user_ids = user_ids
        self._place = {user_id: place for place, user_id in enumerate(user_ids)}
        self._read = read
        self._lock = threading.Lock()
        self._known: dict[str, Facts] = {}
        self._judged: dict[str, Pin | None] = {}
        self._batch: frozenset[str] = frozenset()
        self._as_of = 0.0

    def of(self, user_id: str) -> Facts:
        """Return what is known of the user."""
        with self._lock:
            if user_id not in self._batch or time.monotonic() - self._as_of > OLDEST:
                self._next_batch(user_id)
            known = self._known.get(user_id, (None, None))
            self._judged[user_id] = known[1]
            return known

    def judged(self, user_id: str) -> Judged:
        """Return the pin of the last answer about the user: a write may leave only while it is still so."""
        pin = self._judged[user_id]
        return Judged(self._role, None if pin is None else pin.value)

    def look_again(self, user_id: str) -> None:
        """Read what is known of the user anew: somebody has just pinned or unpinned the role."""
        with self._lock:
            self._known |= self._read([user_id])

    def _next_batch(self, user_id: str) -> None:
        start = self._place[user_id]
        batch = self._user_ids[start : start + AT_ONCE]
        self._as_of = time.monotonic()
        self._known, self._batch = dict(self._read(batch)), frozenset(batch)
