"""What is wrong with a file: which lines, which columns, and why."""

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from musicctl.errors import MusicctlError

MOST_SHOWN = 20
"""Bad lines that are told; the others are counted."""


class Problem(NamedTuple):
    """What is wrong with one line; the column is empty when it is the line as a whole."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}{', ' if self.column else ''}{self.column}: {self.reason}"


@dataclass(slots=True)
class Problems:
    """The bad lines of one file: the first of them, their number, and what they prevent."""

    name: str
    count: int = 0
    undone: str = "nothing was imported"
    mend: str = "mend these lines, or import the others with --skip-bad"
    _first: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        """Count a bad line, and keep it when it is among the first told."""
        self.count += 1
        if self.count <= MOST_SHOWN:
            self._first.append(problem)

    def add_later(self, problems: list[Problem], count: int) -> None:
        """Count lines that were found bad after the others; `problems` are the first of them."""
        self.count += count
        self._first += problems

    @property
    def first(self) -> list[Problem]:
        """The first bad lines, in the order of the file."""
        return sorted(self._first)[:MOST_SHOWN]

    @property
    def more(self) -> str:
        """How many are not among the first, in words."""
        left = self.count - len(self.first)
        return f"and {left:,} more" if left else ""

    def refusal(self) -> MusicctlError:
        """Return the error that names the first bad lines: nothing was done."""
        places = f"{self.count:,} bad line{'' if self.count == 1 else 's'}"
        return MusicctlError(
            f"{self.undone}, since {'standard input' if self.name == '-' else self.name} has {places}",
            hint=self._hint(),
            details={"problems": [problem._asdict() for problem in self.first]},
            lines=tuple(filter(None, [*map(str, self.first), self.more])),
        )

    def _hint(self) -> str:
        if any(problem.reason == "is not UTF-8" for problem in self.first):
            return "save the file as UTF-8"
        return self.mend


class Places:
    """Which line of the file each one that was handed on came from; memory grows where they diverge."""

    def __init__(self) -> None:
        self._sent = array("q", [0])
        self._offsets = array("q", [0])

    def note(self, sent: int, line: int) -> None:
        """Note that from the one numbered `sent` on, the lines are those of the file from `line` on."""
        if self._offsets[-1] != line - sent:
            self._sent.append(sent)
            self._offsets.append(line - sent)

    def line(self, sent: int) -> int:
        """Return the line of the file that became the one numbered `sent`."""
        return sent + self._offsets[bisect_right(self._sent, sent) - 1]
