"""`musicctl songs`."""

from typing import Annotated

import typer

from musicctl.cli.command import command, group
from musicctl.cli.options import Json, Output, Profile, Quiet, User
from musicctl.cli.output import chosen, listing
from musicctl.cli.session import Session

app = group("Saved songs of a listener.")
SongId = Annotated[str | None, typer.Option("--id", metavar="SONG_ID", help="The id, for a single song.")]


@command(app, "list")
def list_songs(user: User, profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """List the saved songs of USER."""
    from musicctl.operations import songs

    form = chosen(output, as_json)
    with Session(profile) as session:
        rows = songs.list_songs(session.database, session.user(user))
        listing(songs.COLUMNS, rows, form, empty="No songs.")


@command(app, "add")
def add_songs(
    user: User,
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names of songs.")],
    song_id: SongId = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Save songs for USER and print the new rows."""
    from musicctl.operations import songs

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        user_id = session.user(user)
        session.announce_write(session.database)
        rows = songs.add_songs(session.database, user_id, names, song_id=song_id)
        listing(songs.COLUMNS, rows, form, empty="No songs.")
