"""The same in everything else that asks the tenant: whoever meets an outage ends 69, and lets go."""

import csv
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.outages import DOWN, IMPATIENT, WAYS, await_writes, behind, over
from tests.faults.processes import EDITOR, ended, listeners, require_free, require_truth, running
from tests.program import Program, Sandbox
from tests.tenant.relay import Relay, cut, hang, relay

USERS = 12
Setting = Callable[..., None]


def words(command: str, users: list[str], folder: Path) -> list[str]:
    """Return the command line over these users."""
    if command == "promote":
        return ["promote", *users]
    if command == "profile set-names":
        names = folder / "names.csv"
        with names.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("user", "name"), *((each, "Zoe") for each in users)])
        return ["profile", "set-names", str(names), "--yes"]
    return [*command.split(), "--yes"]


def away_in_the_middle(
    sandbox: Sandbox, between: Relay, way: str, *command: str
) -> subprocess.CompletedProcess[str]:
    """Run a command that writes, whose tenant goes away once it has taken two writes."""
    before = len(sandbox.writes())
    environment = behind(sandbox, between, rate="30")
    with running(environment, *command, module=IMPATIENT) as process:
        await_writes(sandbox, before + 2)
        WAYS[way](between)
        code, out, err = ended(process)
    return subprocess.CompletedProcess(command, code, out, err)


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "way"),
    [
        ("promote", "all hangs"),
        ("promote", "no token"),
        ("profile set-names", "writes hang"),
        ("profile set-names", "all is cut once it was applied"),
        ("profile fill-names", "all fails"),
        ("undo last", "nobody is there"),
        ("undo last", "writes are cut"),
    ],
)
def test_whoever_writes_ends_69_and_the_next_does_the_rest(
    sandbox: Sandbox, program: Program, set_up: Setting, tmp_path: Path, command: str, way: str
) -> None:
    users, rest = listeners(sandbox, USERS), 0
    with relay(sandbox.state) as between:
        set_up(domain=between.url, max_grant="100%")
        line = again = words(command, users, tmp_path)
        if command == "undo last":
            assert program("roles", "sync", "--yes").code == 0
            ((run,),) = sandbox.query("SELECT run FROM musicctl.runs")
            again, rest = ["undo", run, "--yes"], 5  # those that are back already are named
        done = away_in_the_middle(sandbox, between, way, *line)
        assert done.returncode == 69, done.stderr
        require_free(sandbox)
        require_truth(sandbox)
        over(between)
        assert program(*again).code == rest
    require_truth(sandbox)
    if command.startswith("profile"):
        assert all((sandbox.profile(each)["user_metadata"] or {}).get("displayName") for each in users)
    else:
        roles = ["other"] if command == "undo last" else ["other", EDITOR]
        assert [sandbox.roles(each) for each in users] == [roles] * USERS


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "way"),
    [
        (("history", "recover"), DOWN),
        (("history", "recover"), hang),
        (("mirror", "refresh"), cut),
        (("mirror", "refresh"), hang),
        (("promote", "auth0|u000", "auth0|u001"), DOWN),
    ],
    ids=["recover-fails", "recover-hangs", "refresh-cut", "refresh-hangs", "promote-fails"],
)
def test_whoever_reads_ends_69(
    sandbox: Sandbox,
    program: Program,
    set_up: Setting,
    command: tuple[str, ...],
    way: Callable[..., None],
) -> None:
    listeners(sandbox, USERS)
    unknown = "SELECT count(*) FROM musicctl.changes WHERE state = 'sent'"
    with relay(sandbox.state) as between:
        set_up(domain=between.url, max_grant="100%")
        if command == ("history", "recover"):
            away_in_the_middle(sandbox, between, "writes hang", "roles", "sync", "--yes")
            over(between)
            assert sandbox.query(unknown) != [(0,)]
        between.misbehave("GET", way, "/api/v2/")
        with running(behind(sandbox, between), *command, module=IMPATIENT) as process:
            code, _, err = ended(process)
        assert code == 69, err
        require_free(sandbox)
        over(between)
        assert program(*command).code == 0
    require_truth(sandbox)
    assert sandbox.query(unknown) == [(0,)]


@pytest.mark.long
@pytest.mark.parametrize(
    ("way", "code"), [("nobody is there", 69), ("no token", 69), ("all fails", 5), ("writes hang", 5)]
)
def test_one_user_alone_is_given_up(
    sandbox: Sandbox, program: Program, set_up: Setting, way: str, code: int
) -> None:
    """One whom the tenant cannot serve may be alone in that, unless nobody can be; it takes no longer."""
    (user,) = listeners(sandbox, 1)
    with relay(sandbox.state) as between:
        set_up(domain=between.url, max_grant="100%")
        environment = behind(sandbox, between, rate="3")
        with running(environment, "promote", user, module=IMPATIENT) as process:
            while not any(request.startswith("GET /api/v2/users/") for request in between.seen):
                assert process.poll() is None
            WAYS[way](between)
            ends, _, err = ended(process)
        assert ends == code, err
        assert between.sent("PATCH") < 5
        require_free(sandbox)
        require_truth(sandbox)
        over(between)
        assert program("promote", user).code == 0
    require_truth(sandbox)
    assert sandbox.roles(user) == ["other", EDITOR]


@pytest.mark.parametrize("way", ["all fails", "all hangs", "writes hang"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_it_at_once_during_an_outage(
    sandbox: Sandbox, program: Program, set_up: Setting, way: str, number: signal.Signals
) -> None:
    """With the patience of earnest, so that nothing else ends it."""
    listeners(sandbox, USERS)
    with relay(sandbox.state) as between:
        set_up(domain=between.url, max_grant="100%")
        with running(behind(sandbox, between, rate="30"), "roles", "sync", "--yes") as process:
            await_writes(sandbox, 2)
            WAYS[way](between)
            time.sleep(0.5)
            began = time.monotonic()
            process.send_signal(number)
            code, _, err = ended(process)
        assert (code, time.monotonic() - began < 10) == (128 + number, True), err
        require_free(sandbox)
        require_truth(sandbox)
        over(between)
        assert program("roles", "sync", "--yes").code == 0
    require_truth(sandbox)
