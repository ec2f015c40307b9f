"""`musicctl promote`."""

import time

from musicctl.cli.command import alone, command
from musicctl.cli.commands.roles_review import carry_out, refuse_danger, review
from musicctl.cli.options import DryRun, Json, Output, Profile, Quiet, Users, Wait, Yes, duration
from musicctl.cli.output import chosen, show_judgements, show_plan, show_report
from musicctl.cli.session import Session
from musicctl.cli.targets import resolved
from musicctl.errors import Exit
from musicctl.render.judgement import judgement_documents

app = alone()


@command(app, "promote")
def promote(
    users: Users,
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = "0s",
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Apply the rule to the users named: grant the role at the bar, take it away below.

    A person who is present is asked before a role is taken away; scripts and cron go on.
    """
    from musicctl.operations.roles import promote as promotions

    form, patience = chosen(output, as_json), duration(wait, "--wait")
    began = time.monotonic()
    with Session(profile, quiet=quiet) as session:
        targets = resolved(session, users)
        promotion = promotions.plan(session.database, session.tenant, targets.user_ids, session.question())
        not_found = (*targets.not_found, *promotion.not_found)
        promotions.require_any(promotion, not_found)
        if dry_run:
            show_judgements(promotion.users, form)
            show_plan(promotion.plan, form)
            return Exit.REFUSED if promotion.plan.dangers else Exit.PARTIAL if not_found else Exit.OK
        refuse_danger(promotion.plan)
        if promotion.plan.counts.revoke:
            review(session, promotion.plan, yes=yes)
        report = carry_out(session, promotion.plan, began, command="promote", wait=patience)
        report = promotions.with_unreadable(promotions.with_not_found(report, not_found), promotion)
        show_judgements(promotion.users, form)
        show_report(report, form, session.pointed, {"users": judgement_documents(promotion.users)})
        return report.exit
