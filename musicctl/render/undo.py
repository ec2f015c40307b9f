"""What taking a run back would do, and what it did: for people, and as the documents that machines read."""

from musicctl.policy.report import Problem
from musicctl.policy.undo import Preview, Undone
from musicctl.render.report import cost, report_document
from musicctl.render.table import cell, table
from musicctl.render.text import safe

ON_A_TERMINAL = 30
"""Changes shown on a terminal; on a pipe there are all of them."""

COLUMNS = ("user_id", "verdict", "before", "after")
NOUNS = {
    "roles": "roles",
    "display_name": "display names",
    "total_plays": "plays",
    "fav_genre": "favourite genres",
}


def preview_document(preview: Preview) -> dict[str, object]:
    """Return what an undo would do with the keys that scripts rely on."""
    return {
        "undoes": preview.undoes,
        "field": preview.field,
        "seen": preview.seen,
        "reversals": preview.reversals,
        "changes": [
            dict(zip(COLUMNS, (each.user_id, each.verdict, each.before, each.after), strict=True))
            for each in preview.changes
        ],
        "skipped": [_problem(problem) for problem in preview.skipped],
        "command": preview.by.command,
        "actor": preview.by.actor,
        "started_at": preview.by.at,
    }


def preview_text(preview: Preview, *, terminal: int | None) -> str:
    """Return what an undo would do, for people; `terminal` is how many columns there are, None for a pipe."""
    what = NOUNS.get(preview.field or "", "nothing")
    lines = [f"Undo of {cell(preview.undoes)}, which wrote {what}, by what the {preview.seen} has now:\n"]
    by = preview.by
    lines.append(f"{len(preview.changes):,} to restore, {len(preview.skipped):,} to skip.\n")
    lines.append(f"Written by {cell(by.actor)} with `musicctl {cell(by.command)}`, {cell(by.at)}.\n")
    if preview.reversals:
        lines.append(
            f"The next sync would change {preview.reversals:,} again; --pin DATE keeps it from that.\n"
        )
    limit = None if terminal is None else ON_A_TERMINAL
    if preview.changes:
        rows = [(each.user_id, each.verdict, each.before, each.after) for each in preview.changes[:limit]]
        lines += ["\n", table(COLUMNS, rows, terminal=terminal)]
    lines += ["\n", *_problems(preview.skipped[:limit])] if preview.skipped else []
    hidden = [items[limit:] for items in (preview.changes, preview.skipped) if limit]
    if left_out := sum(map(len, hidden)):
        all_of_them = f"musicctl undo {cell(preview.undoes)} --dry-run --json"
        lines.append(f"… and {left_out:,} more; `{all_of_them}` has all\n")
    return "".join(lines)


def undone_document(undone: Undone) -> dict[str, object]:
    """Return the report of an undo: the keys of every run's report, and what only an undo has."""
    document = report_document(undone.report)
    states = [problem.state.value for problem in undone.skipped]
    problems = [*undone.skipped, *undone.report.problems]
    return document | {
        "conflict": undone.report.conflict + states.count("conflict"),
        "unknown": undone.report.unknown + states.count("unknown"),
        "problems": [_problem(each) for each in sorted(problems, key=lambda each: each.user_id)],
        "undoes": undone.undoes,
        "restored": undone.restored,
        "reversals": undone.reversals,
        "pinned": undone.pinned,
    }


def undone_text(undone: Undone) -> str:
    """Return the report of an undo for people: what was restored, what was not and why, and what it cost."""
    report = undone.report
    others = {
        "skipped": len(undone.skipped) + report.conflict,
        "gone from the tenant": report.gone,
        "failed": report.failed,
        "with unknown outcome": report.unknown,
        "not tried, as the tenant could not be reached": report.unsent,
        "pinned": undone.pinned,
    }
    said = [f"Undid {cell(undone.undoes)}: restored {undone.restored:,}."]
    said += [f"{count:,} {what}." for what, count in others.items() if count]
    problems = _problems((*undone.skipped, *report.problems))
    by = [] if report.run is None else [f"This undo is the run {cell(report.run)}.\n"]
    return "".join([" ".join(said) + "\n", *problems, *by, cost(report) + "\n"])


def _problems(problems: tuple[Problem, ...]) -> list[str]:
    ordered = sorted(problems, key=lambda each: each.user_id)
    return [f"  {safe(each.user_id)}: {each.state.value}: {safe(each.detail)}\n" for each in ordered]


def _problem(problem: Problem) -> dict[str, object]:
    return {"user_id": problem.user_id, "state": problem.state.value, "detail": problem.detail}
