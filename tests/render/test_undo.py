"""What an undo would do and what it did, for people and for machines."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from musicctl.policy.report import Outcome, Problem, Report
from musicctl.policy.undo import Preview, Restoration, Undone, Written
from musicctl.render import records
from musicctl.render.undo import preview_document, preview_text, undone_document, undone_text
from tests.render.hostile import forbidden

BY = Written("promote", "ann\x1b@desk", datetime(2026, 11, 22, tzinfo=UTC))
PINNED = Problem("auth0|b", Outcome.CONFLICT, "pinned as granted")
NEVER = Problem("auth0|c", Outcome.UNKNOWN, "never known")
TOUCHED = Problem("auth0|a", Outcome.CONFLICT, "evil \x1b[2J")
REPORT = Report(run="u", plan="f", granted=2, conflict=1, requests=7, seconds=1.25, problems=(TOUCHED,))
UNDONE = Undone(undoes="x", report=REPORT, restored=2, skipped=(PINNED, NEVER), reversals=1, pinned=1)


def preview(count: int) -> Preview:
    changes = tuple(Restoration(f"auth0|{number}", "grant", ["a"], ["a", "x"]) for number in range(count))
    return Preview(
        undoes="x",
        by=BY,
        field="roles",
        seen="mirror",
        changes=changes,
        skipped=(PINNED, TOUCHED),
        reversals=3,
    )


def test_the_report_has_the_keys_of_every_run_and_those_of_an_undo() -> None:
    document = json.loads(records.document(undone_document(UNDONE)))
    assert (document["run"], document["plan"], document["undoes"]) == ("u", "f", "x")
    assert document["applied"] == {"grant": 2, "revoke": 0}
    assert (document["conflict"], document["unknown"]) == (2, 1)
    assert (document["restored"], document["reversals"], document["pinned"]) == (2, 1, 1)
    assert [(each["user_id"], each["state"]) for each in document["problems"]] == [
        ("auth0|a", "conflict"),
        ("auth0|b", "conflict"),
        ("auth0|c", "unknown"),
    ]
    fixed = {"already", "overtaken", "gone", "failed", "requests", "retries", "throttled", "seconds"}
    assert fixed <= set(document)


def test_people_are_told_what_was_skipped_and_why() -> None:
    text = undone_text(UNDONE)
    assert text.startswith("Undid x: restored 2. 3 skipped. 1 pinned.\n")
    assert "  auth0|b: conflict: pinned as granted\n" in text
    assert "\x1b" not in text
    assert "This undo is the run u.\n7 requests, 1.2 s.\n" in text


def test_an_undo_that_changed_nothing_is_no_run() -> None:
    nothing = Undone(undoes="x", report=Report(run=None, plan=""), restored=0)
    assert "This undo is" not in undone_text(nothing)
    assert undone_document(nothing)["run"] is None


def test_a_preview_is_whole_for_machines_and_on_a_pipe() -> None:
    document = preview_document(preview(100))
    assert len(document["changes"]) == 100  # type: ignore[arg-type]
    assert (document["seen"], document["reversals"]) == ("mirror", 3)
    text = preview_text(preview(100), terminal=None)
    assert text.startswith(
        "Undo of x, which wrote roles, by what the mirror has now:\n"
        "100 to restore, 2 to skip.\n"
        "Written by ann\\x1b@desk with `musicctl promote`, 2026-11-22 00:00:00 UTC.\n"
    )
    assert text.count("grant") == 100 + 1  # and in the reason of one that is skipped


def test_a_preview_on_a_terminal_says_what_it_leaves_out() -> None:
    text = preview_text(preview(100), terminal=80)
    assert "… and 70 more; `musicctl undo x --dry-run --json` has all" in text
    assert "\x1b" not in text
    assert "more" not in preview_text(preview(3), terminal=80)


def test_the_id_of_a_run_may_be_hostile_too() -> None:
    text = preview_text(replace(preview(100), undoes="\x1b[2J\u202e"), terminal=80)
    assert r"`musicctl undo \x1b[2J\u202e --dry-run --json` has all" in text
    assert [line for line in text.split("\n") if forbidden(line)] == []
