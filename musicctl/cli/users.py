"""`musicctl users`."""

from musicctl.cli.command import command, group
from musicctl.cli.options import Json, Output, Profile, User
from musicctl.cli.output import chosen, document
from musicctl.cli.session import Session

app = group("Listeners across all three stores.")


@command(app, "show")
def show(user: User, profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """Show who USER is, what was saved, and the standing against the bar."""
    from musicctl.operations import users

    form = chosen(output, as_json)
    with Session(profile) as session:
        user_id = session.user(user)
        document(users.show(session.database, session.tenant, user_id, session.question()), form)
