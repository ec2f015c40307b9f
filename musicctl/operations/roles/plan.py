"""Makes the plan of a sync: whose role should change, judged by the rule, from plays and the mirror."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from musicctl.errors import UsageError
from musicctl.operations import mirror as mirrors
from musicctl.operations.question import Question
from musicctl.operations.roles import kept_plans
from musicctl.policy import guards
from musicctl.policy.guards import Baseline, By, Lost, Past, Seen
from musicctl.policy.plan import Change, Counts, Plan, in_order
from musicctl.policy.rule import Pin, Rule, Verdict
from musicctl.store import baseline, lately, mirror, missing, plans, plays
from musicctl.store import set_aside as aside
from musicctl.store.database import Database
from musicctl.store.plays import Standing, Survey
from musicctl.store.streaming import Rows
from musicctl.tenant.client import Tenant
from musicctl.tenant.users import TenantUser

SYNC = "roles sync"
SET_ASIDE = aside.COLUMNS
T = TypeVar("T")


def make(database: Database, tenant: Tenant, question: Question, say: Callable[[str], None]) -> Plan:
    """Return what a sync would do now. Nothing is written but the mirror."""
    before = mirror.claim(database, tenant.base_url)
    state = mirrors.fresh(
        database,
        tenant,
        max_age=question.max_age,
        refresh=question.refresh,
        actor=question.actor,
        say=say,
    )
    survey = _survey(database, question)
    if survey.missing and state.as_of != before.as_of and state.as_of is not None:
        threshold = question.rule.threshold
        missing.all_asked(database, question.plays_query, threshold=threshold, as_of=state.as_of)
    elif survey.missing_ids and _newcomers(database, tenant, survey.missing_ids):
        survey = _survey(database, question)
    made = _plan(survey, question, state.as_of)
    return with_order(database, _guarded(database, made, question), SYNC)


def set_aside(
    database: Database, question: Question, kind: str, *, limit: int | None, use: Callable[[Rows], T]
) -> T:
    """Return what `use` makes of the users whom a plan counts as `kind`, rows of SET_ASIDE."""
    rule = question.rule
    return aside.each(
        database,
        question.plays_query,
        kind,
        role=rule.role,
        threshold=rule.threshold,
        limit=limit,
        use=use,
    )


def keep(database: Database, plan: Plan) -> None:
    """Keep a plan for 24 hours, for `--accept-plan` with its fingerprint."""
    plans.keep(
        database,
        role=plan.rule.role,
        threshold=plan.rule.threshold,
        source=plan.source,
        fingerprint=plan.fingerprint,
        changes=plan.decisions,
        dangers=plan.reasons,
    )


def only_accepted(database: Database, plan: Plan, question: Question, fingerprint: str) -> Plan:
    """Return `plan` with only those changes that the kept plan of this fingerprint has too.

    The dangers that it was kept with are waived; what is new, or larger than then, stays. Raises RefusedError
    when no such plan was kept in the last 24 hours, or what is kept is not what this profile showed.
    """
    kept = kept_plans.reviewed(database, plan, fingerprint)
    changes = tuple(change for change in plan.changes if kept.has(change))
    accepted = replace(plan, changes=changes, counts=_recounted(plan.counts, changes))
    guarded = _guarded(database, accepted, question)
    standing = guards.beyond(guarded.dangers, kept.dangers)
    waived = tuple(danger for danger in guarded.dangers if danger not in standing)
    return replace(guarded, dangers=standing, waived=waived)


def guard_by_number(database: Database, plan: Plan, question: Question) -> Plan:
    """Return `plan` with the dangers that lie in the number of its changes: for those a person named."""
    role = plan.rule.role
    lost = _lost(database, role, question)
    found = guards.changes(
        grants=plan.counts.grant,
        revokes=plan.revoked,
        holders=mirror.count(database, role),
        past=Past(last=None, lost=lost),
        limits=question.limits,
    )
    return replace(plan, dangers=found, lost=lost)


def with_order(database: Database, plan: Plan, command: str) -> Plan:
    """Return `plan` with those who failed in the last runs of `command`."""
    if not plan.changes:
        return plan
    return replace(plan, failed_lately=lately.failed(database, command=command, role=plan.rule.role))


def _guarded(database: Database, plan: Plan, question: Question) -> Plan:
    assert plan.seen is not None
    past = _past(database, question)
    found = guards.dangers(
        plan.rule,
        grants=plan.counts.grant,
        revokes=plan.revoked,
        seen=plan.seen,
        past=past,
        limits=question.limits,
    )
    hidden = (guards.hidden_rows(),) if plays.COMPARING in database.filtered else ()
    return replace(plan, dangers=(*found, *hidden), lost=past.lost)


def _past(database: Database, question: Question) -> Past:
    role = question.rule.role
    last = baseline.last_run(database, role)
    return Past(
        last=None
        if last is None
        else Baseline(
            rule=Rule(last.role, last.threshold),
            source=last.source,
            source_users=last.source_users,
            source_plays=last.source_plays,
            tenant_users=last.tenant_users,
        ),
        lost=_lost(database, role, question),
    )


def _lost(database: Database, role: str, question: Question) -> tuple[Lost, ...]:
    """Return whom the role was taken from; `guard_promote` counts what nobody was there to decide."""
    return tuple(
        Lost(row.user_id, By(row.by), row.holds, row.by == By.SYNC.value or (row.alone and question.promotes))
        for row in baseline.lost(database, role)
    )


def _survey(database: Database, question: Question) -> Survey:
    rule = question.rule
    return plays.survey(database, question.plays_query, role=rule.role, threshold=rule.threshold)


def _newcomers(database: Database, tenant: Tenant, user_ids: tuple[str, ...]) -> bool:
    """Read users by id who signed up since the mirror was filled; tell whether there were any."""
    found, nobody = [], []
    for user_id in user_ids:
        user = _user(tenant, user_id)
        if user is None:
            nobody.append(user_id)
        else:
            found.append(mirrors.row(user))
    mirror.put(database, found)
    missing.asked(database, nobody)
    return bool(found)


def _user(tenant: Tenant, user_id: str) -> TenantUser | None:
    try:
        return tenant.user(user_id)
    except UsageError:  # an owner in the app's tables that can be no user of any tenant
        return None


def _plan(survey: Survey, question: Question, as_of: datetime | None) -> Plan:
    rule = question.rule
    judged = [(user, _verdict(rule, user)) for user in (*survey.differing, *survey.pinned)]
    changes = in_order(_change(rule, user, verdict) for user, verdict in judged if verdict.changes)
    revoke = sum(change.verdict is Verdict.REVOKE for change in changes)
    unknown = sum(verdict is Verdict.UNKNOWN for _, verdict in judged)
    pinned_holders = sum(verdict is Verdict.KEEP and rule.role in user.roles for user, verdict in judged)
    counts = Counts(
        grant=len(changes) - revoke,
        revoke=revoke,
        keep=survey.holders - revoke - unknown - pinned_holders,
        unknown=unknown,
        pinned=len(survey.pinned),
        unreadable=survey.unreadable,
        missing=survey.missing,
    )
    seen = Seen(
        source=plays.source_name(question.plays_query),
        source_users=survey.source_users,
        source_plays=survey.source_plays,
        tenant_users=survey.tenant_users,
        holders=survey.holders,
    )
    return Plan(
        rule=rule, changes=changes, counts=counts, tenant_as_of=as_of, seen=seen, source=question.source
    )


def _verdict(rule: Rule, user: Standing) -> Verdict:
    return rule.decide(user.plays, user.roles, None if user.pin is None else Pin(user.pin))


def _change(rule: Rule, user: Standing, verdict: Verdict) -> Change:
    return Change(
        verdict, user.user_id, user.plays, user.roles, rule.apply(verdict, user.roles), user.pin is not None
    )


def _recounted(counts: Counts, changes: tuple[Change, ...]) -> Counts:
    revoke = sum(change.verdict is Verdict.REVOKE for change in changes)
    return replace(counts, grant=len(changes) - revoke, revoke=revoke)
