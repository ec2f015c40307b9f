"""`musicctl users`."""

from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any

import typer

from musicctl.cli.command import command, group
from musicctl.cli.confirm import agree
from musicctl.cli.options import DryRun, Json, Output, Profile, Quiet, User, Yes
from musicctl.cli.output import chosen, document, first_rows, most_rows
from musicctl.cli.reading import reading
from musicctl.cli.session import Session

app = group("Listeners across all three stores.")
ON_A_TERMINAL = 50


class Sort(Enum):
    """What listeners are sorted by: numbers the largest first."""

    USER_ID = "user_id"
    EMAIL = "email"
    DISPLAY_NAME = "display_name"
    FAV_GENRE = "fav_genre"
    PLAYS = "plays"
    PLAYLISTS = "playlists"
    SONGS = "songs"


Genre = Annotated[str | None, typer.Option("--genre", metavar="GENRE", help="Whose favourite genre it is.")]
Holds = Annotated[str | None, typer.Option("--role", metavar="ROLE", help="Who holds this role.")]
MinPlays = Annotated[int | None, typer.Option("--min-plays", metavar="N", help="Who has N plays or more.")]
MaxPlays = Annotated[int | None, typer.Option("--max-plays", metavar="N", help="Who has N plays or fewer.")]
Name = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="In whose display name TEXT is.")]
Email = Annotated[str | None, typer.Option("--email", metavar="TEXT", help="In whose address TEXT is.")]
NoTenant = Annotated[bool, typer.Option("--no-tenant", help="Who has rows in the app, and no account.")]
NoData = Annotated[bool, typer.Option("--no-data", help="Who has an account, and no rows in the app.")]
SortBy = Annotated[Sort, typer.Option("--sort", metavar="COLUMN", help="Another order than that of the ids.")]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", metavar="N", min=1, help=f"How many to list; a terminal shows {ON_A_TERMINAL} unless told."
    ),
]


@command(app, "show")
def show(user: User, profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """Show who USER is, what was saved, and the standing against the bar."""
    from musicctl.operations import users

    form = chosen(output, as_json)
    with Session(profile) as session:
        user_id = session.user(user)
        document(users.show(session.database, session.tenant, user_id, session.question()), form)


@command(app, "list")
def list_users(
    genre: Genre = None,
    role: Holds = None,
    min_plays: MinPlays = None,
    max_plays: MaxPlays = None,
    name: Name = None,
    email: Email = None,
    no_tenant: NoTenant = False,
    no_data: NoData = False,
    sort: SortBy = Sort.USER_ID,
    limit: Limit = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List listeners of the app and of the mirror, whom all filters let through."""
    from musicctl.operations import listeners

    form = chosen(output, as_json)
    wanted = listeners.Wanted(
        role=role,
        genre=genre,
        min_plays=min_plays,
        max_plays=max_plays,
        name=name,
        email=email,
        no_tenant=no_tenant,
        no_data=no_data,
    )
    most = most_rows(limit, form, ON_A_TERMINAL)
    with Session(profile, quiet=quiet) as session, reading(session) as database:

        def show(rows: Iterator[tuple[Any, ...]]) -> None:
            columns = listeners.COLUMNS
            first_rows(columns, rows, form, most=most, things="listeners", say=session.say)

        asked = None if most is None else most + 1
        query = session.settings.plays_query
        listeners.each(database, wanted, query, show, sort=sort.value, limit=asked, say=session.say)


@command(app, "erase")
def erase(
    user: User,
    yes: Yes = False,
    dry_run: DryRun = False,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Erase what the app's database has of USER; the account in the tenant stays.

    The journal keeps that it was done, by whom and how many rows it was, and not who it was about.
    """
    from musicctl.operations import erasing

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        user_id = session.user(user)
        found = erasing.preview(session.database, user_id)
        if not dry_run:
            agree(f"Erase {erasing.words(found)} of {user_id}? This cannot be undone.", yes=yes)
            session.announce_write(session.database)
            found = erasing.erase(session.database, user_id, who=session.who)
            session.say(found.remaining())
        document(found.document(), form)
