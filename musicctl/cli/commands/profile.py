"""`musicctl profile`."""

from typing import Annotated

import typer

from musicctl.cli import bearer
from musicctl.cli.command import command, group
from musicctl.cli.commands import profile_bulk
from musicctl.cli.options import Json, Output, Profile, Quiet, User
from musicctl.cli.output import chosen, document
from musicctl.cli.session import Session

app = group("Profiles and display names in the tenant.")


@bearer.command(app, "show")
def show(
    user: User,
    token: bearer.Token = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Show who USER is and the display name."""
    from musicctl.operations.names import profile as profiles

    form = chosen(output, as_json)
    with Session(profile) as session:
        document(profiles.show(session.tenant, bearer.user_id(session, user, token)), form)


@bearer.command(app, "set-name")
def set_name(
    user: User,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new display name, 1 to 64 characters.")],
    token: bearer.Token = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Set the display name of USER, and nothing else of the profile."""
    from musicctl.operations.names import profile as profiles

    form = chosen(output, as_json)
    bearer.refuse_user(name, "NAME", token)
    with Session(profile, quiet=quiet) as session:
        user_id = bearer.user_id(session, user, token)
        session.announce_write(session.database, session.tenant)
        shown, run = profiles.set_name(
            session.database,
            session.tenant,
            user_id,
            name,
            settle=session.settings.settle,
            freshness=session.settings.freshness,
            who=session.who,
        )
        session.say("it was so already" if run is None else f"musicctl undo {run} takes it back")
        document(shown | {"run": run}, form)


command(app, "set-names")(profile_bulk.set_names)
command(app, "fill-names")(profile_bulk.fill_names)
