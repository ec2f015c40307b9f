"""Options and arguments that several commands share, each spelled once."""

from typing import Annotated, TypeAlias

import typer

from musicctl.errors import UsageError
from musicctl.render.records import Format
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
    typer.Option("--until", metavar="DATE", help="When it ends: ISO 8601, in UTC unless it says otherwise."),
]
Role: TypeAlias = Annotated[
    str | None, typer.Option("--role", metavar="ROLE", help="Another role than the profile's.")
]


def duration(text: str, option: str) -> float:
    """Return the seconds of a duration that an option was given; raises UsageError."""
    try:
        return values.duration(text)
    except ValueError as error:
        raise UsageError(
            f"{option} {text}: {error}", hint="a duration is written so: 30s, 15m, 24h, 7d"
        ) from None
