"""A plan for people, grouped and with the largest plays first, and as the document that machines read."""

from collections.abc import Sequence
from dataclasses import asdict

from musicctl.policy import turns
from musicctl.policy.guards import By, taken
from musicctl.policy.plan import Change, Plan
from musicctl.policy.roles import without_role
from musicctl.policy.rule import Rule, Verdict
from musicctl.render.table import cell, table
from musicctl.render.text import safe, wrapped

ON_A_TERMINAL = 15
"""Changes shown of each kind; on a pipe a plan is whole."""

COLUMNS = ("user_id", "plays", "other roles")
TITLES = {Verdict.GRANT: "to be granted", Verdict.REVOKE: "to be taken away"}


def plan_document(plan: Plan, *, limit: int | None = None) -> dict[str, object]:
    """Return the plan with the keys that scripts rely on, and at most `limit` changes."""
    return {
        "plan": plan.fingerprint,
        "role": plan.rule.role,
        "threshold": plan.rule.threshold,
        "tenant_as_of": plan.tenant_as_of,
        "counts": asdict(plan.counts),
        "dangers": [str(danger) for danger in plan.dangers],
        "lost": {by.value: count for by, count in taken(plan.lost).items()},
        "failed_lately": plan.last,
        "changes": [change_document(change) for change in plan.changes[:limit]],
    }


def change_document(change: Change) -> dict[str, object]:
    """Return one change of a plan with the keys that scripts rely on."""
    return {
        "user_id": change.user_id,
        "plays": change.plays,
        "verdict": change.verdict.value,
        "roles_before": list(change.roles_before),
        "roles_after": list(change.roles_after),
    }


def plan_text(plan: Plan, *, terminal: int | None, limit: int | None = None) -> str:
    """Return the plan for people, with at most `limit` changes of each kind.

    `terminal` is how many columns there are, None for a pipe, where a plan is whole unless limited.
    """
    shown = limit or (None if terminal is None else ON_A_TERMINAL)
    parts = [_heading(plan)]
    for verdict, title in TITLES.items():
        changes = [change for change in plan.changes if change.verdict is verdict]
        if changes:
            parts.append(f"\n{len(changes):,} {title}:\n" + _group(plan.rule, changes, terminal, shown))
    dangers = [wrapped(f"Danger: {safe(str(danger))}", terminal) + "\n" for danger in plan.dangers]
    return "".join([*parts, "\n", _summary(plan), _lately(plan), _last(plan, terminal), *dangers])


def _heading(plan: Plan) -> str:
    seen = f"The tenant as of {cell(plan.tenant_as_of)}.\n" if plan.tenant_as_of else ""
    return f"Plan {plan.fingerprint}: {cell(plan.rule.role)} at {plan.rule.threshold:,} plays.\n{seen}"


def _group(rule: Rule, changes: Sequence[Change], terminal: int | None, limit: int | None) -> str:
    """Return one group as a table, the largest plays first."""
    ordered = sorted(changes, key=lambda change: (-(change.plays or 0), change.user_id))
    shown = ordered[:limit]
    rows = [(change.user_id, change.plays, without_role(change.roles_before, rule.role)) for change in shown]
    left_out = len(ordered) - len(shown)
    more = f"… and {left_out:,} more; `musicctl roles plan -o csv` shows all\n" if left_out else ""
    return table(COLUMNS, rows, terminal=terminal) + more


def _summary(plan: Plan) -> str:
    counts = plan.counts
    said = [
        f"{counts.grant:,} to grant, {counts.revoke:,} to revoke.",
        _some(counts.keep, "holder keeps", "holders keep", "it"),
        _some(counts.unknown, "holder keeps", "holders keep", "it for now: their plays are unknown"),
        _some(counts.pinned, "user is", "users are", "pinned"),
        _some(counts.unreadable, "user is", "users are", "not touched: their roles cannot be read"),
        _some(counts.missing, "owner", "owners", "at the bar: no such user in the tenant"),
    ]
    return "\n".join(filter(None, said)) + "\n"


def _lately(plan: Plan) -> str:
    """Say who lost the role in the last 24 hours, since that counts with what a plan takes away."""
    found = taken(plan.lost)
    if not plan.counts.revoke or not sum(found.values()):
        return ""
    return (
        f"In the last 24 hours {found[By.SYNC]:,} lost the role by syncs, {found[By.PROMOTE]:,} by promote,"
        f" {found[By.HAND]:,} by hand.\n"
    )


def _last(plan: Plan, terminal: int | None) -> str:
    told = turns.said(plan.last)
    return wrapped(safe(told), terminal) + "\n" if told else ""


def _some(count: int, one: str, several: str, what: str) -> str:
    return f"{count:,} {one if count == 1 else several} {what}." if count else ""
