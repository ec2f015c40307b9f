"""Users who are refused run after run: they hold up nobody, are tried last, and are counted and named."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from musicctl.sandbox.local_tenant import faults
from tests.faults.conftest import Switch
from tests.faults.processes import EDITOR, listeners
from tests.program import Program, Sandbox

REFUSED = 20
PATCH = "PATCH /users/"


@pytest.fixture
def refused(sandbox: Sandbox, fault: Switch, set_up: Callable[..., None]) -> Sequence[str]:
    """Users who come first in the order of plans, and whose changes the tenant refuses for good."""
    set_up(threads="1", max_grant="100%", max_revoke="100%")
    users = listeners(sandbox, REFUSED)
    for user_id in users:
        fault("status=400", endpoint=f"{PATCH}{user_id}")
    return users


def another(sandbox: Sandbox, name: str) -> str:
    sandbox.add_user(f"auth0|{name}", app_metadata={"roles": ["other"]}, plays=100)
    return f"auth0|{name}"


def order(sandbox: Sandbox) -> list[str]:
    """Return whom the last run was about, in the order of its journal."""
    rows = sandbox.query(
        "SELECT user_id FROM musicctl.changes WHERE run = (SELECT max(run) FROM musicctl.runs"
        " WHERE started_at = (SELECT max(started_at) FROM musicctl.runs)) ORDER BY seq"
    )
    return [user_id for (user_id,) in rows]


def patched(sandbox: Sandbox, since: int) -> list[str]:
    """Return who was written, or was to be, in the order in which the tenant was asked."""
    asked = [request for request in sandbox.requests()[since:] if request.startswith("PATCH ")]
    return [request.rpartition("/")[2].replace("%7C", "|") for request in asked]


def test_who_was_refused_is_tried_after_all_others(
    sandbox: Sandbox, program: Program, refused: Sequence[str]
) -> None:
    first = program("roles", "sync", "--json")
    assert (first.code, first.json["failed"], "go last" in first.err) == (5, REFUSED, False)
    assert order(sandbox) == refused
    others = [another(sandbox, f"u{number}") for number in (500, 501)]
    before = len(sandbox.requests())
    second = program("roles", "sync", "--json", "--refresh")
    assert (second.code, second.json["failed"], second.json["applied"]["grant"]) == (5, REFUSED, 2)
    assert patched(sandbox, before) == order(sandbox) == [*others, *refused]
    named = ", ".join(refused[:5])
    assert f"{REFUSED} users failed in the last runs and go last: {named} …" in " ".join(second.err.split())


def test_the_plan_names_them_and_is_known_by_the_same_fingerprint(
    sandbox: Sandbox, program: Program, refused: Sequence[str]
) -> None:
    before = program("roles", "plan", "--json").json
    assert (before["failed_lately"], program("roles", "sync").code) == ([], 5)
    after = program("roles", "plan", "--json").json
    assert after["failed_lately"] == refused
    assert (after["plan"], after["changes"]) == (before["plan"], before["changes"])
    shown = " ".join(program("roles", "plan").out.split())
    assert f"{REFUSED} users failed in the last runs and go last: {refused[0]}, " in shown
    faults.clear(sandbox.tenant)
    accepted = program("roles", "sync", "--accept-plan", before["plan"], "--json")
    assert (accepted.code, accepted.json["applied"]["grant"]) == (0, REFUSED)
    for user_id in refused:
        sandbox.set_plays(user_id, 1)
    assert program("roles", "plan", "--json").json["failed_lately"] == []


def test_roles_that_were_unreadable_count_as_failed(
    sandbox: Sandbox, program: Program, set_up: Callable[..., None]
) -> None:
    set_up(threads="1", max_grant="100%")
    odd, *_ = listeners(sandbox, 1)
    assert program("mirror", "refresh").code == 0
    user = sandbox.tenant.get_user(odd)
    assert user is not None
    sandbox.tenant.put_user(user._replace(app_metadata=json.dumps({"roles": {"a": 1}})))
    assert program("roles", "sync", "--json").json["conflict"] == 1
    other = another(sandbox, "u500")
    sandbox.tenant.put_user(user)
    assert program("roles", "plan", "--refresh", "--json").json["failed_lately"] == [odd]
    assert program("roles", "sync").code == 0
    assert order(sandbox) == [other, odd]


def test_a_run_that_did_not_come_to_them_leaves_them_last(
    sandbox: Sandbox, program: Program, refused: Sequence[str], fault: Switch
) -> None:
    assert program("roles", "sync").code == 5
    another(sandbox, "u500")
    assert program("mirror", "refresh").code == 0
    fault("status=403", endpoint="GET /users/*")
    assert program("roles", "sync").code == 7
    assert program("roles", "plan", "--json").json["failed_lately"][-REFUSED:] == refused


@pytest.mark.parametrize("command", [("promote",), ("roles", "grant")])
def test_users_who_are_named_one_by_one(
    sandbox: Sandbox, program: Program, refused: Sequence[str], command: Sequence[str]
) -> None:
    other = another(sandbox, "u500")
    words = (*command, *refused[:2], other)
    assert program(*words).code == 5
    sandbox.tenant.put_user(sandbox.tenant.get_user(other)._replace(app_metadata=None))  # type: ignore[union-attr]
    assert program(*words).code == 5
    assert order(sandbox) == [other, *refused[:2]]


def test_names_and_their_undo(
    sandbox: Sandbox, program: Program, refused: Sequence[str], tmp_path: Path
) -> None:
    other = another(sandbox, "u500")
    wanted = tmp_path / "names.csv"
    wanted.write_text(f"user,name\n{refused[0]},Ann\n{other},Bea\n", encoding="utf-8")
    words = ("profile", "set-names", str(wanted), "--yes")
    assert program(*words).code == 5
    assert order(sandbox) == [refused[0], other]
    again = program(*words, "--json")
    assert order(sandbox) == [other, refused[0]]
    assert [line["user_id"] for line in again.json["lines"]] == [refused[0], other]
    assert f"1 user failed in the last runs and goes last: {refused[0]}" in " ".join(again.err.split())


def test_an_undo_that_was_refused(
    sandbox: Sandbox, program: Program, set_up: Callable[..., None], fault: Switch
) -> None:
    set_up(threads="1", max_grant="100%")
    users = listeners(sandbox, 3)
    run = program("roles", "sync", "--json").json["run"]
    fault("status=400", endpoint=f"{PATCH}{users[0]}")
    assert program("undo", run, "--yes").code == 5
    sandbox.query("DELETE FROM musicctl.changes WHERE verdict = 'revoke' AND state = 'applied'")
    for user_id in users[1:]:
        user = sandbox.tenant.get_user(user_id)
        assert user is not None
        sandbox.tenant.put_user(user._replace(app_metadata=json.dumps({"roles": ["other", EDITOR]})))
    again = program("undo", run, "--yes")
    assert order(sandbox) == [*users[1:], users[0]], again.err
