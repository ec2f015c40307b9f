"""Measures whole processes: their time, their memory, and two of them in turn."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from subprocess import DEVNULL
from typing import IO

Command = Sequence[str]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took: seconds from start to end, and its largest memory in MB."""

    seconds: float
    memory_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of the report; times in seconds, `target` is the largest ratio that will do at this size.

    `memory_mb` is the largest of our processes, and `note` what else is worth knowing. It is `wrong` when it
    was fast by what is not allowed.
    """

    name: str
    size: int
    ours: float
    reference: float
    target: float | None
    memory_mb: float
    memory_limit_mb: float | None = None
    note: str = ""
    wrong: bool = False

    @property
    def ratio(self) -> float:
        """Our time over the reference's."""
        return self.ours / self.reference

    @property
    def missed(self) -> bool:
        """Whether it took more time or memory than will do."""
        too_slow = self.target is not None and self.ratio > self.target
        return (
            too_slow
            or self.wrong
            or (self.memory_limit_mb is not None and self.memory_mb > self.memory_limit_mb)
        )

    def document(self) -> dict[str, object]:
        """Return the line as its JSON keys."""
        return {
            "name": self.name,
            "size": self.size,
            "ours": round(self.ours, 4),
            "reference": round(self.reference, 4),
            "ratio": round(self.ratio, 3),
            "target": self.target,
            "memory_mb": round(self.memory_mb, 1),
            "memory_limit_mb": self.memory_limit_mb,
            "note": self.note,
        }


def cost(command: Command, environment: Mapping[str, str], output: int | IO[bytes] = DEVNULL) -> Cost:
    """Run a command to its end and return what it took; raises RuntimeError when it fails.

    The memory is at least ours: Linux counts what a process had before it became another program.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, env=dict(environment), stdin=DEVNULL, stdout=output)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    # Linux counts in KiB, macOS in bytes.
    return Cost(seconds, usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10))


def in_turn(
    ours: Command, reference: Command, environment: Mapping[str, str], rounds: int
) -> tuple[Cost, Cost]:
    """Run both commands alternately and return the median time and the largest memory of each."""
    costs = [(cost(ours, environment), cost(reference, environment)) for _ in range(rounds)]
    return _typical([each for each, _ in costs]), _typical([each for _, each in costs])


def _typical(costs: Sequence[Cost]) -> Cost:
    return Cost(statistics.median(each.seconds for each in costs), max(each.memory_mb for each in costs))
