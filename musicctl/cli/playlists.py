"""`musicctl playlists`."""

from musicctl.cli.command import command, group
from musicctl.cli.options import Json, Output, Profile, User
from musicctl.cli.output import chosen, listing
from musicctl.cli.session import Session

app = group("Playlists and their plays.")


@command(app, "list")
def list_playlists(user: User, profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """List the playlists of USER, the most played first."""
    from musicctl.operations import playlists

    form = chosen(output, as_json)
    with Session(profile) as session:
        rows = playlists.list_playlists(session.database, session.user(user))
        listing(playlists.COLUMNS, rows, form, empty="No playlists.")
