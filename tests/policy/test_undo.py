"""How an undo ends, by what was restored and what was not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from musicctl.errors import Exit
from musicctl.policy.report import Outcome, Problem, Report
from musicctl.policy.undo import Preview, Restoration, Undone, Written

NOTHING = Report(run="r", plan="")
PROBLEM = Problem("auth0|a", Outcome.CONFLICT, "pinned as granted")


@pytest.mark.parametrize(
    ("restored", "skipped", "outcomes", "code"),
    [
        (0, (), {}, Exit.REFUSED),
        (3, (), {}, Exit.OK),
        (3, (PROBLEM,), {}, Exit.PARTIAL),
        (3, (), {"conflict": 1}, Exit.PARTIAL),
        (3, (), {"gone": 1}, Exit.PARTIAL),
        (0, (PROBLEM,), {}, Exit.REFUSED),
        (0, (), {"conflict": 2}, Exit.REFUSED),
        (0, (), {"gone": 1}, Exit.REFUSED),
        (0, (PROBLEM,), {"failed": 1}, Exit.PARTIAL),
        (0, (), {"unknown": 1}, Exit.PARTIAL),
        (0, (), {"unsent": 1}, Exit.PARTIAL),
    ],
)
def test_how_an_undo_ends(
    restored: int, skipped: tuple[Problem, ...], outcomes: dict[str, int], code: Exit
) -> None:
    report = replace(NOTHING, **outcomes)  # type: ignore[arg-type]
    assert Undone(undoes="x", report=report, restored=restored, skipped=skipped).exit is code


@pytest.mark.parametrize(
    ("changes", "skipped", "code"),
    [(0, 0, Exit.REFUSED), (2, 0, Exit.OK), (2, 1, Exit.PARTIAL), (0, 1, Exit.REFUSED)],
)
def test_a_preview_ends_as_the_undo_would(changes: int, skipped: int, code: Exit) -> None:
    preview = Preview(
        undoes="x",
        by=Written("promote", "ann@desk", datetime(2026, 11, 22, tzinfo=UTC)),
        field="roles",
        seen="tenant",
        changes=(Restoration("auth0|a", "grant", [], ["x"]),) * changes,
        skipped=(PROBLEM,) * skipped,
        reversals=0,
    )
    assert preview.exit is code
