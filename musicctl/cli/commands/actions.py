"""`musicctl actions`."""

from typing import TYPE_CHECKING, Annotated

import typer

from musicctl.cli.command import command, group
from musicctl.cli.confirm import agree
from musicctl.cli.options import DryRun, Json, Output, Profile, Quiet, Yes, duration
from musicctl.cli.output import aside, chosen, document, listing, machine, terminal_width, text, whole
from musicctl.cli.session import Session
from musicctl.errors import DeniedError, Exit
from musicctl.render import records
from musicctl.render.formats import Format

if TYPE_CHECKING:
    from musicctl.operations.actions.deploy import Means
    from musicctl.policy.actions import ActionsPlan, OldRule

app = group("The two post-login Actions that replace the old Rules.")
Check = Annotated[bool, typer.Option("--check", help="Exit 6 when there is something to change.")]
Remove = Annotated[bool, typer.Option("--remove", help="Unbind and delete ours, and no other.")]
Wait = Annotated[
    str, typer.Option("--wait", metavar="DURATION", help="How long to wait for another run to end: 10m.")
]


@command(app, "plan")
def plan(
    check: Check = False,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Compare the tenant's post-login Actions with ours, and show what would change."""
    from musicctl.operations.actions import plan as actions_plan

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        contents = actions_plan.wanted(session.settings.claim_namespace)
        made = actions_plan.plan(session.tenant, contents)
        _show(made, _old_rules(session), form)
        return Exit.CHANGES if check and made.changes else Exit.OK


@command(app, "deploy")
def deploy(
    remove: Remove = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = "0s",
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Create, update, deploy and bind the two Actions, behind all others; or remove them."""
    from musicctl.operations.actions import deploy as actions_deploy
    from musicctl.operations.actions import plan as actions_plan
    from musicctl.render.actions import report_document, report_text

    form, patience = chosen(output, as_json), duration(wait, "--wait")
    with Session(profile, quiet=quiet) as session:
        contents = {} if remove else actions_plan.wanted(session.settings.claim_namespace)
        made = actions_plan.removal(session.tenant) if remove else actions_plan.plan(session.tenant, contents)
        rules = None if remove else _old_rules(session)
        if dry_run:
            _show(made, rules, form)
            return Exit.OK
        _review(session, made, remove=remove, yes=yes)
        means = _means(session, patience)
        report = actions_deploy.remove(means) if remove else actions_deploy.deploy(means, contents)
        if form is Format.TABLE:
            text(report_text(report, terminal=terminal_width()))
        else:
            document(report_document(report), form)
        return Exit.OK


def _review(session: Session, plan: "ActionsPlan", *, remove: bool, yes: bool) -> None:
    """Show people what is about to be done, and ask before something is removed."""
    from musicctl.render.actions import plan_text

    if not plan.changes:
        return
    session.announce_write(session.database, session.tenant)
    if not session.quiet:
        aside(plan_text(plan, terminal=terminal_width(to_stderr=True)))
    if remove:
        names = " and ".join(change.name for change in plan.changes)
        agree(f"Remove {names} from {session.tenant}?", yes=yes)


def _means(session: Session, wait: float) -> "Means":
    from musicctl.operations.actions.deploy import Means

    return Means(
        database=session.database,
        tenant=session.tenant,
        who=session.who,
        settle=session.settings.settle,
        freshness=session.settings.freshness,
        wait=wait,
        say=session.say,
    )


def _old_rules(session: Session) -> "tuple[OldRule, ...] | None":
    """Return the Rules that still do a job of ours, and warn of each, or of not being allowed to look."""
    from musicctl.operations.actions import plan as actions_plan
    from musicctl.render.actions import rule_text

    try:
        found = actions_plan.old_rules(session.tenant)
    except DeniedError as error:
        session.say(f"{error.what}; {error.hint}, to be warned of old Rules that do the same job")
        return None
    for rule in found or ():
        session.say(rule_text(rule))
    return found


def _show(plan: "ActionsPlan", rules: "tuple[OldRule, ...] | None", form: Format) -> None:
    from musicctl.render.actions import COLUMNS, plan_document, plan_rows, plan_text

    if whole(form, Format.TABLE):
        text(plan_text(plan, terminal=terminal_width()))
    elif whole(form, Format.JSON):
        machine([records.document(plan_document(plan, rules))])
    else:
        listing(COLUMNS, plan_rows(plan), form, empty="No Actions.")
