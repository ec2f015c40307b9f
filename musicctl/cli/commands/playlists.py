"""`musicctl playlists`."""

from typing import Annotated

import typer

from musicctl.cli import bearer
from musicctl.cli.command import command, group
from musicctl.cli.commands.saved_files import import_file
from musicctl.cli.options import Json, Output, Profile, Quiet, User
from musicctl.cli.output import chosen, document, listing
from musicctl.cli.session import Session
from musicctl.cli.table_commands import register

app = group("Playlists and their plays.")
MOST_PLAYS = 2**63 - 1
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many to list.")]
Within = Annotated[int, typer.Option("--within", metavar="N", min=0, help="How many plays from the bar.")]
PlaylistId = Annotated[str, typer.Argument(metavar="PLAYLIST_ID", help="The id of a playlist.")]
Plays = Annotated[int, typer.Argument(metavar="N", min=0, max=MOST_PLAYS, help="How many plays it has.")]
Why = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, for who comes after.")]


@bearer.command(app, "list")
def list_playlists(
    user: User,
    token: bearer.Token = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """List the playlists of USER, the most played first."""
    from musicctl.operations.library import playlists

    form = chosen(output, as_json)
    with Session(profile) as session:
        rows = playlists.list_playlists(session.database, bearer.user_id(session, user, token))
        listing(playlists.COLUMNS, rows, form, empty="No playlists.")


@command(app, "top")
def top(limit: Limit = 20, profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """List the listeners with the most plays."""
    from musicctl.operations.library import rankings

    form = chosen(output, as_json)
    with Session(profile) as session:
        rankings.top(
            session.database,
            session.question(),
            limit=limit,
            use=lambda rows: listing(rankings.TOP_COLUMNS, rows, form, empty="No plays."),
        )


@command(app, "near")
def near(within: Within = 10, profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """List who is about to cross the bar, on either side."""
    from musicctl.operations.library import rankings

    form = chosen(output, as_json)
    with Session(profile) as session:
        rankings.near(
            session.database,
            session.question(),
            within=within,
            use=lambda rows: listing(rankings.NEAR_COLUMNS, rows, form, empty="Nobody is that near."),
        )


@command(app, "set-plays")
def set_plays(
    playlist_id: PlaylistId,
    plays: Plays,
    reason: Why = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Set the plays of one playlist, and journal it."""
    from musicctl.operations.library import playlists

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        session.announce_write(session.database)
        shown, before = playlists.set_plays(
            session.database,
            playlist_id,
            plays,
            reason=reason,
            who=session.who,
        )
        session.say(f"it had {'no number of' if before is None else before} plays before")
        document(shown, form)


register(app, "import", import_file, "playlists")
