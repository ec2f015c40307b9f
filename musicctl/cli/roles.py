"""`musicctl roles`."""

import time
from typing import Annotated

import typer

from musicctl.cli.command import command, group
from musicctl.cli.options import DryRun, Json, Output, Profile, Quiet, User, Yes
from musicctl.cli.output import chosen, document, show_plan, show_report
from musicctl.cli.run import carry_out, review
from musicctl.cli.session import Session
from musicctl.errors import Exit

app = group("Roles in the tenant, and the sync that keeps them true.")
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Read every user of the tenant anew, however young the mirror is.")
]
Check = Annotated[
    bool, typer.Option("--check", help="Write nothing; exit 6 when there is something to change.")
]
AcceptPlan = Annotated[
    str | None,
    typer.Option("--accept-plan", metavar="FINGERPRINT", help="Apply what this plan showed, and no more."),
]


@command(app, "list")
def list_roles(user: User, profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """List the roles that USER holds in the tenant now."""
    from musicctl.operations import roles

    form = chosen(output, as_json)
    with Session(profile) as session:
        document(roles.list_roles(session.tenant, session.user(user)), form)


@command(app, "plan")
def plan(
    refresh: Refresh = False,
    check: Check = False,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Show who would gain and who would lose the role, and keep the plan for a day."""
    from musicctl.operations import plan as plans

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        made = plans.make(session.database, session.tenant, session.question(refresh=refresh), session.say)
        plans.keep(session.database, made)
        show_plan(made, form)
        return Exit.CHANGES if check and made.changes else Exit.OK


@command(app, "sync")
def sync(
    refresh: Refresh = False,
    check: Check = False,
    accept_plan: AcceptPlan = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Grant the role to everyone at the bar, and take it from everyone below."""
    from musicctl.operations import plan as plans

    form = chosen(output, as_json)
    began = time.monotonic()
    with Session(profile, quiet=quiet) as session:
        made = plans.make(session.database, session.tenant, session.question(refresh=refresh), session.say)
        if accept_plan is not None:
            made = plans.only_accepted(session.database, made, accept_plan)
        if dry_run or check:
            show_plan(made, form)
            return Exit.CHANGES if check and made.changes else Exit.OK
        review(session, made, yes=yes)
        report = carry_out(session, made, began)
        show_report(report, form)
        return report.exit
