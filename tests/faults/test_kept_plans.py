"""What was reviewed is what is applied: a kept plan is checked against its fingerprint, and never changes."""

import hashlib
import json

import pytest

from tests.faults.conftest import Switch
from tests.faults.processes import EDITOR
from tests.faults.test_row_10_to_12_guards import editors, refused
from tests.program import Program, Sandbox

EVERYONE = "(SELECT jsonb_agg(jsonb_build_array('revoke', user_id)) FROM musicctl.tenant_users)"
ROW = "SELECT role, threshold, source, dangers, changes, made_at FROM musicctl.plans"


def accept(sandbox: Sandbox, program: Program, fingerprint: str, said: str) -> None:
    """Expect that a plan is refused with these words, and that nothing is written."""
    before = len(sandbox.writes())
    ended = program("roles", "sync", "--yes", "--accept-plan", fingerprint, "--json")
    assert (ended.code, ended.error["code"], len(sandbox.writes())) == (4, "refused", before), ended
    assert said in ended.error["message"], ended.error


def test_the_fingerprint_is_of_all_that_was_reviewed(sandbox: Sandbox, program: Program) -> None:
    editors(sandbox, 60, lapsing=7)
    fingerprint = refused(sandbox, program, "max_revoke")
    [(*reviewed, _)] = sandbox.query(ROW)
    assert reviewed[:4] == [EDITOR, 100, "playlists", [["max_revoke", 7, 6]]]
    assert hashlib.sha256(json.dumps(reviewed).encode()).hexdigest()[:12] == fingerprint


@pytest.mark.parametrize(
    "column",
    [
        f"changes = {EVERYONE}",
        "changes = changes - 0",
        "changes = '{}'",
        "changes = '7'",
        "dangers = '[[\"max_revoke\", 60, 6]]'",
        "dangers = dangers || '[[\"min_source\", 99, 0]]'",
        'dangers = \'{"max_revoke": 60, "rule": 3}\'',
        "threshold = 10",
        "source = 'SELECT 1'",
        "source = NULL",
        "fingerprint = 'ffffffffffff'",
    ],
)
def test_a_row_that_was_edited_is_not_what_was_reviewed(
    sandbox: Sandbox, program: Program, column: str
) -> None:
    editors(sandbox, 60, lapsing=7)
    fingerprint = refused(sandbox, program, "max_revoke")
    sandbox.query(f"UPDATE musicctl.plans SET {column}")
    fingerprint = "ffffffffffff" if "ffff" in column else fingerprint
    accept(sandbox, program, fingerprint, "altered")
    # Shown once more, it is kept as it is shown, and can be applied.
    again = refused(sandbox, program, "max_revoke")
    assert program("roles", "sync", "--yes", "--accept-plan", again, "--json").json["applied"]["revoke"] == 7


def test_a_row_of_another_role_is_not_for_this_one(sandbox: Sandbox, program: Program) -> None:
    editors(sandbox, 60, lapsing=7)
    fingerprint = refused(sandbox, program, "max_revoke")
    sandbox.query("UPDATE musicctl.plans SET role = 'tenant-admin'")
    accept(sandbox, program, fingerprint, "altered")


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("threshold", "10", "its threshold is 100, and here it is 10"),
        ("role", "tenant-admin", "its role is playlist editor, and here it is tenant-admin"),
        (
            "plays_query",
            "SELECT user_id, total_plays AS plays FROM playlists",
            "its plays source is playlists",
        ),
    ],
)
def test_a_plan_of_another_rule_is_refused_with_the_reason(
    sandbox: Sandbox,
    program: Program,
    set_up: Switch,
    setting: str,
    value: str,
    said: str,
) -> None:
    editors(sandbox, 60, lapsing=7)
    fingerprint = refused(sandbox, program, "max_revoke")
    set_up(**{setting: value})
    accept(sandbox, program, fingerprint, said)


def test_a_kept_plan_is_not_altered_by_a_later_refusal(sandbox: Sandbox, program: Program) -> None:
    users = editors(sandbox, 60, lapsing=7)
    fingerprint = refused(sandbox, program, "max_revoke")
    [kept] = sandbox.query(ROW)
    assert refused(sandbox, program, "max_revoke") == fingerprint
    assert sandbox.query(ROW) == [kept]
    sandbox.set_plays(users[7], 0)
    larger = refused(sandbox, program, "max_revoke")
    assert larger != fingerprint
    assert kept in sandbox.query(ROW)


def test_the_same_changes_for_other_reasons_are_another_plan(
    sandbox: Sandbox, program: Program, set_up: Switch
) -> None:
    editors(sandbox, 60, lapsing=7)
    one = refused(sandbox, program, "max_revoke")
    set_up(max_revoke="5")
    other = refused(sandbox, program, "max_revoke")
    assert one != other
    assert sandbox.query("SELECT count(DISTINCT changes), count(*) FROM musicctl.plans") == [(1, 2)]


def test_a_part_of_a_fingerprint_names_no_plan(sandbox: Sandbox, program: Program) -> None:
    editors(sandbox, 60, lapsing=7)
    fingerprint = refused(sandbox, program, "max_revoke")
    for part in (fingerprint[:6], fingerprint[:11], f"{fingerprint}0", "", "%"):
        accept(sandbox, program, part, "no plan")


def test_what_is_refused_after_it_was_accepted_can_be_accepted_whole(
    sandbox: Sandbox, program: Program
) -> None:
    users = editors(sandbox, 60, lapsing=7)
    assert program("roles", "sync", "--yes").code == 4
    sandbox.query("UPDATE playlists SET total_plays = 100")
    assert program("roles", "sync", "--yes").code == 0
    for user_id in users[:7]:
        sandbox.set_plays(user_id, 99)
    fingerprint = refused(sandbox, program, "max_revoke")
    sandbox.query("DELETE FROM playlists WHERE user_id > %s", users[20])
    ended = program("roles", "sync", "--accept-plan", fingerprint, "--json")
    assert [text.partition(":")[0] for text in ended.error["dangers"]] == ["min_source"]
    ended = program("roles", "sync", "--accept-plan", ended.error["plan"], "--json")
    assert (ended.code, ended.json["applied"]["revoke"]) == (0, 7)
