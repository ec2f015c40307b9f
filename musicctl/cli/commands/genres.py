"""`musicctl genres`."""

from typing import Annotated

import typer

from musicctl.cli import bearer
from musicctl.cli.command import command, group
from musicctl.cli.options import Json, Output, Profile, Quiet, User
from musicctl.cli.output import chosen, document, listing
from musicctl.cli.session import Session

app = group("Favourite genres.")
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many to list.")]


@bearer.command(app, "show")
def show(
    user: User,
    token: bearer.Token = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Show the favourite genre of USER."""
    from musicctl.operations.library import genres

    form = chosen(output, as_json)
    with Session(profile) as session:
        document(genres.show(session.database, bearer.user_id(session, user, token)), form)


@command(app, "top")
def top(limit: Limit = 20, profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """List the genres that most listeners favour."""
    from musicctl.operations import stats

    form = chosen(output, as_json)
    with Session(profile) as session:
        rows = stats.top_genres(session.database, limit)
        listing(stats.GENRE_COLUMNS, rows, form, empty="No genres.")


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
    from musicctl.operations.library import genres

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        user_id = session.user(user)
        session.announce_write(session.database)
        done = genres.set_genre(session.database, user_id, genre, who=session.who)
        if isinstance(done.before, list):
            each = ", ".join("not set" if genre is None else genre for genre in done.before)
            session.say(f"it was {each} in {len(done.before)} rows before, which no undo can tell apart")
        else:
            session.say(f"it was {'not set' if done.before is None else done.before} before")
            session.say(f"musicctl undo {done.run} takes it back")
        document(done.shown, form)
