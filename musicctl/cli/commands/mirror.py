"""`musicctl mirror`."""

from musicctl.cli.command import command, group
from musicctl.cli.options import Json, Output, Profile, Quiet
from musicctl.cli.output import chosen, document
from musicctl.cli.session import Session
from musicctl.settings.environment import actor

app = group("The copy of the tenant's users that plans are made on.")


@command(app, "status")
def status(profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """Show how old the mirror is, and how many users and holders of the role it has."""
    from musicctl.operations import mirror

    form = chosen(output, as_json)
    with Session(profile) as session:
        settings = session.settings
        document(mirror.status(session.database, settings.auth0_domain, settings.role), form)


@command(app, "refresh")
def refresh(
    profile: Profile = None, output: Output = None, as_json: Json = False, quiet: Quiet = False
) -> None:
    """Read every user of the tenant anew, by one export job."""
    from musicctl.operations import mirror

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        session.warn_of_superuser()
        mirror.fresh(
            session.database, session.tenant, max_age=0.0, refresh=True, actor=actor(), say=session.say
        )
        document(mirror.status(session.database, session.tenant.base_url, session.settings.role), form)
