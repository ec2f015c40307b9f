"""`python -m tests.bench [NAME...] [--size N] [--rounds N] [--json]`: run benchmarks, print their ratios."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.bench import startup
from tests.bench.measure import Result
from tests.bench.world import World, world


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A measurement and the size that its target is stated for."""

    run: Callable[[World, int], Result]
    size: int


BENCHMARKS = {
    "version": Benchmark(startup.version, 1),
    "help": Benchmark(startup.help_text, 1),
    "songs-list": Benchmark(startup.songs_list, 10_000),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks named, by default all, and return 1 when one missed its target."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--size", type=int, help="instead of the size that the target is stated for")
    parser.add_argument("--rounds", type=int, default=15, help="how often both are run, in turn")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    asked = parser.parse_args(argv)
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    results = []
    with world(asked.rounds) as running:
        for name in asked.names or BENCHMARKS:
            results.append(_run(BENCHMARKS[name], running, asked.size))
            if not asked.json:
                print(_line(results[-1]), flush=True)
    if asked.json:
        print(json.dumps([result.document() for result in results], indent=2))
    return int(any(result.target is not None and result.ratio > result.target for result in results))


def _run(benchmark: Benchmark, running: World, size: int | None) -> Result:
    result = benchmark.run(running, size or benchmark.size)
    return result if size in (None, benchmark.size) else replace(result, target=None)


def _line(result: Result) -> str:
    target = "no target at this size" if result.target is None else f"target {result.target}"
    times = f"{result.ours:8.3f} s against {result.reference:8.3f} s"
    ratio = f"ratio {result.ratio:5.2f} ({target})"
    return f"{result.name:12} {result.size:>9,}  {times}  {ratio}  {result.memory_mb:.0f} MB"


if __name__ == "__main__":
    sys.exit(main())
