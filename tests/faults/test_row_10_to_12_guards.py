"""Plays that are gone, too many changes at once or over a day, accepted plans: exit 4, and no write."""

import pytest

from tests.faults.processes import EDITOR
from tests.program import Program, Sandbox


def editors(sandbox: Sandbox, count: int, *, lapsing: int = 0) -> list[str]:
    """Make holders of the role at the bar, of whom the first few have fallen below."""
    users = [f"auth0|e{number:03}" for number in range(count)]
    for number, user_id in enumerate(users):
        plays = 99 if number < lapsing else 100
        sandbox.add_user(user_id, app_metadata={"roles": [EDITOR]}, plays=plays)
    return users


def refused(sandbox: Sandbox, program: Program, *dangers: str) -> str:
    """Expect a refusal for exactly these reasons, without a write; return the plan's fingerprint."""
    before = len(sandbox.writes())
    ended = program("roles", "sync", "--json")
    assert (ended.code, ended.out, ended.error["code"]) == (4, "", "refused")
    assert [text.partition(":")[0] for text in ended.error["dangers"]] == list(dangers)
    assert f"--accept-plan {ended.error['plan']}" in ended.error["hint"]
    assert len(sandbox.writes()) == before
    return str(ended.error["plan"])


@pytest.mark.parametrize(("holders", "allowed"), [(6, 5), (50, 5), (60, 6), (61, 6)])
def test_revokes_at_the_limit_pass_and_one_more_is_refused(
    sandbox: Sandbox, program: Program, holders: int, allowed: int
) -> None:
    users = editors(sandbox, holders, lapsing=allowed + 1)
    refused(sandbox, program, "max_revoke")
    sandbox.set_plays(users[0], 100)
    assert program("roles", "sync", "--json").json["applied"]["revoke"] == allowed


@pytest.mark.parametrize("holders", [199, 200, 201])
def test_grants_at_the_limit_pass_and_one_more_is_refused(
    sandbox: Sandbox, program: Program, holders: int
) -> None:
    editors(sandbox, holders)
    for number in range(51):
        sandbox.add_user(f"auth0|new{number}", plays=100)
    refused(sandbox, program, "max_grant")
    sandbox.set_plays("auth0|new0", 99)
    assert program("roles", "sync", "--json").json["applied"]["grant"] == 50


def test_counters_that_are_bled_slowly_are_noticed(sandbox: Sandbox, program: Program) -> None:
    users = editors(sandbox, 60)
    for user_id in users[:6]:
        sandbox.set_plays(user_id, 0)
        assert program("roles", "sync", "--json").json["applied"]["revoke"] == 1
    sandbox.set_plays(users[6], 0)
    refused(sandbox, program, "max_revoke")
    assert program("promote", users[6]).code == 4
    assert program("roles", "revoke", users[7]).code == 4
    sandbox.query("UPDATE musicctl.changes SET ended_at = ended_at - interval '25 hours'")
    assert program("roles", "sync", "--json").json["applied"]["revoke"] == 1


def test_a_source_that_is_empty_is_not_believed(sandbox: Sandbox, program: Program) -> None:
    editors(sandbox, 20)
    assert program("roles", "sync").code == 0
    sandbox.query("DELETE FROM playlists")
    ended = program("roles", "plan", "--json")
    assert (ended.code, ended.json["counts"]["unknown"], ended.json["changes"]) == (0, 20, [])
    fingerprint = refused(sandbox, program, "min_source")
    assert program("roles", "sync", "--dry-run").code == 4
    assert program("roles", "sync", "--accept-plan", fingerprint, "--json").code == 0


def test_a_source_with_less_than_half_its_users_is_not_believed(sandbox: Sandbox, program: Program) -> None:
    users = editors(sandbox, 20)
    assert program("roles", "sync").code == 0
    sandbox.query("DELETE FROM playlists WHERE user_id > %s", users[8])
    refused(sandbox, program, "min_source")
    sandbox.query("INSERT INTO playlists VALUES ('more', %s, 'Mix', 100)", users[9])
    assert program("roles", "sync").code == 0


def test_one_row_that_is_missing_is_unknown_and_kept(sandbox: Sandbox, program: Program) -> None:
    users = editors(sandbox, 20)
    assert program("roles", "sync").code == 0
    sandbox.query("DELETE FROM playlists WHERE user_id = %s", users[0])
    ended = program("roles", "plan", "--json")
    assert (ended.json["counts"]["unknown"], ended.json["dangers"]) == (1, [])
    assert program("roles", "sync").code == 0
    assert sandbox.roles(users[0]) == [EDITOR]


def test_a_tenant_that_shrank_by_half_is_not_believed(sandbox: Sandbox, program: Program) -> None:
    editors(sandbox, 20)
    assert program("roles", "sync").code == 0
    sandbox.tenant.write("DELETE FROM users WHERE user_id > 'auth0|e008'")
    assert program("mirror", "refresh").code == 0
    refused(sandbox, program, "min_tenant")


def test_another_rule_is_told_before_it_writes(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.faults.processes import settings

    editors(sandbox, 20)
    monkeypatch.delenv("MUSICCTL_PROFILE")
    for name, value in settings(sandbox).items():
        monkeypatch.setenv(name, value)
    assert program("roles", "sync").code == 0
    monkeypatch.setenv("MUSICCTL_THRESHOLD", "50")
    refused(sandbox, program, "rule")
    monkeypatch.setenv("MUSICCTL_ROLE", "another role")
    refused(sandbox, program, "rule")


def test_a_first_run_of_many_grants_is_applied_once_it_was_accepted(
    sandbox: Sandbox, program: Program
) -> None:
    for number in range(60):
        sandbox.add_user(f"auth0|n{number}", plays=100)
    fingerprint = refused(sandbox, program, "max_grant")
    ended = program("roles", "sync", "--accept-plan", fingerprint, "--json")
    assert (ended.code, ended.json["applied"]["grant"]) == (0, 60)


def test_what_was_accepted_is_applied_and_nothing_new(sandbox: Sandbox, program: Program) -> None:
    users = editors(sandbox, 60, lapsing=8)
    fingerprint = refused(sandbox, program, "max_revoke")
    sandbox.set_plays(users[0], 100)  # no longer wanted
    sandbox.set_plays(users[20], 1)  # not in what was shown
    ended = program("roles", "sync", "--accept-plan", fingerprint, "--json")
    assert (ended.code, ended.json["applied"]["revoke"]) == (0, 7)
    assert sandbox.roles(users[0]) == sandbox.roles(users[20]) == [EDITOR]


def test_a_danger_that_is_new_or_larger_is_not_waived(sandbox: Sandbox, program: Program) -> None:
    users = editors(sandbox, 60, lapsing=7)
    fingerprint = refused(sandbox, program, "max_revoke")
    sandbox.query("UPDATE playlists SET total_plays = 0 WHERE user_id > %s", users[30])
    sandbox.query(
        "INSERT INTO musicctl.runs (run, command, actor, present, profile, role, outcome, finished_at,"
        " threshold, source, source_users, source_plays, tenant_users) VALUES ('x', 'roles sync', 'a', false,"
        " 'p', %s, 'ok', now(), 100, 'playlists', 60, 6000000, 60)",
        EDITOR,
    )
    ended = program("roles", "sync", "--accept-plan", fingerprint, "--json")
    assert (ended.code, sandbox.writes()) == (4, [])
    assert [text.partition(":")[0] for text in ended.error["dangers"]] == ["min_source"]


@pytest.mark.parametrize("age", [None, "25 hours"])
def test_a_fingerprint_that_was_not_kept_or_too_long_ago(
    sandbox: Sandbox, program: Program, age: str | None
) -> None:
    editors(sandbox, 60, lapsing=8)
    fingerprint = refused(sandbox, program, "max_revoke")
    if age is None:
        fingerprint = "0123456789ab"
    else:
        sandbox.query("UPDATE musicctl.plans SET made_at = made_at - %s::interval", age)
    ended = program("roles", "sync", "--accept-plan", fingerprint, "--json")
    assert (ended.code, ended.error["code"], sandbox.writes()) == (4, "refused", [])
