"""The commands of `musicctl roles` that give or take the role whatever the plays."""

import shlex
import time
from typing import TYPE_CHECKING

from musicctl.cli.commands.roles_review import carry_out, refuse_danger
from musicctl.cli.options import DryRun, Json, Output, Profile, Quiet, Users, Wait, duration
from musicctl.cli.output import chosen, show_judgements, show_plan, show_report
from musicctl.cli.session import Session
from musicctl.cli.targets import resolved
from musicctl.errors import Exit
from musicctl.render.formats import Format
from musicctl.render.judgement import judgement_documents

if TYPE_CHECKING:
    from musicctl.operations.roles.promote import Promotion


def grant(
    users: Users,
    dry_run: DryRun = False,
    wait: Wait = "0s",
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Give the role to the users named, whatever their plays."""
    form, patience = chosen(output, as_json), duration(wait, "--wait")
    with Session(profile, quiet=quiet) as session:
        return _by_hand(session, users, form, grant=True, dry_run=dry_run, wait=patience)


def revoke(
    users: Users,
    dry_run: DryRun = False,
    wait: Wait = "0s",
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Take the role from the users named, whatever their plays."""
    form, patience = chosen(output, as_json), duration(wait, "--wait")
    with Session(profile, quiet=quiet) as session:
        return _by_hand(session, users, form, grant=False, dry_run=dry_run, wait=patience)


def _by_hand(
    session: Session, users: list[str], form: Format, *, grant: bool, dry_run: bool, wait: float
) -> int:
    from musicctl.operations.roles import promote as promotions

    began = time.monotonic()
    targets = resolved(session, users, granting=grant)
    promotion = promotions.plan_by_hand(
        session.database, session.tenant, targets.user_ids, session.question(), grant=grant
    )
    not_found = (*targets.not_found, *promotion.not_found)
    promotions.require_any(promotion, not_found)
    _warn(session, promotion, grant=grant)
    if dry_run:
        show_judgements(promotion.users, form)
        show_plan(promotion.plan, form)
        return Exit.REFUSED if promotion.plan.dangers else Exit.PARTIAL if not_found else Exit.OK
    refuse_danger(promotion.plan)
    command = f"roles {'grant' if grant else 'revoke'}"
    report = carry_out(session, promotion.plan, began, command=command, wait=wait)
    report = promotions.with_unreadable(promotions.with_not_found(report, not_found), promotion)
    show_judgements(promotion.users, form)
    show_report(report, form, session.pointed, {"users": judgement_documents(promotion.users)})
    return report.exit


def _warn(session: Session, promotion: "Promotion", *, grant: bool) -> None:
    """Name those whose role the next sync would change back, and what would keep it from that."""
    does, state = ("take it away", "granted") if grant else ("grant it", "revoked")
    for user_id in promotion.reversed:
        words = ["musicctl", "roles", "pin", user_id, "--state", state, "--reason", "...", "-P"]
        command = shlex.join([*words, session.settings.profile])
        session.say(f"{user_id}: the next sync would {does} again; to keep it so: {command}")
