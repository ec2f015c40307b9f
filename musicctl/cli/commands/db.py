"""`musicctl db`."""

from typing import Annotated

import typer

from musicctl.cli.command import command, group
from musicctl.cli.options import Json, Output, Profile, Quiet
from musicctl.cli.output import chosen, document, verbatim
from musicctl.cli.session import Session

app = group("The schema musicctl, and the app's tables where they are missing.")


@command(app, "init")
def init(
    profile: Profile = None,
    show_sql: Annotated[
        bool, typer.Option("--print", help="Print the SQL that is still to run, for a DBA, and run nothing.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Create what is missing: our schema, and the app's tables; existing tables are never altered."""
    from musicctl.operations import database

    with Session(profile, quiet=quiet) as session:
        for each in database.warnings(session.database):
            session.say(each)
        if show_sql:
            verbatim(database.script(session.database))
            return
        session.announce_write(session.database)
        created = database.init(session.database)
        verbatim("".join(f"created {name}\n" for name in created) or "nothing was missing\n")


@command(app, "status")
def status(profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """Show which migrations the database has, which it lacks, and which tables are there."""
    from musicctl.operations import database

    form = chosen(output, as_json)
    with Session(profile) as session:
        for each in database.warnings(session.database):
            session.say(each)
        for each in database.left_behind(session.database, session.who.actor):
            session.say(each)
        document(database.status(session.database), form)
