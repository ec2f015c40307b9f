"""`python -m tests.bench [NAME...] [--size N] [--rounds N] [--json]`: run benchmarks, print their ratios."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.bench import pace, plan, songs, startup, users
from tests.bench.measure import Result
from tests.bench.world import World, world


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A measurement, the size that its target is stated for, and a smaller one to compare with."""

    run: Callable[[World, int], Result]
    size: int
    also: int | None = None

    def sizes(self, asked: int | None) -> list[int]:
        """Return the sizes to run at: the one asked for, or its own."""
        if asked is not None:
            return [asked]
        return [self.size] if self.also is None else [self.also, self.size]


BENCHMARKS = {
    "version": Benchmark(startup.version, 1),
    "help": Benchmark(startup.help_text, 1),
    "profile-show": Benchmark(startup.profile_show, 1),
    "songs-list": Benchmark(songs.songs_list, 5_000_000, also=500_000),
    "songs-import": Benchmark(songs.songs_import, 1_000_000, also=100_000),
    "songs-export": Benchmark(songs.songs_export, 1_000_000, also=100_000),
    "users-list": Benchmark(users.users_list, 1_000_000, also=100_000),
    "plan-refresh": Benchmark(plan.refresh, 1_000_000, also=100_000),
    "plan-fresh": Benchmark(plan.fresh, 1_000_000, also=100_000),
    "pace-enterprise": Benchmark(pace.enterprise, 1_000),
    "pace-essentials": Benchmark(pace.essentials, 200),
    "pace-free": Benchmark(pace.free, 100),
    "pace-shared": Benchmark(pace.shared, 400),
    "pace-unlimited": Benchmark(pace.unlimited, 400),
    "sync-first": Benchmark(plan.first_sync, 1_000_000),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks named, by default all, and return 1 when one missed its target."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--size", type=int, help="instead of the size that the target is stated for")
    parser.add_argument("--rounds", type=int, default=15, help="how often both are run in turn, at most")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    asked = parser.parse_args(argv)
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    results = []
    with world(asked.rounds) as running:
        for name, size in _runs(asked.names or list(BENCHMARKS), asked.size):
            results.append(_run(BENCHMARKS[name], running, size))
            if not asked.json:
                print(_line(results[-1]), flush=True)
    if asked.json:
        print(json.dumps([result.document() for result in results], indent=2))
    return int(any(result.missed for result in results))


def _runs(names: Sequence[str], size: int | None) -> list[tuple[str, int]]:
    """Return what to run, the smaller sizes first: listeners are only ever added to the sandbox."""
    runs = [(name, each) for name in names for each in BENCHMARKS[name].sizes(size)]
    return sorted(runs, key=lambda run: run[1])


def _run(benchmark: Benchmark, running: World, size: int) -> Result:
    result = benchmark.run(running, size)
    return result if size == benchmark.size else replace(result, target=None, wrong=False)


def _line(result: Result) -> str:
    target = "no target at this size" if result.target is None else f"target {result.target}"
    times = f"{result.ours:8.3f} s against {result.reference:8.3f} s"
    ratio = f"ratio {result.ratio:5.2f} ({target})"
    memory = f"{result.memory_mb:.0f} MB"
    return f"{result.name:12} {result.size:>9,}  {times}  {ratio}  {memory}  {result.note}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
