"""Makes a command group and its commands, so that what they share is said once."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from musicctl.cli.coercion import Command, Group

P = ParamSpec("P")
R = TypeVar("R")
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def group(purpose: str) -> typer.Typer:
    """Return an empty group of commands with plain help; `purpose` is its one sentence."""
    app = alone()
    app.info.help = purpose
    app.info.no_args_is_help = True
    app.callback(cls=Group)(_nothing)  # without it, Typer makes a group of one into a plain command
    return app


def alone() -> typer.Typer:
    """Return what holds a single command that is no group."""
    return typer.Typer(
        cls=Group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        pretty_exceptions_show_locals=False,
        context_settings=CONTEXT,
    )


def command(app: typer.Typer, name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a function as the command `name` of `app`; its docstring is the help."""
    return app.command(name, cls=Command, context_settings=CONTEXT)


def _nothing() -> None:
    pass
