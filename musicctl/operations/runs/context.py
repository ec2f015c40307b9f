"""What a run is done with, and how it goes about its writes."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from musicctl.operations.question import Question
from musicctl.operations.runs.freshness import FRESH
from musicctl.operations.who import Who
from musicctl.store.database import Database
from musicctl.tenant.client import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a run goes about its writes.

    `threads` is how many at once, `settle` the seconds to wait before a write whose reply was lost is looked
    at, `freshness` those that a read may be old when its write leaves; `progress` is told of each change
    that has been dealt with, `say` tells people how far a run came that was stopped, and `began` is the
    monotonic time from which the report's seconds count.
    """

    threads: int
    settle: float
    freshness: float = FRESH
    progress: Callable[[object], None]
    began: float
    say: Callable[[str], None] = lambda _line: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a run is done with; `progress` is entered with a count, and gives what to call for each change.

    `tenant` is called where the tenant is needed; `began` is the monotonic time from which seconds count;
    `wait` is for how many seconds another run may go on before this one gives up.
    """

    database: Database
    tenant: Callable[[], Tenant]
    question: Question
    who: Who
    threads: int
    settle: float
    freshness: float
    began: float
    say: Callable[[str], None]
    progress: Callable[[int], AbstractContextManager[Callable[[object], None]]]
    wait: float = 0.0

    def pace(self, progress: Callable[[object], None]) -> Pace:
        """Return how the writes go about."""
        return Pace(
            threads=self.threads,
            settle=self.settle,
            freshness=self.freshness,
            progress=progress,
            began=self.began,
            say=self.say,
        )
