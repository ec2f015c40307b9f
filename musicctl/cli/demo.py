"""`musicctl demo`: the main job from end to end, by running the very commands it shows."""

import shlex
import sys
import time

from musicctl.cli import main
from musicctl.cli.command import alone, command
from musicctl.cli.session import talk
from musicctl.errors import Exit, MusicctlError, RefusedError
from musicctl.settings.environment import sandbox_folder

app = alone()
LISTENERS = 300
SEED = 100

STEPS = (
    (
        "One listener across all three stores: songs in Postgres, roles and name in Auth0. She has 100 plays.",
        ("users", "show", "auth0|demo-ada"),
    ),
    (
        "Who would gain the role, and who would lose it? 99 plays is not enough, 100 is; an owner whose\n"
        "plays are unknown keeps it, since no row is not zero plays.",
        ("roles", "plan"),
    ),
    (
        "The main job, as cron would run it. Only our role changes; other roles stay in place.",
        ("roles", "sync", "--yes"),
    ),
    ("Again: a sync leaves nothing to do.", ("roles", "plan", "--check")),
    ("The same listener afterwards.", ("roles", "list", "auth0|demo-ada")),
)

GOING_ON = """
The sandbox is still up. To go on by hand:

  musicctl roles sync -P sandbox              nothing to do now; it shows, asks and applies when there is
  musicctl playlists list 'auth0|demo-ada' -P sandbox
  musicctl songs add 'auth0|demo-ada' 'Yellow Submarine' -P sandbox
  musicctl profile set-name 'auth0|demo-ada' 'Ada ⭐' -P sandbox
  musicctl sandbox load --users 10000 --seed 7    more listeners, some of whom have drifted
  musicctl sandbox down                       stop it; `musicctl sandbox reset` empties it
"""



@command(app, "demo")
def demo() -> int:
    """Show the main job from end to end in the sandbox, which is left up to go on by hand."""
    began = time.monotonic()
    _explain("A Postgres and a local Auth0 tenant on this machine, with a few hundred made-up listeners.")
    _prepare()
    for explanation, words in STEPS:
        _explain(explanation)
        _show(words)
    print(GOING_ON)
    print(f"The demo took {time.monotonic() - began:.1f} s.")
    return Exit.OK
