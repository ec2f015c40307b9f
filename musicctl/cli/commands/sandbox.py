"""`musicctl sandbox`."""

from dataclasses import asdict, replace
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from musicctl.cli.command import command, group
from musicctl.cli.commands import sandbox_faults
from musicctl.cli.confirm import agree
from musicctl.cli.options import Json, Output, Quiet, Yes
from musicctl.cli.output import chosen, document
from musicctl.cli.session import talk
from musicctl.errors import UsageError
from musicctl.settings import sandbox_state
from musicctl.settings.environment import sandbox_folder

app = group("A Postgres and a local tenant of your own to try things on.")
app.add_typer(sandbox_faults.app, name="faults")


class Plan(Enum):
    """The plans of the tenant, for their rate limits."""

    FREE = "free"
    ESSENTIALS = "essentials"
    ENTERPRISE = "enterprise"
    NONE = "none"


@command(app, "up")
def up(
    plan: Annotated[
        Plan | None,
        typer.Option("--plan", help="Limit requests as this plan does, from now on.", show_default=False),
    ] = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Start the sandbox, or do nothing when it is up; its data is where it was."""
    from musicctl.sandbox import lifecycle

    form = chosen(output, as_json)
    lifecycle.up(sandbox_folder(), talk(quiet), plan.value if plan else None)
    document(lifecycle.status(sandbox_folder()), form)


@command(app, "down")
def down(
    remove: Annotated[bool, typer.Option("--remove", help="Remove it with all its data, for good.")] = False,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Stop the sandbox and keep its data, or remove it."""
    from musicctl.sandbox import lifecycle

    if remove:
        agree("Remove the sandbox with all its data?", yes=yes)
        removed = lifecycle.remove(sandbox_folder(), talk(quiet))
        talk(quiet)("the sandbox is removed" if removed else "there is no sandbox")
        return
    stopped = lifecycle.down(sandbox_folder(), talk(quiet))
    talk(quiet)("the sandbox is down; its data is kept" if stopped else "the sandbox was not up")


@command(app, "status")
def status(output: Output = None, as_json: Json = False) -> None:
    """Show whether the sandbox is up, and how other programs reach it."""
    from musicctl.sandbox import lifecycle

    form = chosen(output, as_json)
    document(lifecycle.status(sandbox_folder()), form)


@command(app, "reset")
def reset(yes: Yes = False, output: Output = None, as_json: Json = False, quiet: Quiet = False) -> None:
    """Empty both stores of the sandbox for good, and leave it up."""
    from musicctl.sandbox import lifecycle

    form = chosen(output, as_json)
    agree("Empty the sandbox's Postgres and its tenant?", yes=yes)
    lifecycle.reset(sandbox_folder(), talk(quiet))
    document(lifecycle.status(sandbox_folder()), form)


@command(app, "load")
def load(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="CSV with playlist_id, user_id, name and total_plays."),
    ] = None,
    users: Annotated[
        int | None, typer.Option("--users", metavar="N", min=1, help="Make up N listeners instead.")
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", help="The same seed makes the same listeners.")
    ] = 1,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fill the sandbox, starting it if it is down, from FILE or with made-up listeners."""
    from musicctl.sandbox import lifecycle
    from musicctl.sandbox import load as loading

    form = chosen(output, as_json)
    if (file is None) == (users is None):
        raise UsageError("give either a FILE or --users N", hint="musicctl sandbox load --users 1000")
    folder, say = sandbox_folder(), talk(quiet)
    state = lifecycle.up(folder, say)
    if file is not None:
        loaded = loading.load_file(folder, state, file, say)
    else:
        loaded = loading.load_made_up(folder, state, users=users or 0, seed=seed, say=say)
    sandbox_state.write(folder, replace(state, filled_by="load"))
    document(asdict(loaded), form)
