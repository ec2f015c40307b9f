"""Options and arguments that several commands share, each spelled once."""

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

import typer
from typer.main import get_command

from musicctl.errors import UsageError
from musicctl.render.formats import Format
from musicctl.settings import values

User: TypeAlias = Annotated[
    str, typer.Argument(metavar="USER", help="A user id such as auth0|5f7c8ec7, or an email address.")
]
Users: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="USER", help="User ids or email addresses; - reads one per line.")
]
Profile: TypeAlias = Annotated[
    str | None, typer.Option("-P", "--profile", metavar="NAME", help="The profile of settings to use.")
]
Output: TypeAlias = Annotated[
    Format | None, typer.Option("-o", "--output", help="How to print data.", show_default=False)
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Short for --output json.")]
DryRun: TypeAlias = Annotated[
    bool, typer.Option("-n", "--dry-run", help="Show what would be done and write nothing.")
]
Yes: TypeAlias = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask before going on.")]
Columns: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--columns", metavar="NAME,...", help="Which columns to print, in that order.", show_default=False
    ),
]
Excel: TypeAlias = Annotated[
    bool,
    typer.Option("--excel", help="With -o csv: for a spreadsheet, with a BOM and no cell run as a formula."),
]
Verbose: TypeAlias = Annotated[
    bool, typer.Option("-v", "--verbose", help="Tell on stderr of each request to Auth0.")
]
Quiet: TypeAlias = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors on stderr.")]
Refresh: TypeAlias = Annotated[
    bool, typer.Option("--refresh", help="Read every user of the tenant anew, however young the mirror is.")
]
Wait: TypeAlias = Annotated[
    str, typer.Option("--wait", metavar="DURATION", help="How long to wait for another run to end: 10m.")
]
Reason: TypeAlias = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for who comes after.")]
Until: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--until",
        metavar="DATE",
        help="When it ends: ISO 8601, the form that is printed, 18:00, friday, 7d; local time.",
    ),
]
Role: TypeAlias = Annotated[
    str | None, typer.Option("--role", metavar="ROLE", help="Another role than the profile's.")
]


def options_of(having: Callable[..., None]) -> list[Any]:
    """Return the options that a function has, as Typer makes them."""
    app = typer.Typer(add_completion=False)
    app.command()(having)
    return get_command(app).params


def duration(text: str, option: str) -> float:
    """Return the seconds of a duration that an option was given; raises UsageError."""
    try:
        return values.duration(text)
    except ValueError as error:
        raise UsageError(
            f"{option} {text}: {error}", hint="a duration is written so: 30s, 15m, 24h, 7d"
        ) from None
