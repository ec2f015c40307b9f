"""`undo`: what it takes and refuses, whom it asks, and that genres and names are journalled."""

import os
import pty

import pytest

from tests.program import Program, Sandbox


@pytest.fixture
def listener(sandbox: Sandbox) -> Sandbox:
    sandbox.add_user("auth0|up", plays=100, app_metadata={"roles": ["a"]})
    return sandbox


def insert(sandbox: Sandbox, command: str) -> None:
    sandbox.query(
        "INSERT INTO musicctl.runs (run, command, actor, present, profile, finished_at, outcome)"
        f" VALUES ('20260101-000000-aaaa', '{command}', 'y', false, 'p', now(), 'ok')"
    )


def test_where_nobody_can_be_asked_it_needs_yes(listener: Sandbox, program: Program) -> None:
    run = program("roles", "sync", "--yes", "--json").json["run"]
    ended = program("undo", run, "--json")
    assert (ended.code, ended.out, ended.error["code"]) == (2, "", "usage")
    assert "--yes" in ended.error["message"]
    assert listener.roles("auth0|up") == ["a", "playlist editor"]


def test_it_says_where_it_writes(listener: Sandbox, program: Program) -> None:
    program("roles", "sync", "--yes")
    ended = program("undo", "last", "--yes")
    assert "profile sandbox: writing to" in ended.err
    assert listener.state.auth0_domain in ended.err
    assert ended.out.startswith("Undid ")
    program("genres", "set", "auth0|up", "beat")
    values = program("undo", "last", "--yes")
    assert "writing to" in values.err
    assert listener.state.auth0_domain not in values.err
    assert program("undo", "last", "--yes", "-q").err == ""


def test_other_runs_cannot_be_undone(sandbox: Sandbox, program: Program) -> None:
    insert(sandbox, "users erase")
    ended = program("undo", "last", "--yes", "--json")
    assert (ended.code, ended.error["code"]) == (2, "usage")
    assert "cannot be undone" in ended.error["message"]
    assert program("undo", "nothing", "--yes").code == 3


@pytest.mark.parametrize("date", ["soon", "2020-01-01", "9999-12-31"])
def test_a_pin_without_a_sound_end_undoes_nothing(listener: Sandbox, program: Program, date: str) -> None:
    program("roles", "sync", "--yes")
    assert program("undo", "last", "--yes", "--pin", date).code == 2
    assert len(listener.writes()) == 1


def test_only_roles_are_pinned(sandbox: Sandbox, program: Program) -> None:
    program("genres", "set", "auth0|up", "beat")
    ended = program("undo", "last", "--yes", "--pin", "2999-01-01", "--json")
    assert (ended.code, ended.error["code"]) == (2, "usage")


def test_a_run_under_way_is_not_undone(listener: Sandbox, program: Program) -> None:
    program("profile", "set-name", "auth0|up", "Up")
    listener.query("UPDATE musicctl.runs SET finished_at = NULL, outcome = NULL")
    for options in (["--yes"], ["--dry-run"]):
        ended = program("undo", "last", *options, "--json")
        assert (ended.code, ended.error["code"]) == (75, "busy")
        assert "still under way" in ended.error["message"]


def test_a_person_sees_what_would_be_done_first(
    listener: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard input is a terminal, so that a person is present, but there is none to ask on."""
    program("roles", "sync", "--yes")
    leader, follower = pty.openpty()
    try:
        with os.fdopen(follower) as terminal:
            monkeypatch.setattr("sys.stdin", terminal)
            ended = program("undo", "last")
    finally:
        os.close(leader)
    assert ended.code == 2
    assert "1 to restore, 0 to skip." in ended.err
    assert "no terminal to ask on" in ended.err
    assert listener.roles("auth0|up") == ["a", "playlist editor"]


def test_an_undo_in_every_format(listener: Sandbox, program: Program) -> None:
    program("roles", "sync", "--yes")
    dry = program("undo", "last", "--dry-run", "-o", "csv")
    assert dry.out.splitlines()[0] == ("undoes,field,seen,reversals,changes,skipped,command,actor,started_at")
    done = program("undo", "last", "--yes", "-o", "jsonl")
    assert done.out.count("\n") == 1


def test_genres_and_names_say_how_to_take_them_back(listener: Sandbox, program: Program) -> None:
    for arguments in (["genres", "set", "auth0|up", "beat"], ["profile", "set-name", "auth0|up", "Up"]):
        told = program(*arguments).err
        [(run,)] = listener.query("SELECT run FROM musicctl.runs ORDER BY started_at DESC LIMIT 1")
        assert f"musicctl undo {run} takes it back" in told
    assert "it was so already" in program("profile", "set-name", "auth0|up", "Up").err
    assert listener.query(
        "SELECT command, field, before, after FROM musicctl.runs JOIN musicctl.changes"
        " USING (run) ORDER BY started_at"
    ) == [
        ("genres set", "fav_genre", None, "beat"),
        ("profile set-name", "display_name", None, "Up"),
    ]
