"""Deploying the Actions when something goes wrong: lost replies, edits by others, failed builds, crashes."""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from musicctl.policy.actions import DEFAULT_NAME, NAMES, ROLES_CLAIM
from musicctl.sandbox.local_tenant import fault_words, faults, stored_actions
from musicctl.sandbox.local_tenant.settings import TenantSettings
from tests.faults.crashing import DIED
from tests.faults.processes import settings
from tests.program import Program, Sandbox
from tests.stories.actions_world import OTHERS, OURS, THEIRS, bind, bound, furnish, writes
from tests.tenant.relay import Relay, answering, cut

SLOW = 1.2
"""Seconds that a reply takes which is longer in coming than a read may be old."""

BIND = "PATCH /actions/triggers/*/bindings"
PATH = "/api/v2/actions/triggers/post-login/bindings"
DYING = """
import sys
from musicctl.cli import main
from musicctl.operations.actions.writes import BindingsWrite, DeployWrite, DraftWrite
from tests.faults.crashing import around, die, die_afterwards
writes = {"draft": DraftWrite, "deploy": DeployWrite, "bind": BindingsWrite}
around(writes[sys.argv[1]], "send", int(sys.argv[2]), {"before": die, "after": die_afterwards}[sys.argv[3]])
sys.exit(main(["actions", "deploy"]))
"""
"""The program, dying as by kill -9 before it sends a write that is in the journal, or after the reply."""


def test_a_failure_between_create_and_bind_is_repaired_by_the_next_run(
    at_once: Sandbox, program: Program
) -> None:
    furnish(at_once)
    fault_words.switch_on(at_once.tenant, "status=500", endpoint=BIND)
    failed = program("actions", "deploy", "--json")
    assert (failed.code, failed.error["code"], bound(at_once)) == (69, "unavailable", THEIRS)
    assert "the next run goes on from there" in failed.err
    states = "SELECT state FROM musicctl.changes WHERE field = 'action_bindings' ORDER BY run DESC"
    assert at_once.query(states) == [("failed",)]
    faults.clear(at_once.tenant)
    before = len(at_once.writes())
    repaired = program("actions", "deploy", "--json")
    assert (repaired.code, bound(at_once)) == (0, THEIRS + OURS)
    assert writes(at_once)[before:] == ["PATCH triggers"]
    assert at_once.query(
        "SELECT DISTINCT state FROM musicctl.changes WHERE run = %s", repaired.json["run"]
    ) == [("applied",)]


@pytest.mark.parametrize(
    ("endpoint", "fault"),
    [
        ("POST /actions/actions", "cut-after"),
        ("POST /actions/actions", "cut-before"),
        ("POST /actions/actions/*/deploy", "cut-after"),
        ("POST /actions/actions/*/deploy", "status=500"),
        (BIND, "cut-after"),
        (BIND, "cut-before"),
        (BIND, "status=500"),
        (BIND, "status=429"),
        (BIND, "html"),
    ],
)
def test_a_write_whose_reply_is_lost_is_looked_at_and_not_sent_twice(
    at_once: Sandbox, program: Program, fault: str, endpoint: str
) -> None:
    furnish(at_once)
    fault_words.switch_on(at_once.tenant, fault, endpoint=endpoint, count=1)
    done = program("actions", "deploy", "--json")
    assert (done.code, bound(at_once)) == (0, THEIRS + OURS), done.err
    assert sorted(writes(at_once)) == ["PATCH triggers"] + ["POST actions"] * 4
    assert at_once.query("SELECT DISTINCT state FROM musicctl.changes") == [("applied",)]


@pytest.mark.parametrize("fault", ["cut-after", "cut-before", "status=503"])
def test_a_deletion_whose_reply_is_lost_is_looked_at(at_once: Sandbox, program: Program, fault: str) -> None:
    furnish(at_once)
    assert program("actions", "deploy").code == 0
    fault_words.switch_on(at_once.tenant, fault, endpoint="DELETE /actions/actions/*", count=1)
    assert program("actions", "deploy", "--remove", "--yes").code == 0
    assert writes(at_once).count("DELETE actions") == 2
    assert {each.name for each in stored_actions.actions(at_once.tenant)} == set(OTHERS)


def test_an_edit_between_our_read_and_our_write_is_kept(
    at_once: Sandbox, program: Program, between: Relay
) -> None:
    furnish(at_once)
    reads = 0

    def edit(handler: Any, body: bytes, status: int) -> None:
        nonlocal reads
        reads += 1
        answering(status, body)(handler, body, status)
        if reads == 3:  # after those of the two plans: the one just before the write
            bind(at_once, OTHERS[2], OTHERS[0])

    between.misbehave("GET", edit, PATH)
    done = program("actions", "deploy")
    assert (done.code, bound(at_once)) == (0, [THEIRS[2], THEIRS[0], *OURS]), done.err
    assert between.sent("PATCH") == 2
    assert at_once.query("SELECT before, after FROM musicctl.changes WHERE field = 'action_bindings'") == [
        ([OTHERS[2], OTHERS[0]], [OTHERS[2], OTHERS[0], *NAMES])
    ]


def test_a_write_of_which_nobody_can_see_what_became_is_unknown(
    at_once: Sandbox, program: Program, between: Relay
) -> None:
    furnish(at_once)

    def lose(handler: Any, body: bytes, status: int) -> None:
        between.misbehave("GET", answering(403, b"{}"), PATH)
        cut(handler, body, status)

    between.misbehave("PATCH", lose, PATH)
    assert program("actions", "deploy").code == 7
    assert at_once.query("SELECT state FROM musicctl.changes WHERE field = 'action_bindings'") == [
        ("unknown",)
    ]
    between.misbehave("GET", cut, "/nowhere")
    assert program("actions", "deploy").code == 0
    assert (bound(at_once), between.sent("PATCH")) == (THEIRS + OURS, 1)


def test_a_list_that_the_tenant_does_not_take_is_sent_once(at_once: Sandbox, program: Program) -> None:
    furnish(at_once)
    fault_words.switch_on(at_once.tenant, "status=400", endpoint=BIND)
    failed = program("actions", "deploy", "--json")
    assert (failed.code, failed.error["code"], bound(at_once)) == (1, "failed", THEIRS)
    assert sum(each == f"PATCH {PATH}" for each in at_once.requests()) == 1


def test_a_tenant_that_has_done_away_with_rules_is_not_warned_of(program: Program, between: Relay) -> None:
    gone = b'{"statusCode":403,"message":"Insufficient privileges to use this deprecated feature"}'
    between.misbehave(
        "GET", lambda handler, body, _: answering(403, gone)(handler, body, 403), "/api/v2/rules"
    )
    planned = program("actions", "plan", "--json")
    assert (planned.code, planned.json["rules"], planned.err) == (0, None, "")


def test_a_draft_that_somebody_else_changed_is_not_deployed(
    at_once: Sandbox, program: Program, between: Relay
) -> None:
    reads = 0

    def edit(handler: Any, body: bytes, status: int) -> None:
        nonlocal reads
        reads += 1
        # After those of the plans, the creations, and the first deployment: just before the second.
        theirs = body.replace(b"setUserMetadata", b"setAppMetadata") if reads == 7 else body
        answering(status, theirs)(handler, body, status)

    between.misbehave("GET", edit, "/api/v2/actions/actions")
    refused = program("actions", "deploy", "--json")
    assert (refused.code, refused.error["code"]) == (4, "refused")
    assert f"somebody else changed {DEFAULT_NAME}" in refused.error["message"]
    assert [each.path.split("/")[-1] for each in at_once.writes()] == ["actions", "actions", "deploy"]
    assert program("actions", "deploy").code == 0
    assert bound(at_once) == OURS


def test_a_build_that_fails_is_told_with_its_errors_and_built_anew_by_the_next_run(
    at_once: Sandbox, program: Program, between: Relay
) -> None:
    at_once.tenant.change_settings(TenantSettings(build_time=600))
    failing = _shown_as(b'"pending"', b'"failed","errors":[{"id":"x","msg":"Unexpected \\u001b[31mtoken"}]')
    between.misbehave("GET", failing, "/api/v2/actions/actions")
    failed = program("actions", "deploy")
    assert failed.code == 1
    assert f"could not build {ROLES_CLAIM}: Unexpected \\x1b[31mtoken" in " ".join(failed.err.split())
    assert at_once.query("SELECT state, detail FROM musicctl.changes WHERE state = 'failed'") != []
    assert at_once.query("SELECT outcome FROM musicctl.runs") == [("failed",)]
    planned = program("actions", "plan", "--json").json["changes"]
    assert [each["steps"][0] for each in planned] == ["update", "update"]
    between.misbehave("GET", failing, "/nowhere")
    at_once.tenant.change_settings(TenantSettings(build_time=0))
    for each in stored_actions.actions(at_once.tenant):
        stored_actions.change_action(at_once.tenant, each._replace(built_at=each.drafted_at))
    assert program("actions", "deploy").code == 0
    assert bound(at_once) == OURS


def _shown_as(old: bytes, new: bytes) -> Callable[[Any, bytes, int], None]:
    def answer(handler: Any, body: bytes, status: int) -> None:
        answering(status, body.replace(old, new))(handler, body, status)

    return answer


@pytest.mark.parametrize(
    ("scopes", "words", "missing"),
    [
        ("read:users", ["plan"], "read:actions"),
        ("read:actions", ["deploy"], "create:actions"),
        ("read:actions create:actions", ["deploy"], "update:actions"),
    ],
)
def test_missing_scopes_are_named(
    at_once: Sandbox, program: Program, scopes: str, words: list[str], missing: str
) -> None:
    at_once.tenant.change_settings(TenantSettings(build_time=0, scopes=scopes))
    refused = program("actions", *words, "--json")
    assert (refused.code, refused.error["code"]) == (7, "denied")
    assert f"one of these scopes: {missing}" in refused.error["hint"]
    assert "update:actions and delete:actions" in refused.error["hint"]
    assert bound(at_once) == []


@pytest.mark.parametrize(
    ("write", "turn", "moment", "state"),
    [
        ("draft", 1, "before", "failed"),
        ("draft", 2, "after", "applied"),
        ("deploy", 1, "after", "applied"),
        ("bind", 1, "before", "failed"),
        ("bind", 1, "after", "applied"),
    ],
)
def test_a_crash_is_cleared_up_by_the_next_run(
    at_once: Sandbox, program: Program, write: str, turn: int, moment: str, state: str
) -> None:
    furnish(at_once)
    environment = settings(at_once, settle="0.01s", claim_namespace="https://music.example.com")
    done = subprocess.run(
        [sys.executable, "-c", DYING, write, str(turn), moment],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == DIED, done.stderr
    sent = "SELECT run, seq FROM musicctl.changes WHERE state = 'sent'"
    [(run, seq)] = at_once.query(sent)
    assert program("actions", "deploy").code == 0
    assert bound(at_once) == THEIRS + OURS
    assert sorted(writes(at_once)) == ["PATCH triggers"] + ["POST actions"] * 4
    states = (
        "SELECT state, outcome FROM musicctl.changes JOIN musicctl.runs USING (run)"
        " WHERE (run, seq) = (%s, %s)"
    )
    assert at_once.query(states, run, seq) == [(state, "crashed")]
    assert at_once.query(sent) == []


def test_history_recover_clears_up_too(at_once: Sandbox, program: Program) -> None:
    assert program("actions", "deploy").code == 0
    at_once.query("UPDATE musicctl.changes SET state = 'sent', ended_at = NULL")
    at_once.query("UPDATE musicctl.runs SET finished_at = NULL, outcome = NULL")
    bind(at_once)
    found = program("history", "recover", "--json")
    assert (found.code, found.json["runs"], found.json["applied"], found.json["failed"]) == (0, 1, 4, 1)


def test_a_write_whose_read_is_too_old_is_kept_back_and_follows_a_new_read(
    at_once: Sandbox, program: Program, between: Relay
) -> None:
    furnish(at_once)
    reads = 0

    def late(handler: Any, body: bytes, status: int) -> None:
        nonlocal reads
        reads += 1
        if reads == 3:  # after those of the two plans: the one just before the write
            bind(at_once, OTHERS[2], OTHERS[0])
            time.sleep(SLOW)
        answering(status, body)(handler, body, status)

    between.misbehave("GET", late, PATH)
    done = program("actions", "deploy")
    assert (done.code, bound(at_once)) == (0, [THEIRS[2], THEIRS[0], *OURS]), done.err
    assert (reads, between.sent("PATCH")) == (4, 1)


def test_a_tenant_that_always_answers_too_late_is_told_of_with_the_setting(
    at_once: Sandbox, program: Program, between: Relay
) -> None:
    furnish(at_once)
    reads = 0

    def late(handler: Any, body: bytes, status: int) -> None:
        nonlocal reads
        reads += 1
        if reads >= 3:
            time.sleep(SLOW)
        answering(status, body)(handler, body, status)

    between.misbehave("GET", late, PATH)
    done = program("actions", "deploy", "--json")
    assert (done.code, done.error["code"], bound(at_once)) == (69, "unavailable", THEIRS)
    assert "larger freshness" in done.error["hint"]
    assert between.sent("PATCH") == 0
    assert at_once.query("SELECT state FROM musicctl.changes WHERE field = 'action_bindings'") == [
        ("failed",)
    ]
