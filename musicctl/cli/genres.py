"""`musicctl genres`."""

from typing import Annotated

import typer

from musicctl.cli.command import command, group
from musicctl.cli.options import Json, Output, Profile, Quiet, User
from musicctl.cli.output import chosen, document
from musicctl.cli.session import Session

app = group("Favourite genres.")


@command(app, "show")
def show(user: User, profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """Show the favourite genre of USER."""
    from musicctl.operations import genres

    form = chosen(output, as_json)
    with Session(profile) as session:
        document(genres.show(session.database, session.user(user)), form)


@command(app, "set")
def set_genre(
    user: User,
    genre: Annotated[str, typer.Argument(metavar="GENRE", help="The genre, such as 'shoegaze'.")],
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Set the favourite genre of USER."""
    from musicctl.operations import genres

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        user_id = session.user(user)
        session.announce_write(session.database)
        shown, before = genres.set_genre(session.database, user_id, genre)
        session.say(f"it was {'not set' if before is None else before} before")
        document(shown, form)
