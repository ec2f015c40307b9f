"""The root of all commands: each group's module is imported only when its name is on the command line."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.main import get_command

from musicctl import __version__
from musicctl.cli.command import CONTEXT, Group
from musicctl.cli.output import text

# Name, and the one sentence that its module's help says too: a test compares them.
COMMANDS = {
    "songs": "Saved songs of a listener.",
    "artists": "Saved artists of a listener.",
    "playlists": "Playlists and their plays.",
    "genres": "Favourite genres.",
    "profile": "Profiles and display names in the tenant.",
    "roles": "Roles in the tenant, and the sync that keeps them true.",
    "promote": "Apply the rule to the users named.",
    "users": "Listeners across all three stores.",
    "query": "Answer a SELECT over the app's tables, the mirror and the view musicctl.listeners.",
    "stats": "Show plays, editors, genres and songs as pictures.",
    "history": "What was changed, when, by whom, and what became of it.",
    "undo": "Take a run back: what is still as it left it becomes what it was before.",
    "mirror": "The copy of the tenant's users that plans are made on.",
    "token": "Listeners' tokens, as the app's API takes them.",
    "actions": "The two post-login Actions that replace the old Rules.",
    "db": "The schema musicctl, and the app's tables where they are missing.",
    "config": "Which settings are in force, and where they come from.",
    "sandbox": "A Postgres and a local tenant of your own to try things on.",
    "demo": "Show the main job from end to end in the sandbox.",
    "help": "Explain a command, the exit codes, the settings, the formats or the safety.",
    "completion": "Print what makes the shell complete commands, options and their values.",
}
HEADINGS = {
    "songs": "Listeners",
    "roles": "Roles",
    "users": "Questions over all three stores",
    "history": "What was done",
    "mirror": "The tenant",
    "db": "Setting up",
    "sandbox": "Trying it out",
    "help": "Help",
}
"""The heading that begins at this command of the list above."""


class Root(Group):
    """Knows every command by name, and imports none before it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the module of one command and return it."""
        if cmd_name not in COMMANDS:
            return None
        found = get_command(import_module(f"musicctl.cli.commands.{cmd_name}").app)
        found.name = cmd_name
        return found

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands from the tables above, under their headings."""
        longest = max(map(len, COMMANDS))
        for heading, rows in _under_headings().items():
            with formatter.section(heading):
                # One column for all: write_dl sets it for each section apart.
                formatter.write_dl([(f"{name:{longest}}", said) for name, said in rows])


def _under_headings() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for name, said in COMMANDS.items():
        if name in HEADINGS:
            found[HEADINGS[name]] = []
        found[next(reversed(found))].append((name, said))
    return found


def _version(asked: bool) -> None:
    if asked:
        text(f"musicctl {__version__}\n")
        raise typer.Exit


app = typer.Typer(
    cls=Root, no_args_is_help=True, add_completion=False, rich_markup_mode=None, context_settings=CONTEXT
)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Administer a music app's listeners: songs in Postgres, roles and names in Auth0."""


def command() -> Any:
    """Return the whole command line as one command."""
    return get_command(app)
