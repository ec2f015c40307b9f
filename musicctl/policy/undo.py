"""What taking a run back comes to: what would be restored, what was, what was skipped and why."""

from dataclasses import dataclass
from datetime import datetime

from musicctl.errors import Exit
from musicctl.policy.report import Problem, Report


@dataclass(frozen=True, slots=True)
class Restoration:
    """One value that would be restored: of whom, from what it is now to what it was before the run."""

    user_id: str
    verdict: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Written:
    """Who wrote what would be taken back: the command, the actor and the moment, as the journal has them."""

    command: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an undo would do now, and where the values of now were seen.

    `reversals` counts those whom the next sync would change again, None where that has no meaning.
    """

    undoes: str
    by: Written
    field: str | None
    seen: str
    changes: tuple[Restoration, ...]
    skipped: tuple[Problem, ...]
    reversals: int | None

    @property
    def exit(self) -> Exit:
        """How the undo itself would end."""
        return _exit(restored=len(self.changes), skipped=len(self.skipped))


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What an undo did: the report of its own run, and what it did not even try, in `skipped`.

    `restored` counts the values that are as they were before the run again; `pinned` is those who got a pin.
    """

    undoes: str
    report: Report
    restored: int
    skipped: tuple[Problem, ...] = ()
    reversals: int | None = None
    pinned: int = 0

    @property
    def exit(self) -> Exit:
        """REFUSED when nothing could be restored, PARTIAL when something could not, or is unknown."""
        report = self.report
        if report.failed or report.unknown or report.unsent:
            return Exit.PARTIAL
        return _exit(
            restored=self.restored,
            skipped=len(self.skipped) + report.conflict + report.gone + report.overtaken,
        )


def _exit(*, restored: int, skipped: int) -> Exit:
    if not restored:
        return Exit.REFUSED
    return Exit.PARTIAL if skipped else Exit.OK
