"""Names in bulk, cut off: the next run leaves nothing untrue and nothing undone."""

import json
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from musicctl.sandbox.local_tenant import faults
from tests.faults.crashing import DIED
from tests.faults.processes import ended, running, settings
from tests.faults.test_row_01_crash_points import eventually
from tests.program import Program, Sandbox

COUNT = 4
CASES = [
    ("set-names", "after the intent", 2, ""),
    ("set-names", "after the send", 3, "late=0.5"),
    ("set-names", "after the send", 3, "cut-after"),
    ("set-names", "after the reply", 1, "cut-before"),
    ("fill-names", "after the send", 4, "late=0.5"),
    ("fill-names", "after the outcome", 2, ""),
]
SetUp = Callable[..., None]


@pytest.fixture
def users(sandbox: Sandbox, tmp_path: Path) -> list[str]:
    """Users without a name, whom the file names.csv names."""
    users = [f"auth0|u{number}" for number in range(COUNT)]
    for user_id in users:
        sandbox.add_user(user_id, user_metadata={"theme": "dark"})
    (tmp_path / "names.csv").write_text("user,name\n" + "".join(f"{user_id},user\n" for user_id in users))
    return users


@pytest.mark.parametrize(("command", "point", "turn", "fault"), CASES)
def test_the_next_run_of_names_records_the_truth(
    users: list[str],
    sandbox: Sandbox,
    sandbox_folder: Path,
    program: Program,
    set_up: SetUp,
    tmp_path: Path,
    command: str,
    point: str,
    turn: int,
    fault: str,
) -> None:
    """The file asks for the name that everyone without one is given, so both commands end alike."""
    file = [str(tmp_path / "names.csv")] if command == "set-names" else []
    words = ["profile", command, *file, "--yes", "--json"]
    deadly = ("tests.faults.crashing", str(sandbox_folder), point, str(turn), fault)
    with running(settings(sandbox, threads="1", settle="1s"), *words, module=deadly) as process:
        assert ended(process)[0] == DIED
    faults.clear(sandbox.tenant)
    set_up(settle="1s")
    again = program(*words)
    assert again.code == 0, again.err
    assert ("looking up what became of 1 change" in again.err) is (point != "after the outcome")
    whole = [{"theme": "dark", "displayName": "user"}] * COUNT
    assert eventually(whole, lambda: [sandbox.profile(user_id)["user_metadata"] for user_id in users])
    assert_the_journal_of_names_is_true(sandbox, command)
    assert program("profile", "fill-names", "--yes", "--json").json["run"] is None
    assert sandbox.query("SELECT DISTINCT display_name FROM musicctl.tenant_users") in ([("user",)], [])


def assert_the_journal_of_names_is_true(sandbox: Sandbox, command: str) -> None:
    """Compare the journal with the tenant's own log of what took effect."""
    effects = [effect.correlation_id for effect in sandbox.writes()]
    assert len(effects) == len(set(effects)) == COUNT
    journal = sandbox.query("SELECT run || '/' || seq, state FROM musicctl.changes")
    assert {name for name, state in journal if state == "applied"} == set(effects)
    assert {state for _, state in journal} <= {"applied", "already", "failed", "unsent"}
    runs = sandbox.query("SELECT command, outcome, lease FROM musicctl.runs ORDER BY started_at")
    assert runs == [(f"profile {command}", outcome, "names") for outcome in ("crashed", "ok")]


def test_a_run_of_names_that_was_cut_off_is_recovered_and_undone(
    users: list[str], sandbox: Sandbox, sandbox_folder: Path, program: Program, set_up: SetUp
) -> None:
    deadly = ("tests.faults.crashing", str(sandbox_folder), "after the reply", "3", "")
    with running(settings(sandbox, threads="1"), "profile", "fill-names", "--yes", module=deadly) as process:
        assert ended(process)[0] == DIED
    recovered = program("history", "recover", "--json").json
    assert (recovered["runs"], recovered["applied"]) == (1, 1)
    undone = program("undo", "last", "--yes", "--json")
    assert (undone.code, undone.json["restored"]) == (0, 3)
    assert [sandbox.profile(user_id)["user_metadata"] for user_id in users] == [{"theme": "dark"}] * COUNT


def test_ctrl_c_sends_nothing_more_and_says_how_far_it_came(
    users: list[str], sandbox: Sandbox, fault: SetUp, program: Program, tmp_path: Path
) -> None:
    fault("latency=1", endpoint="PATCH /users")
    words = ["profile", "set-names", str(tmp_path / "names.csv"), "--yes"]
    with running(settings(sandbox, threads="1"), *words) as process:
        assert eventually(True, lambda: len(sandbox.writes()) > 0)
        process.send_signal(signal.SIGINT)
        code, out, err = ended(process)
    assert (code, out) == (130, "")
    sent = len(sandbox.writes())
    assert 0 < sent < COUNT
    [(run, outcome)] = sandbox.query("SELECT run, outcome FROM musicctl.runs")
    assert outcome == "interrupted"
    assert f"run {run} was stopped after " in err
    assert f" of {COUNT} names; musicctl history show {run} tells which" in err
    program("history", "recover")
    states = Counter(state for (state,) in sandbox.query("SELECT state FROM musicctl.changes"))
    assert states["applied"] == sent == len(sandbox.writes())
    faults.clear(sandbox.tenant)
    assert program(*words, "--json").json["applied"]["set"] == COUNT - sent


@pytest.mark.parametrize("odd", [{"first": "A"}, 5, ["x"]])
def test_a_name_from_before_that_is_no_text_is_known_again(
    users: list[str],
    sandbox: Sandbox,
    sandbox_folder: Path,
    program: Program,
    set_up: SetUp,
    tmp_path: Path,
    odd: object,
) -> None:
    """The write never reached the tenant: what is there is what the journal has from before."""
    user = sandbox.tenant.get_user(users[0])
    assert user is not None
    sandbox.tenant.put_user(user._replace(user_metadata=json.dumps({"displayName": odd})))
    words = ["profile", "set-names", str(tmp_path / "names.csv"), "--yes"]
    deadly = ("tests.faults.crashing", str(sandbox_folder), "after the intent", "1", "")
    with running(settings(sandbox, threads="1"), *words, module=deadly) as process:
        assert ended(process)[0] == DIED
    assert program("history", "recover", "--json").json["failed"] == 1
    [(before, detail)] = sandbox.query("SELECT before, detail FROM musicctl.changes WHERE state = 'failed'")
    assert (before, detail) == (odd, "the run was cut off; the tenant does not show it")
