"""`musicctl demo`: the main job from end to end, by running the very commands it shows."""

import shlex
import sys
import time
from contextlib import ExitStack

import typer

from musicctl.cli import main
from musicctl.cli.command import alone, command
from musicctl.cli.output import terminal_width, text
from musicctl.cli.session import talk
from musicctl.errors import Exit
from musicctl.render.text import safe, wrapped
from musicctl.settings import sandbox_state
from musicctl.settings.environment import sandbox_folder

app = alone()
ADA = "auth0|demo-ada"
STEPS = (
    (
        "One listener across all three stores: songs in Postgres, the rest in Auth0.\n"
        "Ada's playlists have 100 plays, and she does not hold the role yet.",
        ("users", "show", ADA),
    ),
    (
        "Who would gain the role, and who would lose it? 100 plays are enough,\n"
        "Boris' 99 are not. Esra keeps it: no row of plays is not zero plays.",
        ("roles", "plan"),
    ),
    (
        "The main job, as cron runs it. Other roles stay where they are.",
        ("roles", "sync", "--yes"),
    ),
    ("A sync leaves nothing to do.", ("roles", "plan", "--check")),
    ("Ada afterwards, and Carla, who keeps her other roles.", ("roles", "list", ADA)),
    ("", ("roles", "list", "carla@example.com")),
)
GOING_ON = """\
The sandbox is still up. To go on by hand:

  musicctl roles sync -P sandbox               shows what it would do, and asks
  musicctl playlists list 'auth0|demo-boris' -P sandbox
  musicctl songs add ada@example.com 'Yellow Submarine' -P sandbox
  musicctl profile set-name ada@example.com 'Ada ⭐' -P sandbox
  musicctl sandbox load --users 10000          more listeners, some out of step
  musicctl sandbox down                        stops it and keeps the data
"""


@command(app, "demo")
def demo() -> int:
    """Show the main job from end to end in the sandbox, which is left up to go on by hand."""
    from musicctl.sandbox.demo import prepare

    began = time.monotonic()
    with ExitStack() as when_cut_short:
        when_cut_short.callback(_tell_what_runs)
        _tell("A Postgres and a local Auth0 tenant on this machine, with made-up listeners.")
        prepare(sandbox_folder(), talk(False))
        for explanation, words in STEPS:
            _tell(explanation)
            _run((*words, "-P", "sandbox"))
        when_cut_short.pop_all()
    text(f"\n{GOING_ON}\nThe demo took {time.monotonic() - began:.1f} s.\n")
    return Exit.OK


def _tell(explanation: str) -> None:
    text("\n")
    for line in explanation.splitlines():
        text(wrapped(f"# {safe(line)}", terminal_width(), indent="# ") + "\n")


def _tell_what_runs() -> None:
    """Say, when the demo ends before its end, that what it started goes on."""
    state = sandbox_state.read(sandbox_folder())
    if state and (sandbox_state.tenant_is_up(sandbox_folder()) or sandbox_state.postgres_is_up(state)):
        talk(False)("the sandbox is still up: `musicctl sandbox down` stops it")


def _run(words: tuple[str, ...]) -> None:
    """Show a command as one would type it, and run it."""
    text(f"$ musicctl {safe(shlex.join(words))}\n")
    sys.stdout.flush()
    code = main(words)
    sys.stdout.flush()
    if code != Exit.OK:
        raise typer.Exit(code)  # the command has said why
