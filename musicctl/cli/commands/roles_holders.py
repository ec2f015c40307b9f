"""The commands of `musicctl roles` that say who holds the role, and why."""

from musicctl.cli.options import Json, Output, Profile, Quiet, Role, User
from musicctl.cli.output import chosen, document, listing, terminal_width, text, whole
from musicctl.cli.session import Session
from musicctl.render.formats import Format


def holders(
    role: Role = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List who holds the role, with plays, and since when.

    The mirror says who does, and the journal since when; what it does not know is empty.
    """
    from musicctl.operations.roles import holders as found

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        found.each(
            session.database,
            session.settings.auth0_domain,
            lambda: session.tenant,
            session.question(),
            role=role,
            use=lambda rows: listing(found.COLUMNS, rows, form, empty="No holders."),
            say=session.say,
        )


def explain(user: User, profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """Say why USER holds the role or not, and what comes next."""
    from musicctl.operations.roles import explain as explaining
    from musicctl.render.explanation import explanation_document, explanation_text

    form = chosen(output, as_json)
    with Session(profile) as session:
        user_id = session.user(user)
        known = explaining.explain(session.database, session.tenant, user_id, session.question())
        if whole(form, Format.TABLE):
            text(explanation_text(known, terminal=terminal_width()))
        else:
            document(explanation_document(known), form)
