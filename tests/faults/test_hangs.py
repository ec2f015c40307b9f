"""A run in which nothing happens any more ends itself, says who waits for what, and leaves the truth."""

import json
import re
import time
from pathlib import Path

import pytest

from tests.faults.hanging import POINTS
from tests.faults.processes import EDITOR, effects, ended, listeners, run, running, settings
from tests.program import Sandbox

USERS = 12
SILENCE = "4"


def hung(sandbox: Sandbox, point: str, turn: int, *words: str) -> str:
    """Run the program until it ends itself, look at what it left, and return what it said."""
    environment = settings(sandbox, threads="4", settle="0.1s")
    began = time.monotonic()
    with running(environment, *words, module=("tests.faults.hanging", point, str(turn), SILENCE)) as process:
        code, out, err = ended(process)
    assert (code, out) == (75, ""), err
    assert time.monotonic() - began < 60
    assert re.search(r"nothing was sent and no reply came for \d+ s: this run hangs", " ".join(err.split()))
    assert re.search(r"thread \d is in wait \(threading\.py:\d+\)", err), err
    assert sandbox.state.auth0_client_secret not in err
    assert sandbox.query("SELECT name FROM musicctl.lease WHERE NOT released") == []
    return err


def true(sandbox: Sandbox) -> None:
    """Check that the journal claims nothing that the tenant has not done, and forgets nothing that it has."""
    done = {effect.correlation_id for effect in sandbox.writes()}
    rows = sandbox.query("SELECT run || '/' || seq, state FROM musicctl.changes")
    assert {name for name, state in rows if state == "applied"} <= done
    assert done <= {name for name, state in rows if state in {"applied", "sent"}}


def goes_on(sandbox: Sandbox, *words: str) -> None:
    """Check that the next run starts at once and does the rest."""
    began = time.monotonic()
    code, out, err = run(settings(sandbox, settle="0.1s"), *words, "--json")
    assert code == 0, err
    assert time.monotonic() - began < 20
    assert json.loads(out)["failed"] == 0
    true(sandbox)


@pytest.mark.parametrize("point", POINTS)
def test_a_sync_that_hangs_ends_itself(sandbox: Sandbox, point: str) -> None:
    users = listeners(sandbox, USERS)
    hung(sandbox, point, 3, "roles", "sync", "--yes")
    by_itself = point != "in the journal's turn"
    outcomes = sandbox.query("SELECT outcome FROM musicctl.runs")
    assert outcomes == [("busy" if by_itself else None,)]
    true(sandbox)
    goes_on(sandbox, "roles", "sync", "--yes")
    assert sorted(effects(sandbox)) == [(user_id, ["other", EDITOR]) for user_id in users]


def test_other_writers_of_roles_end_themselves(sandbox: Sandbox) -> None:
    users = listeners(sandbox, 5)
    hung(sandbox, "before the write", 2, "promote", *users)
    true(sandbox)
    hung(sandbox, "before the read", 1, "history", "recover")
    goes_on(sandbox, "promote", *users)
    hung(sandbox, "before the write", 1, "undo", "last", "--yes")
    true(sandbox)


def test_writers_of_names_end_themselves(sandbox: Sandbox, tmp_path: Path) -> None:
    users, names = listeners(sandbox, 5), tmp_path / "names.csv"
    names.write_text("user,name\n" + "".join(f"{user_id},Zoe\n" for user_id in users), encoding="utf-8")
    hung(sandbox, "before the write", 1, "profile", "set-name", users[0], "Ann")
    words = ("profile", "set-names", str(names), "--yes")
    hung(sandbox, "in the journal's turn", 2, *words)
    true(sandbox)
    goes_on(sandbox, *words)
    assert [sandbox.profile(each)["user_metadata"]["displayName"] for each in users] == ["Zoe"] * len(users)
