"""Makes the commands of one table out of functions that are written once for all of them."""

from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature
from typing import Annotated, Any

import typer
from typer.main import get_command

from musicctl.cli.bearer import BearerCommand
from musicctl.cli.command import CONTEXT, Command, Group, group

Keys = Annotated[list[str], typer.Argument(metavar="ID", help="The ids.")]
"""Ids of rows; the usage calls them SONG_ID, ARTIST_ID."""


def one(table: str) -> str:
    """Return what one row of a table is called."""
    return table.removesuffix("s")


class BoundGroup(Group):
    """A group that makes a command only when it is named: to make all of them takes longer than a query."""

    table: str
    functions: Mapping[str, Callable[..., int | None]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Typer takes its did-you-mean from these keys; get_command never looks at the values.
        self.commands = dict.fromkeys(self.functions)  # type: ignore[assignment]

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        return list(self.functions)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Make one command and return it."""
        if cmd_name not in self.functions:
            return None
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        register(app, cmd_name, self.functions[cmd_name], self.table)
        return get_command(app)


def group_of(table: str, purpose: str, functions: Mapping[str, Callable[..., int | None]]) -> typer.Typer:
    """Return the group of commands of one table, whose functions take the table first."""
    app = group(purpose)
    app.callback(cls=type("TableGroup", (BoundGroup,), {"table": table, "functions": functions}))(
        lambda: None
    )
    return app


def register(app: typer.Typer, name: str, function: Callable[..., int | None], table: str) -> None:
    """Register `function`, whose first argument is the table, as the command `name` of a table's group.

    Its docstring is the help, in which {things} stands for the rows.
    """
    told = str(function.__doc__).format(things=table)
    kind = BearerCommand if "token" in signature(function).parameters else Command
    app.command(name, cls=kind, context_settings=CONTEXT, help=told)(_of(function, table))


def _of(function: Callable[..., int | None], table: str) -> Callable[..., int | None]:
    """Return the function with its table given, as Typer looks at it: without that argument."""
    made: Any = partial(function, table)
    named = Annotated[list[str], typer.Argument(metavar=f"{one(table).upper()}_ID", help="The ids.")]
    own = signature(function)
    parameters = [
        each.replace(annotation=named) if each.annotation is Keys else each
        for each in list(own.parameters.values())[1:]
    ]
    made.__signature__ = own.replace(parameters=parameters)
    made.__annotations__ = {each.name: each.annotation for each in parameters}
    return made  # type: ignore[no-any-return]
