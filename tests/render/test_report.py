"""The report of a run for people and for machines."""

from musicctl.policy.report import Outcome, Problem, Report
from musicctl.render.report import report_document, report_text

REPORT = Report(
    run=None,
    plan="0123456789ab",
    granted=1200,
    revoked=3,
    already=1,
    overtaken=2,
    gone=4,
    failed=1,
    conflict=5,
    unknown=6,
    unsent=7,
    requests=2431,
    polls=3,
    retries=2,
    throttled=1.5,
    seconds=12.34,
    problems=(Problem("auth0|\x1b[2J", Outcome.FAILED, "Auth0 said\n\u202eno"),),
)


def test_the_document_has_the_keys_that_scripts_rely_on() -> None:
    assert report_document(REPORT) == {
        "run": None,
        "plan": "0123456789ab",
        "applied": {"grant": 1200, "revoke": 3},
        "already": 1,
        "overtaken": 2,
        "gone": 4,
        "failed": 1,
        "conflict": 5,
        "unknown": 6,
        "unsent": 7,
        "requests": 2431,
        "polls": 3,
        "retries": 2,
        "throttled": 1.5,
        "seconds": 12.34,
        "problems": [{"user_id": "auth0|\x1b[2J", "state": "failed", "detail": "Auth0 said\n\u202eno"}],
    }


def test_people_are_told_what_was_done_what_was_not_and_what_it_cost() -> None:
    assert report_text(REPORT).splitlines() == [
        "Granted 1,200, revoked 3. 1 already as wanted. 2 overtaken by new plays. 4 gone from the tenant. "
        "1 failed. 5 with unreadable roles. 6 with unknown outcome. "
        "7 not tried, as the tenant could not be reached.",
        r"  auth0|\x1b[2J: failed: Auth0 said\x0a\u202eno",
        "2,431 requests, 12.3 s. Waited 1.5 s for the rate limit.",
    ]


def test_what_did_not_happen_is_not_told() -> None:
    assert report_text(Report(run=None, plan="", requests=1)) == "Granted 0, revoked 0.\n1 request, 0.0 s.\n"


def test_a_run_that_changed_something_says_how_to_take_it_back() -> None:
    report = Report(run="20261123-040000-abcd", plan="", granted=1)
    assert "musicctl undo 20261123-040000-abcd takes it back.\n" in report_text(report)
    assert "undo" not in report_text(Report(run="20261123-040000-abcd", plan=""))
