"""What names in bulk would change, and what they did: for people, and as the documents that machines read."""

from collections.abc import Sequence

from musicctl.policy.bulk_names import Named, NamesPreview, NamesReport
from musicctl.policy.report import Problem
from musicctl.render.report import cost, report_document
from musicctl.render.table import table
from musicctl.render.text import safe, wrapped

ON_A_TERMINAL = 15
"""Changes shown on a terminal; on a pipe there are all of them."""

COLUMNS = ("user_id", "before", "after")
LINE = ("line", "user", "user_id", "display_name", "state", "detail")


def preview_rows(preview: NamesPreview) -> list[tuple[object, ...]]:
    """Return the changes as rows of COLUMNS."""
    return [(each.user_id, each.before, each.after) for each in preview.changes]


def preview_document(preview: NamesPreview) -> dict[str, object]:
    """Return what would change with the keys that scripts rely on."""
    return {
        "seen": preview.seen,
        "set": len(preview.changes),
        "already": preview.already,
        "changes": [dict(zip(COLUMNS, row, strict=True)) for row in preview_rows(preview)],
        "problems": [_problem(each) for each in preview.problems],
    }


def preview_text(preview: NamesPreview, *, terminal: int | None) -> str:
    """Return what would change, for people; `terminal` is how many columns there are, None for a pipe."""
    limit = None if terminal is None else ON_A_TERMINAL
    counts = f"{len(preview.changes):,} to set, {preview.already:,} as they are"
    text = f"{counts}, {len(preview.problems):,} to skip, by what the {preview.seen} has now.\n"
    if preview.changes:
        text += table(COLUMNS, preview_rows(preview)[:limit], terminal=terminal)
    text += _problems(preview.problems[:limit], terminal)
    left_out = sum(len(each[limit:]) for each in (preview.changes, preview.problems) if limit)
    return text + (f"… and {left_out:,} more; `--dry-run --json` shows all\n" if left_out else "")


def names_document(done: NamesReport) -> dict[str, object]:
    """Return the report of a run: the keys of every run's report, and of a file what became of each line."""
    document = report_document(done.report)
    document |= {"applied": {"grant": 0, "revoke": 0, "set": done.applied}}
    if done.lines is None:
        return document
    return document | {"lines": [dict(zip(LINE, row, strict=True)) for row in line_rows(done.lines)]}


def line_rows(lines: Sequence[Named]) -> list[tuple[object, ...]]:
    """Return what became of each line of a file as rows of LINE."""
    return [
        (
            each.naming.line,
            each.naming.user,
            each.naming.user_id,
            each.naming.name,
            each.state,
            each.detail,
        )
        for each in lines
    ]


def names_text(done: NamesReport, *, terminal: int | None) -> str:
    """Return the report of a run for people: how many were set, what was not and why, and what it cost."""
    report = done.report
    others = {
        "as they are": report.already,
        "gone from the tenant": report.gone,
        "failed": report.failed,
        "that cannot be read": report.conflict,
        "with unknown outcome": report.unknown,
        "not tried, as the tenant could not be reached": report.unsent,
    }
    said = [f"Set {done.applied:,} display name{'' if done.applied == 1 else 's'}."]
    said += [f"{count:,} {what}." for what, count in others.items() if count]
    lines = [" ".join(said), cost(report)]
    if report.run and done.applied:
        lines.append(f"musicctl undo {report.run} takes it back.")
    first, *rest = (wrapped(line, terminal) + "\n" for line in lines)
    return "".join([first, _shown(done, terminal), *rest])


def _shown(done: NamesReport, terminal: int | None) -> str:
    """Return the first problems on a terminal, all on a pipe, and where the others are to be found."""
    problems = done.report.problems
    limit = len(problems) if terminal is None else ON_A_TERMINAL
    listed = _problems(problems[:limit], terminal)
    if len(problems) <= limit:
        return listed
    # The journal has those alone whom the tenant could be asked about.
    journalled = done.report.run and all(each.naming.user_id for each in done.lines or ())
    where = f"musicctl history show {done.report.run} -o csv" if journalled else "--dry-run --json"
    return listed + wrapped(f"… and {len(problems) - limit:,} more; `{where}` shows all", terminal) + "\n"


def _problems(problems: Sequence[Problem], terminal: int | None) -> str:
    lines = (f"  {safe(each.user_id)}: {each.state.value}: {safe(each.detail)}" for each in problems)
    return "".join(f"{wrapped(line, terminal, indent='    ')}\n" for line in lines)


def _problem(problem: Problem) -> dict[str, object]:
    return {"user_id": problem.user_id, "state": problem.state.value, "detail": problem.detail}
