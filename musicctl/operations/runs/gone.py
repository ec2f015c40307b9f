"""Users whom the tenant says it no longer has: believed one by one, and not when there are many at once."""

import threading
from dataclasses import replace

from musicctl.errors import RefusedError
from musicctl.policy.report import Outcome
from musicctl.store.journal import Ended

IN_A_ROW = 5
NOT_BELIEVED = "the tenant says it has no such user, as of too many others to be believed"
SHARE = 20
"""One in so many changes may be about a user who is gone, IN_A_ROW always may."""


class Gone:
    """One for all threads of a run: keeps what nobody is to act upon before the run has come to its end.

    A user who is gone leaves the mirror too. That is right for an account that was deleted since the mirror
    was filled, and wrong for the thousands behind an address that leads elsewhere for a while.
    """

    def __init__(self, changes: int) -> None:
        """Take how many changes there are in the run."""
        self._changes = changes
        self._lock = threading.Lock()
        self._in_a_row = self._count = 0
        self._found: list[Ended] = []

    def there(self) -> None:
        """Take in that the tenant knows a user."""
        with self._lock:
            self._in_a_row = 0

    def add(self, ended: Ended) -> None:
        """Keep the outcome of a change whose user is gone; raises RefusedError when there are too many."""
        with self._lock:
            self._in_a_row += 1
            self._count += 1
            self._found.append(ended)
            count, in_a_row = self._count, self._in_a_row
        if in_a_row >= IN_A_ROW or too_many(count, self._changes):
            how = "in a row" if in_a_row >= IN_A_ROW else f"of {self._changes:,}"
            raise RefusedError(
                f"the run was ended: the tenant says of {count:,} users {how} that it has them no more, which"
                " is too many to be believed; nobody was taken out of the mirror",
                hint="check auth0_domain and what stands before the tenant; where they were really deleted,"
                " musicctl mirror refresh finds out",
            )

    def settled(self) -> list[Ended]:
        """Return what was kept, once, now that the run has come to its end."""
        with self._lock:
            found, self._found = self._found, []
        return found

    def disbelieved(self) -> list[Ended]:
        """Return what was kept, once, as failures: who failed is tried last by the next run."""
        return [replace(each, state=Outcome.FAILED.value, detail=NOT_BELIEVED) for each in self.settled()]


def too_many(gone: int, of: int) -> bool:
    """Tell whether so many users cannot all be gone."""
    return gone > max(IN_A_ROW, of // SHARE)
