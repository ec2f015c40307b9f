"""Reads a plan that was kept, and makes sure that it is still what was reviewed under its fingerprint."""

from collections.abc import Mapping
from dataclasses import dataclass

from musicctl.errors import RefusedError
from musicctl.policy.plan import Change, Plan, fingerprint
from musicctl.store import plans
from musicctl.store.database import Database
from musicctl.store.plans import Kept

AGAIN = "musicctl roles plan shows and keeps a new one"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a person saw: the verdict on each user, and the dangers, {name: count}."""

    verdicts: Mapping[str, str]
    dangers: Mapping[str, int]

    def has(self, change: Change) -> bool:
        """Tell whether this change was among those that were seen."""
        return self.verdicts.get(change.user_id) == change.verdict.value


def reviewed(database: Database, plan: Plan, name: str) -> Reviewed:
    """Return what was kept under the fingerprint `name`; `plan` is what this profile would do now.

    Raises RefusedError when nothing is kept, when it was altered, and when it was made by another rule.
    """
    kept = plans.kept(database, role=plan.rule.role, fingerprint=name)
    if kept is None:
        raise RefusedError(
            f"no plan {name} of the role {plan.rule.role} was kept in the last 24 hours", hint=AGAIN
        )
    found = fingerprint(kept.role, kept.threshold, kept.source, kept.dangers, kept.changes)
    if found != name:
        raise RefusedError(
            f"the plan that is kept as {name} is not what was shown under that name: it was altered since",
            hint=f"see who may write to musicctl.plans; {AGAIN}",
        )
    _require_same_rule(kept, plan, name)
    try:
        return Reviewed(
            {user_id: verdict for verdict, user_id in kept.changes},  # type: ignore[attr-defined]
            {danger: int(count) for danger, count, _limit in kept.dangers},  # type: ignore[attr-defined]
        )
    except (TypeError, ValueError):  # put there by somebody who worked out its fingerprint
        raise RefusedError(f"what is kept as {name} is not a plan", hint=AGAIN) from None


def _require_same_rule(kept: Kept, plan: Plan, name: str) -> None:
    pairs = {
        "role": (kept.role, plan.rule.role),
        "threshold": (f"{kept.threshold:,}", f"{plan.rule.threshold:,}"),
        "plays source": (kept.source or "", plan.source),
    }
    other = [f"its {what} is {old}, and here it is {new}" for what, (old, new) in pairs.items() if old != new]
    if other:
        raise RefusedError(f"the plan {name} was made by another rule: {'; '.join(other)}", hint=AGAIN)
