"""The sandbox as the demo needs it: up, with a few hundred listeners and its cast as written down."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from musicctl.errors import RefusedError
from musicctl.sandbox import lifecycle, load
from musicctl.settings import sandbox_state

LISTENERS = 300
SEED = 100
OURS = "demo"


def prepare(folder: Path, say: Callable[[str], None]) -> None:
    """Bring the sandbox up and fill it, or put the cast back to its start where the demo filled it before.

    Raises RefusedError, with nothing written, when it holds anything else.
    """
    state = lifecycle.up(folder, say)
    if state.filled_by != OURS:
        if state.filled_by or lifecycle.status(folder)["users"]:
            raise RefusedError(
                f"the sandbox in {folder} holds data of yours, which the demo would change",
                hint="`musicctl sandbox reset` empties it; or set MUSICCTL_SANDBOX to another folder",
            )
        load.load_made_up(folder, state, users=LISTENERS, seed=SEED, say=say)
        sandbox_state.write(folder, replace(state, filled_by=OURS))
    load.load_cast(folder, state)
