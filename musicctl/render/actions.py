"""The plan and the report of the post-login Actions, for people and as the documents that machines read."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from musicctl.policy.actions import TRIGGER, ActionChange, ActionsPlan, Deployed, OldRule, Step
from musicctl.render.text import safe, wrapped

COLUMNS = ("action", "steps", "differences", "diff")
DONE = {
    Step.CREATE: "created",
    Step.UPDATE: "updated",
    Step.DEPLOY: "deployed",
    Step.BIND: "bound",
    Step.UNBIND: "unbound",
    Step.DELETE: "deleted",
}


def plan_document(plan: ActionsPlan, rules: Sequence[OldRule] | None) -> dict[str, object]:
    """Return the plan as machines read it; `rules` is null where the tenant does not show them."""
    return {
        "changes": [dict(zip(COLUMNS, row, strict=True)) for row in plan_rows(plan)],
        "bound_before": list(plan.bound_before),
        "bound_after": list(plan.bound_after),
        "rules": None if rules is None else [{"rule": each.name, "job": each.successor} for each in rules],
    }


def plan_rows(plan: ActionsPlan) -> Iterator[tuple[str, list[str], list[str], str]]:
    """Yield a row of COLUMNS for each Action about which something is to be done."""
    for change in plan.changes:
        yield (
            change.name,
            [step.value for step in change.steps],
            list(change.differences),
            change.diff,
        )


def plan_text(plan: ActionsPlan, *, terminal: int | None) -> str:
    """Return the plan for people; `terminal` is how many columns there are, None for a pipe."""
    if not plan.changes:
        return "Nothing to do.\n"
    parts = [_change(change, terminal) for change in plan.changes]
    return "\n".join([*parts, _bound(plan)])


def report_document(report: Deployed) -> dict[str, object]:
    """Return the report as machines read it; `run` is null when there was nothing to do."""
    return {
        "run": report.run,
        "steps": [{"action": name, "step": step.value, "state": state} for name, step, state in report.steps],
        "bound": list(report.bound),
        "requests": report.requests,
        "polls": report.polls,
        "retries": report.retries,
        "throttled": report.throttled,
        "seconds": report.seconds,
    }


def report_text(report: Deployed, *, terminal: int | None) -> str:
    """Return the report for people: what was done, and what a login runs now."""
    runs = ", ".join(map(safe, report.bound)) or "nothing"
    lines = [f"{_done(*each)}." for each in report.steps] or ["There was nothing to do."]
    lines.append(f"A login runs, in this order: {runs}.")
    lines.append(f"{report.requests + report.polls} requests, {report.seconds:.1f} s.")
    return "".join(f"{wrapped(line, terminal)}\n" for line in lines)


def rule_text(rule: OldRule) -> str:
    """Return the warning about a Rule of old that is still enabled."""
    return (
        f"the Rule {safe(rule.name)} is still enabled, and seems to do what {rule.successor} does:"
        " disable it in the tenant's dashboard"
    )


def _done(name: str, step: Step, state: str) -> str:
    subject = f"{TRIGGER}: ours" if name == TRIGGER else f"{name}:"
    return f"{subject} {DONE[step]}" if state == "applied" else f"{subject} {DONE[step]} already"


def _change(change: ActionChange, terminal: int | None) -> str:
    todo = _listed([DONE[step] for step in change.steps])
    why = f"; what differs: {_listed(change.differences)}" if change.differences else ""
    # A line of code is not folded: a diff is read by its first characters.
    diff = "".join(f"{safe(line)}\n" for line in change.diff.split("\n")[:-1])
    return f"{wrapped(f'{change.name}: to be {todo}{why}', terminal)}\n{diff}"


def _listed(words: Sequence[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _bound(plan: ActionsPlan) -> str:
    """Return what the trigger runs as one list, with a sign before what comes and what goes."""
    before, after = plan.bound_before, plan.bound_after
    lines = [f"{TRIGGER} runs, in this order:" if before or after else f"{TRIGGER} runs nothing."]
    for kind, first, last, start, end in SequenceMatcher(None, before, after, False).get_opcodes():
        sign = " " if kind == "equal" else "-"
        lines += [f"{sign} {safe(name)}" for name in before[first:last]]
        lines += [f"+ {safe(name)}" for name in after[start:end] if kind != "equal"]
    return "\n".join(lines) + "\n"
