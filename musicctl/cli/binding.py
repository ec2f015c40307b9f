"""Makes the commands of one table out of functions that are written once for all of them."""

from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Annotated, Any

import typer

from musicctl.cli.bearer import BearerCommand
from musicctl.cli.command import CONTEXT, Command

Keys = Annotated[list[str], typer.Argument(metavar="ID", help="The ids.")]
"""Ids of rows; the usage calls them SONG_ID, ARTIST_ID."""


def one(table: str) -> str:
    """Return what one row of a table is called."""
    return table.removesuffix("s")


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
