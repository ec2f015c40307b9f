"""`musicctl roles`."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from musicctl.cli import byhand, holders, pins
from musicctl.cli.command import command, group
from musicctl.cli.options import DryRun, Json, Output, Profile, Quiet, User, Yes, duration
from musicctl.cli.output import chosen, document, show_plan, show_report
from musicctl.cli.run import carry_out, review
from musicctl.cli.session import Session
from musicctl.errors import Exit, RefusedError

if TYPE_CHECKING:
    from musicctl.policy.plan import Plan

app = group("Roles in the tenant, and the sync that keeps them true.")
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Read every user of the tenant anew, however young the mirror is.")
]
Check = Annotated[
    bool, typer.Option("--check", help="Write nothing; exit 6 when there is something to change.")
]
Wait = Annotated[
    str, typer.Option("--wait", metavar="DURATION", help="How long to wait for another run to end: 10m.")
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
        pins.tell_lapsed(session)
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
    wait: Wait = "0s",
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Grant the role to everyone at the bar, and take it from everyone below."""
    form, patience = chosen(output, as_json), duration(wait, "--wait")
    began = time.monotonic()
    with Session(profile, quiet=quiet) as session:
        made = _plan(session, refresh=refresh, accept_plan=accept_plan)
        pins.tell_lapsed(session)
        if dry_run or check:
            show_plan(made, form)
            return Exit.CHANGES if check and made.changes else Exit.OK
        shown = review(session, made, yes=yes)

        def again() -> "Plan":
            return _unchanged(made, _plan(session, accept_plan=accept_plan), shown=shown)

        report = carry_out(session, made, began, command="roles sync", wait=patience, again=again)
        show_report(report, form)
        return report.exit


def _plan(session: Session, *, refresh: bool = False, accept_plan: str | None) -> "Plan":
    from musicctl.operations import plan as plans

    made = plans.make(session.database, session.tenant, session.question(refresh=refresh), session.say)
    return made if accept_plan is None else plans.only_accepted(session.database, made, accept_plan)


def _unchanged(before: "Plan", now: "Plan", *, shown: bool) -> "Plan":
    """Return the plan as it is now; raises RefusedError when a person agreed to another one."""
    if shown and now.fingerprint != before.fingerprint:
        raise RefusedError(
            f"the plan {before.fingerprint} that was shown is now {now.fingerprint}; nothing was written",
            hint="run it again to see the new one",
            details={"plan": now.fingerprint},
        )
    return now


command(app, "holders")(holders.holders)
command(app, "explain")(holders.explain)
command(app, "grant")(byhand.grant)
command(app, "revoke")(byhand.revoke)
command(app, "pin")(pins.pin)
command(app, "unpin")(pins.unpin)
command(app, "pins")(pins.list_pins)
command(app, "hold")(pins.hold)
command(app, "release")(pins.release)
