"""Undo after an outside edit of our role: skipped and named; and an undo that dies is taken up again."""

import json
from pathlib import Path

import pytest

from tests.faults.crashing import DIED
from tests.faults.processes import EDITOR, ended, listeners, run, running, settings
from tests.program import Program, Sandbox
from tests.stories.test_undo import edit


def granted(sandbox: Sandbox, program: Program, count: int) -> tuple[list[str], str]:
    """Sync so many listeners to the role; return their ids and the run."""
    users = listeners(sandbox, count)
    synced = program("roles", "sync", "--yes", "--json")
    assert synced.json["applied"]["grant"] == count
    return users, synced.json["run"]


@pytest.mark.parametrize("edited", [1, 3, 4])
def test_whose_role_somebody_else_took_is_skipped_and_named(
    sandbox: Sandbox, program: Program, edited: int
) -> None:
    users, of_sync = granted(sandbox, program, 4)
    for user_id in users[:edited]:
        edit(sandbox, user_id, ["other"])
    writes = len(sandbox.writes())
    undone = program("undo", of_sync, "--yes", "--json")
    assert undone.code == (4 if edited == 4 else 5)
    assert undone.json["problems"] == [
        {"user_id": user_id, "state": "conflict", "detail": "the role was taken away since the run"}
        for user_id in users[:edited]
    ]
    assert len(sandbox.writes()) - writes == 4 - edited == undone.json["restored"]
    assert all(sandbox.roles(user_id) == ["other"] for user_id in users)


@pytest.mark.parametrize("roles", [None, 7, ["other", 7]])
def test_roles_that_nobody_can_read_are_not_touched(
    sandbox: Sandbox, program: Program, roles: object
) -> None:
    [user_id], of_sync = granted(sandbox, program, 1)
    edit(sandbox, user_id, roles)
    undone = program("undo", of_sync, "--yes", "--json")
    assert (undone.code, undone.json["conflict"]) == (4, 1)
    assert sandbox.roles(user_id) == roles


def test_a_role_of_somebody_else_stays(sandbox: Sandbox, program: Program) -> None:
    [user_id], of_sync = granted(sandbox, program, 1)
    edit(sandbox, user_id, ["first", "other", EDITOR, "last"])
    assert program("undo", of_sync, "--yes").code == 0
    assert sandbox.roles(user_id) == ["first", "other", "last"]


@pytest.mark.parametrize("point", ["before the intent", "after the intent", "after the outcome"])
def test_an_undo_that_dies_is_recovered_and_taken_up_again(
    sandbox: Sandbox, sandbox_folder: Path, program: Program, point: str
) -> None:
    users, of_sync = granted(sandbox, program, 4)
    alone = settings(sandbox, threads="1", settle="0.2s")
    deadly = ("tests.faults.crashing", str(sandbox_folder), point, "3", "")
    with running(alone, "undo", of_sync, "--yes", "--json", module=deadly) as process:
        assert ended(process)[0] == DIED
    restored = len(sandbox.writes()) - 4
    assert 0 < restored < 4
    code, out, err = run(alone, "undo", of_sync, "--yes", "--json")
    report = json.loads(out)
    assert (code, report["restored"], report["conflict"]) == (5, 4 - restored, restored), err
    assert all(sandbox.roles(user_id) == ["other"] for user_id in users)
    runs = program("history", "list", "--json").json
    assert [(each["command"], each["outcome"]) for each in runs] == [
        ("undo", "partial"),
        ("undo", "crashed"),
        ("roles sync", "ok"),
    ]
    effects = [effect.correlation_id for effect in sandbox.writes()]
    assert len(effects) == len(set(effects)) == 8
    applied = sandbox.query("SELECT run || '/' || seq FROM musicctl.changes WHERE state = 'applied'")
    assert sorted(effects, key=str) == sorted(name for (name,) in applied)


def test_an_undo_under_way_keeps_everyone_else_out(sandbox: Sandbox, program: Program) -> None:
    _, of_sync = granted(sandbox, program, 2)
    sandbox.query(
        "UPDATE musicctl.lease SET released = false, host = 'elsewhere',"
        " expires_at = clock_timestamp() + interval '1 minute' WHERE name = 'roles'"
    )
    code, out, err = run(settings(sandbox), "undo", of_sync, "--yes", "--json")
    assert (code, out) == (75, "")
    assert json.loads(err.splitlines()[-1])["error"]["host"] == "elsewhere"
