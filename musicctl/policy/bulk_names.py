"""Display names in bulk: what a file asks for, what that comes to, and what became of it."""

from dataclasses import dataclass

from musicctl.errors import Exit
from musicctl.policy.report import Outcome, Problem, Report

FILLED = "user"
"""What everyone is called who has no name."""

BLANK = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
"""Every character that is nothing but space."""


NOBODY = frozenset({Outcome.GONE, Outcome.FAILED})
"""What becomes of a name in a preview for whom the tenant has no user."""


def is_blank(name: object) -> bool:
    """Tell whether a display name is none: absent, or nothing but space."""
    return name is None or (isinstance(name, str) and not name.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What one line of a file asks for; without a user_id, `detail` says why nobody was found."""

    line: int
    user: str
    name: str
    user_id: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Renaming:
    """One user whose name would change, from what it is now."""

    user_id: str
    before: object
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesPreview:
    """What names in bulk would do now, and where the names of now were seen: the tenant or the mirror.

    `problems` are those who have no name to change: nobody was found, or it cannot be read.
    """

    seen: str
    changes: tuple[Renaming, ...]
    already: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def sure(self) -> bool:
        """Whether no others can come to be set; those whom the mirror lacks, or has so, may differ by now."""
        return self.seen == "tenant" or not (self.already or self.problems)

    @property
    def most(self) -> int:
        """How many names would be set at most."""
        if self.sure:
            return len(self.changes)
        unknown = sum(problem.state is Outcome.UNKNOWN for problem in self.problems)
        return len(self.changes) + self.already + unknown

    @property
    def exit(self) -> Exit:
        """How it would end."""
        if not self.problems:
            return Exit.OK
        nobody = all(problem.state in NOBODY for problem in self.problems)
        return Exit.NOT_FOUND if nobody and not self.changes and not self.already else Exit.PARTIAL


@dataclass(frozen=True, slots=True)
class Named:
    """What became of one line of a file."""

    naming: Naming
    state: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesReport:
    """How a run of names ended: its own report, how many were set, and every line where there was a file."""

    report: Report
    applied: int
    lines: tuple[Named, ...] | None = None

    @property
    def missed(self) -> int:
        """How many lines are about nobody whom the tenant has."""
        return sum(
            each.naming.user_id is None or each.state == Outcome.GONE.value for each in self.lines or ()
        )

    @property
    def exit(self) -> Exit:
        """NOT_FOUND when a file names nobody whom the tenant has, PARTIAL when anything is amiss."""
        if self.lines and self.missed == len(self.lines):
            return Exit.NOT_FOUND
        return Exit.PARTIAL if self.missed else self.report.exit
