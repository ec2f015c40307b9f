"""`musicctl roles`."""

import time
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from musicctl.cli.command import command, group
from musicctl.cli.commands import roles_by_hand, roles_holders, roles_pins
from musicctl.cli.commands.roles_review import carry_out, refuse_danger, review
from musicctl.cli.options import DryRun, Json, Output, Profile, Quiet, Refresh, User, Wait, Yes, duration
from musicctl.cli.output import chosen, document, listing, show_plan, show_report
from musicctl.cli.session import Session
from musicctl.errors import Exit, RefusedError
from musicctl.render.formats import Format
from musicctl.settings.values import MOST_PLAYS

if TYPE_CHECKING:
    from musicctl.operations.question import Question
    from musicctl.policy.plan import Plan

app = group("Roles in the tenant, and the sync that keeps them true.")
Check = Annotated[
    bool, typer.Option("--check", help="Write nothing; exit 6 when there is something to change.")
]
Threshold = Annotated[
    int | None,
    typer.Option("--threshold", metavar="N", min=1, max=MOST_PLAYS, help="What if the bar were N plays?"),
]
Limit = Annotated[
    int | None, typer.Option("--limit", metavar="N", min=1, help="Show so many of each kind at most.")
]


class SetAside(Enum):
    """The users whom a plan counts and does not change."""

    UNKNOWN = "unknown"
    PINNED = "pinned"
    UNREADABLE = "unreadable"
    MISSING = "missing"


Listed = Annotated[
    SetAside | None, typer.Option("--list", help="List those whom the plan counts so.", show_default=False)
]
AcceptPlan = Annotated[
    str | None,
    typer.Option("--accept-plan", metavar="FINGERPRINT", help="Apply what this plan showed, and no more."),
]


@command(app, "list")
def list_roles(user: User, profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """List the roles that USER holds in the tenant now."""
    from musicctl.operations.roles import held

    form = chosen(output, as_json)
    with Session(profile) as session:
        document(held.list_roles(session.tenant, session.user(user)), form)


@command(app, "plan")
def plan(
    refresh: Refresh = False,
    check: Check = False,
    threshold: Threshold = None,
    kind: Listed = None,
    limit: Limit = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Show who would gain and who would lose the role, and keep the plan for a day."""
    from musicctl.operations.roles import plan as plans
    from musicctl.operations.runs import recovery

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        session.settings.check_pace()  # what a plan says can be done, a sync has to be able to do
        question = session.question(refresh=refresh, threshold=threshold)
        made = plans.make(session.database, session.tenant, question, session.say)
        roles_pins.tell_lapsed(session)
        recovery.tell(session.database, session.who.actor, session.say)
        if threshold is None:
            plans.keep(session.database, made)
        else:
            session.say(f"what if the bar were {threshold:,} plays: this plan is not kept")
        if kind is None:
            show_plan(made, form, limit=limit)
        else:
            _list(session, question, kind.value, form, limit)
        return Exit.CHANGES if check and made.changes else Exit.OK


def _list(session: Session, question: "Question", kind: str, form: Format, limit: int | None) -> None:
    from musicctl.operations.roles import plan as plans

    plans.set_aside(
        session.database,
        question,
        kind,
        limit=limit,
        use=lambda rows: listing(plans.SET_ASIDE, rows, form, empty=f"Nobody is {kind}."),
    )


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
        roles_pins.tell_lapsed(session)
        if dry_run or check:
            show_plan(made, form)
            return _verdict_on(made, check=check)
        _refuse_danger(session, made)
        shown = review(session, made, yes=yes)

        def again() -> "Plan":
            now = _unchanged(made, _plan(session, accept_plan=accept_plan), shown=shown)
            _refuse_danger(session, now)
            return now

        report = carry_out(session, made, began, command="roles sync", wait=patience, again=again)
        show_report(report, form, session.pointed)
        return report.exit


def _plan(session: Session, *, refresh: bool = False, accept_plan: str | None) -> "Plan":
    from musicctl.operations.roles import plan as plans

    session.settings.check_pace()
    question = session.question(refresh=refresh)
    made = plans.make(session.database, session.tenant, question, session.say)
    return made if accept_plan is None else plans.only_accepted(session.database, made, question, accept_plan)


def _verdict_on(plan: "Plan", *, check: bool) -> int:
    """Return the exit code of a sync that only shows its plan."""
    if plan.dangers:
        return Exit.REFUSED
    return Exit.CHANGES if check and plan.changes else Exit.OK


def _refuse_danger(session: Session, plan: "Plan") -> None:
    """Keep a dangerous plan, so that a person who looked at it can have it applied, and refuse it."""
    from musicctl.operations.roles import plan as plans

    if plan.dangers:
        plans.keep(session.database, plan)
        refuse_danger(
            plan,
            hint="musicctl roles plan shows it; when it is right:"
            f" musicctl roles sync --accept-plan {plan.fingerprint}",
        )


def _unchanged(before: "Plan", now: "Plan", *, shown: bool) -> "Plan":
    """Return the plan as it is now; raises RefusedError when a person agreed to another one."""
    if shown and now.fingerprint != before.fingerprint:
        raise RefusedError(
            f"the plan {before.fingerprint} that was shown is now {now.fingerprint}; nothing was written",
            hint="run it again to see the new one",
            details={"plan": now.fingerprint},
        )
    return now


command(app, "holders")(roles_holders.holders)
command(app, "explain")(roles_holders.explain)
command(app, "grant")(roles_by_hand.grant)
command(app, "revoke")(roles_by_hand.revoke)
command(app, "pin")(roles_pins.pin)
command(app, "unpin")(roles_pins.unpin)
command(app, "pins")(roles_pins.list_pins)
command(app, "hold")(roles_pins.hold)
command(app, "release")(roles_pins.release)
