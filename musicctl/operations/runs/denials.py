"""Users whom the tenant forbids us to touch: one alone fails, and several in a row mean that it is us."""

import threading

IN_A_ROW = 5
"""Refusals, with no write let through between them, after which the next one would be refused too."""


class Denials:
    """One for all threads of a run; where every change of a short one is refused, that is enough."""

    def __init__(self, changes: int) -> None:
        """Take how many changes there are in the run."""
        self._enough = min(IN_A_ROW, changes)
        self._lock = threading.Lock()
        self._in_a_row = 0

    def none(self) -> None:
        """Take in that a write was let through."""
        with self._lock:
            self._in_a_row = 0

    def met(self) -> bool:
        """Take in that one user was refused; tell whether there were too many in a row by now."""
        with self._lock:
            self._in_a_row += 1
            return self._in_a_row >= self._enough
