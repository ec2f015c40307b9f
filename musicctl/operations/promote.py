"""The rule applied to the users named: grant at the bar, take away below, each read from the tenant by id."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from musicctl.errors import NotFoundError
from musicctl.operations.question import Question
from musicctl.policy.plan import Change, Counts, Plan, in_order
from musicctl.policy.report import Outcome, Problem, Report
from musicctl.policy.roles import Roles, read_roles
from musicctl.policy.rule import Rule, Verdict
from musicctl.store import mirror, plays
from musicctl.store.database import Database
from musicctl.tenant.client import Tenant


@dataclass(frozen=True, slots=True)
class _Judged:
    """One user as read from the tenant, and what the rule says."""

    user_id: str
    plays: int | None
    roles: Roles | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Promotion:
    """The plan for the users named, how many were found, and those whom the tenant does not have."""

    plan: Plan
    found: int
    not_found: tuple[str, ...]


def plan(database: Database, tenant: Tenant, user_ids: Sequence[str], question: Question) -> Promotion:
    """Judge the users named, each once; the tenant is read now, so the mirror's age does not matter."""
    rule, as_of = question.rule, mirror.now(database)
    mirror.claim(database, tenant.base_url)
    known = plays.of_users(database, question.plays_query, user_ids)
    judged, not_found = [], []
    for user_id in dict.fromkeys(user_ids):
        user = tenant.user(user_id)
        if user is None:
            not_found.append(user_id)
            continue
        roles = read_roles(user.app_metadata)
        verdict = rule.decide(known.get(user_id), roles)
        judged.append(_Judged(user_id, known.get(user_id), roles, verdict))
    changes = in_order(_change(rule, each) for each in judged if each.verdict.changes)
    made = Plan(rule=rule, changes=changes, counts=_counts(rule, judged, not_found), tenant_as_of=as_of)
    return Promotion(made, len(judged), tuple(not_found))


def _change(rule: Rule, judged: _Judged) -> Change:
    roles = judged.roles or ()
    return Change(judged.verdict, judged.user_id, judged.plays, roles, rule.apply(judged.verdict, roles))


def _counts(rule: Rule, judged: Sequence[_Judged], not_found: Sequence[str]) -> Counts:
    def count(verdict: Verdict) -> int:
        return sum(each.verdict is verdict for each in judged)

    return Counts(
        grant=count(Verdict.GRANT),
        revoke=count(Verdict.REVOKE),
        keep=sum(each.verdict is Verdict.KEEP and rule.role in (each.roles or ()) for each in judged),
        unknown=count(Verdict.UNKNOWN),
        unreadable=count(Verdict.UNREADABLE),
        missing=len(not_found),
    )


def require_any(promotion: Promotion, not_found: Sequence[str]) -> None:
    """Raise NotFoundError when none of the users named was found."""
    if not_found and not promotion.found:
        raise NotFoundError(
            f"no such user: {', '.join(not_found)}", hint="an email address works in place of an id"
        )


def with_not_found(report: Report, not_found: Sequence[str]) -> Report:
    """Return the report with those added who were named and not found: each counts as failed."""
    problems = tuple(Problem(name, Outcome.FAILED, "the tenant has no such user") for name in not_found)
    return replace(report, failed=report.failed + len(problems), problems=(*report.problems, *problems))
