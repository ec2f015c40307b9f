"""What the commands that write roles share: the review by a person, the progress, and the run itself."""

from typing import TYPE_CHECKING

from musicctl.cli.asking import agree
from musicctl.cli.output import plan_for_people
from musicctl.cli.progress import progress
from musicctl.cli.session import Session
from musicctl.settings.environment import person_present

if TYPE_CHECKING:
    from musicctl.policy.plan import Plan
    from musicctl.policy.report import Report


def review(session: Session, plan: "Plan", *, yes: bool) -> None:
    """Show the plan to a person who is present and ask, unless `yes`; cron goes on.

    Raises MusicctlError when the answer is no, or none came.
    """
    if not plan.changes or yes or not person_present():
        return
    session.announce_write(session.database, session.tenant)
    plan_for_people(plan)
    count = len(plan.changes)
    what = "this change" if count == 1 else f"these {count:,} changes"
    agree(f"Apply {what} to {session.tenant}?", yes=False)


def carry_out(session: Session, plan: "Plan", began: float) -> "Report":
    """Perform the plan with a progress bar on a terminal, or a line on stderr elsewhere."""
    from musicctl.operations.sync import Pace, apply

    if plan.changes:
        session.announce_write(session.database, session.tenant)
        session.say(f"applying {len(plan.changes):,} change{'s' if len(plan.changes) > 1 else ''}")
    chosen = session.settings
    with progress(len(plan.changes), shown=not session.quiet) as advance:
        pace = Pace(threads=chosen.threads, settle=chosen.settle, progress=advance)
        return apply(
            session.database, session.tenant, plan, plays_query=chosen.plays_query, pace=pace, began=began
        )
