"""The rule applied to the users named: grant at the bar, take away below, each read from the tenant by id."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from musicctl.errors import UnknownUserError
from musicctl.operations.question import Question
from musicctl.operations.roles.plan import guard_by_number, with_order
from musicctl.policy.judgement import Judgement, judgement
from musicctl.policy.plan import Change, Counts, Plan, in_order
from musicctl.policy.report import Outcome, Problem, Report
from musicctl.policy.roles import Roles, read_roles, unreadable
from musicctl.policy.rule import Pin, Rule, Verdict
from musicctl.store import mirror, pins, plays
from musicctl.store.database import Database
from musicctl.tenant.client import Tenant


@dataclass(frozen=True, slots=True)
class _Judged:
    """One user as read from the tenant, the pin in force, and what is to be done."""

    user_id: str
    plays: int | None
    roles: Roles | None
    pin: Pin | None
    verdict: Verdict
    unreadable: str | None


COMMANDS = {None: "promote", Pin.GRANTED: "roles grant", Pin.REVOKED: "roles revoke"}
"""Which command decides so by hand, None for the rule itself."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """The plan for the users named, how many were found, and those whom the tenant does not have.

    `reversed` are those whose role the next sync would change back, `unreadable` those whose roles cannot be
    read, and why. `users` says of each who was found what is to be done, and how the plays stand.
    """

    plan: Plan
    found: int
    not_found: tuple[str, ...]
    reversed: tuple[str, ...]
    unreadable: tuple[Problem, ...]
    users: tuple[Judgement, ...]


def plan(database: Database, tenant: Tenant, user_ids: Sequence[str], question: Question) -> Promotion:
    """Judge the users named, each once; the tenant is read now, so the mirror's age does not matter."""
    return _promotion(database, tenant, user_ids, question, by_hand=None)


def plan_by_hand(
    database: Database, tenant: Tenant, user_ids: Sequence[str], question: Question, *, grant: bool
) -> Promotion:
    """Give the role to the users named, or take it from them, whatever plays and pins say."""
    wanted = Pin.GRANTED if grant else Pin.REVOKED
    return _promotion(database, tenant, user_ids, question, by_hand=wanted)


def _promotion(
    database: Database,
    tenant: Tenant,
    user_ids: Sequence[str],
    question: Question,
    *,
    by_hand: Pin | None,
) -> Promotion:
    rule, as_of = question.rule, mirror.now(database)
    mirror.claim(database, tenant.base_url)
    judged, not_found = _judged(database, tenant, user_ids, question, by_hand)
    made = Plan(
        rule=rule,
        changes=in_order(_change(rule, each) for each in judged if each.verdict.changes),
        counts=_counts(rule, judged, not_found),
        tenant_as_of=as_of,
        by_hand=by_hand is not None,
        source=question.source,
    )
    made = with_order(database, guard_by_number(database, made, question), COMMANDS[by_hand])
    turned = tuple(each.user_id for each in judged if _reversed(rule, each))
    odd = tuple(
        Problem(each.user_id, Outcome.CONFLICT, each.unreadable)
        for each in judged
        if each.unreadable is not None
    )
    said = tuple(_said(rule, each, by_hand) for each in judged)
    return Promotion(made, len(judged), tuple(not_found), turned, odd, said)


def _judged(
    database: Database,
    tenant: Tenant,
    user_ids: Sequence[str],
    question: Question,
    by_hand: Pin | None,
) -> tuple[list[_Judged], list[str]]:
    """Return what is to be done about each user, and those whom the tenant does not have."""
    rule = question.rule
    known = plays.of_users(database, question.plays_query, user_ids)
    pinned = {user_id: Pin(state) for user_id, state in pins.of_users(database, rule.role, user_ids).items()}
    judged, not_found = [], []
    for user_id in dict.fromkeys(user_ids):
        user = tenant.user(user_id)
        if user is None:
            not_found.append(user_id)
            continue
        roles, pin = read_roles(user.app_metadata), pinned.get(user_id)
        verdict = rule.decide(known.get(user_id), roles, by_hand or pin)
        why = unreadable(user.app_metadata)
        judged.append(_Judged(user_id, known.get(user_id), roles, pin, verdict, why))
    return judged, not_found


def _change(rule: Rule, judged: _Judged) -> Change:
    roles = judged.roles or ()
    after = rule.apply(judged.verdict, roles)
    return Change(judged.verdict, judged.user_id, judged.plays, roles, after, judged.pin is not None)


def _said(rule: Rule, judged: _Judged, by_hand: Pin | None) -> Judgement:
    user_id, plays, unread = judged.user_id, judged.plays, judged.unreadable
    return judgement(rule, user_id, plays, judged.roles, judged.pin, unread, by_hand=by_hand)


def _reversed(rule: Rule, judged: _Judged) -> bool:
    """Tell whether the rule would change the role again after what is to be done now."""
    if judged.roles is None:
        return False
    return rule.decide(judged.plays, rule.apply(judged.verdict, judged.roles), judged.pin).changes


def _counts(rule: Rule, judged: Sequence[_Judged], not_found: Sequence[str]) -> Counts:
    def count(verdict: Verdict) -> int:
        return sum(each.verdict is verdict for each in judged)

    unpinned = [each for each in judged if each.pin is None]
    return Counts(
        grant=count(Verdict.GRANT),
        revoke=count(Verdict.REVOKE),
        keep=sum(each.verdict is Verdict.KEEP and rule.role in (each.roles or ()) for each in unpinned),
        unknown=count(Verdict.UNKNOWN),
        pinned=sum(each.pin is not None and each.roles is not None for each in judged),
        unreadable=count(Verdict.UNREADABLE),
        missing=len(not_found),
    )


def require_any(promotion: Promotion, not_found: Sequence[str]) -> None:
    """Raise UnknownUserError when none of the users named was found."""
    if not_found and not promotion.found:
        raise UnknownUserError(
            f"no such user: {', '.join(not_found)}",
            users=tuple(not_found),
            hint="an email address works in place of an id",
        )


def with_not_found(report: Report, not_found: Sequence[str]) -> Report:
    """Return the report with those added who were named and not found: each counts as failed."""
    problems = tuple(Problem(name, Outcome.FAILED, "the tenant has no such user") for name in not_found)
    return replace(report, failed=report.failed + len(problems), problems=(*report.problems, *problems))


def with_unreadable(report: Report, promotion: Promotion) -> Report:
    """Return the report with those added whose roles cannot be read: each counts as a conflict."""
    problems = promotion.unreadable
    return replace(report, conflict=report.conflict + len(problems), problems=(*report.problems, *problems))
