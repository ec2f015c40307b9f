"""Makes the plan of a sync: whose role should change, judged by the rule, from plays and the mirror."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from musicctl.errors import RefusedError, UsageError
from musicctl.operations import mirror as mirrors
from musicctl.operations.question import Question
from musicctl.policy.plan import Change, Counts, Plan, in_order
from musicctl.policy.rule import Pin, Rule, Verdict
from musicctl.store import mirror, plans, plays
from musicctl.store.database import Database
from musicctl.store.plays import Standing, Survey
from musicctl.tenant.client import Tenant


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
    if (
        survey.missing_ids
        and state.as_of == before.as_of
        and _newcomers(database, tenant, survey.missing_ids)
    ):
        survey = _survey(database, question)
    return _plan(survey, question.rule, state.as_of)


def keep(database: Database, plan: Plan) -> None:
    """Keep a plan for 24 hours, for `--accept-plan` with its fingerprint."""
    plans.keep(
        database,
        role=plan.rule.role,
        threshold=plan.rule.threshold,
        fingerprint=plan.fingerprint,
        changes=[(change.verdict.value, change.user_id) for change in plan.changes],
    )


def only_accepted(database: Database, plan: Plan, fingerprint: str) -> Plan:
    """Return `plan` with only those changes that the kept plan of this fingerprint has too.

    Raises RefusedError when no such plan was kept in the last 24 hours.
    """
    kept = plans.kept(database, role=plan.rule.role, fingerprint=fingerprint)
    if kept is None:
        raise RefusedError(
            f"no plan {fingerprint} of the role {plan.rule.role} was kept in the last 24 hours",
            hint="musicctl roles plan shows and keeps a new one",
        )
    changes = tuple(change for change in plan.changes if kept.get(change.user_id) == change.verdict.value)
    return replace(plan, changes=changes, counts=_recounted(plan.counts, changes))


def _survey(database: Database, question: Question) -> Survey:
    rule = question.rule
    return plays.survey(database, question.plays_query, role=rule.role, threshold=rule.threshold)


def _newcomers(database: Database, tenant: Tenant, user_ids: tuple[str, ...]) -> bool:
    """Read users by id who signed up since the mirror was filled; tell whether there were any."""
    found = []
    for user_id in user_ids:
        try:
            user = tenant.user(user_id)
        except UsageError:  # an owner in the app's tables that can be no user of any tenant
            continue
        if user is not None:
            found.append(mirrors.row(user))
    mirror.put(database, found)
    return bool(found)


def _plan(survey: Survey, rule: Rule, as_of: datetime | None) -> Plan:
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
    return Plan(rule=rule, changes=changes, counts=counts, tenant_as_of=as_of)


def _verdict(rule: Rule, user: Standing) -> Verdict:
    return rule.decide(user.plays, user.roles, None if user.pin is None else Pin(user.pin))


def _change(rule: Rule, user: Standing, verdict: Verdict) -> Change:
    return Change(
        verdict, user.user_id, user.plays, user.roles, rule.apply(verdict, user.roles), user.pin is not None
    )


def _recounted(counts: Counts, changes: tuple[Change, ...]) -> Counts:
    revoke = sum(change.verdict is Verdict.REVOKE for change in changes)
    return replace(counts, grant=len(changes) - revoke, revoke=revoke)
