"""What the commands that write roles share: the review by a person, the progress, and the run itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from musicctl.cli.confirm import agree
from musicctl.cli.output import plan_for_people
from musicctl.cli.progress import progress
from musicctl.cli.session import Session
from musicctl.errors import RefusedError
from musicctl.settings.environment import person_present

if TYPE_CHECKING:
    from musicctl.operations.runs.lease import Lease
    from musicctl.policy.plan import Plan
    from musicctl.policy.report import Report


def review(session: Session, plan: "Plan", *, yes: bool) -> bool:
    """Show the plan to a person who is present and ask, unless `yes`; cron goes on.

    Returns whether one was asked; raises MusicctlError when the answer is no, or none came.
    """
    if not plan.changes or yes or not person_present():
        return False
    session.announce_write(session.database, session.tenant)
    plan_for_people(plan)
    count = len(plan.changes)
    what = "this change" if count == 1 else f"these {count:,} changes"
    agree(f"Apply {what} to {session.tenant}?", yes=False)
    return True


FEWER = "name fewer users, or raise max_revoke or max_grant in the profile"


def refuse_danger(plan: "Plan", *, hint: str = FEWER) -> None:
    """Raise RefusedError, with every reason, when the plan is dangerous."""
    if plan.dangers:
        said = [str(danger) for danger in plan.dangers]
        raise RefusedError(
            f"this is dangerous, and nothing was written: {'; '.join(said)}",
            hint=hint,
            details={"dangers": said, "plan": plan.fingerprint},
        )


def carry_out(
    session: Session,
    plan: "Plan",
    began: float,
    *,
    command: str,
    wait: float = 0.0,
    again: Callable[[], "Plan"] | None = None,
) -> "Report":
    """Perform the plan as one run of `command`, under the lease, once it is known what earlier runs left.

    `again` makes the plan anew once nobody else can write any more. Raises BusyError when somebody else has
    the lease for longer than `wait` seconds.
    """
    from musicctl.operations.runs import lease, recovery

    chosen = session.settings
    actor, stop = session.who.actor, session.tenant.stop
    with lease.held(session.database, "roles", actor, wait=wait, stop=stop, say=session.say) as holding:
        recovered = recovery.recover(
            session.database,
            session.tenant,
            holding,
            settle=chosen.settle,
            threads=chosen.threads,
            say=session.say,
        )
        if again is not None and (plan.changes or recovered.changes):
            plan = again()
        return _perform(session, plan, holding, command, began)


def _perform(session: Session, plan: "Plan", holding: "Lease", command: str, began: float) -> "Report":
    from musicctl.operations.roles.sync import apply, estimate
    from musicctl.operations.runs.context import Pace

    chosen = session.settings
    if plan.changes:
        session.announce_write(session.database, session.tenant)
        session.say(f"applying {estimate(session.database, len(plan.changes), session.per_second)}")
    with progress(len(plan.changes), shown=not session.quiet) as advance:
        pace = Pace(
            threads=chosen.threads,
            settle=chosen.settle,
            freshness=chosen.freshness,
            progress=advance,
            say=session.say,
            began=began,
        )
        return apply(
            session.database,
            session.tenant,
            plan,
            new=session.who.run(command),
            lease=holding,
            plays_query=chosen.plays_query,
            pace=pace,
        )
