"""How long a command takes before it can do its work, against the least that it could take."""

import sys

from tests.bench.measure import Result, in_turn
from tests.bench.world import World

OURS = (sys.executable, "-m", "musicctl")
TYPER = (sys.executable, "-c", "import typer")


def version(world: World, size: int) -> Result:
    """`--version`, against an import of Typer alone; the size means nothing here."""
    return _against_typer(world, "version", size, "--version", target=1.3)


def help_text(world: World, size: int) -> Result:
    """`--help`, against an import of Typer alone; the size means nothing here."""
    return _against_typer(world, "help", size, "--help", target=2.0)


def _against_typer(world: World, name: str, size: int, option: str, *, target: float) -> Result:
    ours, typer = in_turn((*OURS, option), TYPER, world.environment, world.rounds)
    return Result(
        name=name,
        size=size,
        ours=ours.seconds,
        reference=typer.seconds,
        target=target,
        memory_mb=ours.memory_mb,
    )
