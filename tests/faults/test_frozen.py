"""A client that is frozen in a transaction, with all its locks: nobody waits for it, and no row is wrong."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import psycopg2
import psycopg2.extensions
import pytest

from musicctl.secret import Secret
from musicctl.store.database import Database
from tests.faults.processes import EDITOR, LONG, ended, expire, listeners, run, running, settings
from tests.faults.test_row_13_stopped import is_stopped, wrong_rows
from tests.program import Sandbox

SOON = 40.0
"""Seconds, for what takes a few: a lock is waited for 5 s, and the server ends the frozen one after 3 s."""

JOURNAL = "write the journal"
SYNC = ("roles", "sync", "--yes")


@contextmanager
def frozen(
    environment: dict[str, str], doing: str, turn: int, *arguments: str
) -> Iterator[subprocess.Popen[str]]:
    """Yield the program when it is frozen in such a transaction."""
    module = ("tests.faults.freezing", doing, str(turn))
    with running(environment, *arguments, module=module) as process:
        deadline = time.monotonic() + LONG
        while not is_stopped(process):
            assert process.poll() is None, ended(process)
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process


def soon(environment: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    """Run the program, which may not take long."""
    began = time.monotonic()
    code, out, err = run(environment, *arguments)
    assert time.monotonic() - began < SOON, err
    return code, out, err


def let_expire(sandbox: Sandbox) -> None:
    with closing(Database(Secret(sandbox.state.database_url))) as database:
        expire(database)


def frozen_sync(sandbox: Sandbox, doing: str, turn: int, others: Sequence[Sequence[str]]) -> str:
    """Have others run while a sync is frozen in a transaction; return what it says when it goes on."""
    users = listeners(sandbox, 4)
    environment = settings(sandbox, threads="1", settle="0.1s")
    with frozen(environment, doing, turn, *SYNC) as process:
        let_expire(sandbox)
        for command in (*others, SYNC):
            code, _, err = soon(environment, *command)
            assert code in {0, 5}, (command, err)
        process.send_signal(signal.SIGCONT)
        code, _, err = ended(process)
        assert code in {0, 69, 75}, err  # 69: its connection was ended while it was about to commit
    assert wrong_rows(sandbox) == []
    assert {tuple(sandbox.roles(user_id)) for user_id in users} == {("other", EDITOR)}
    return err


@pytest.mark.parametrize(
    ("doing", "turn"),
    [
        ("take the lease", 1),
        (JOURNAL, 1),  # the run begins
        ("renew the lease", 1),
        ("keep the mirror in step", 1),
        (JOURNAL, 6),  # the last outcome
        ("release the lease", 1),
    ],
)
def test_the_next_run_goes_on_while_one_is_frozen(sandbox: Sandbox, doing: str, turn: int) -> None:
    frozen_sync(sandbox, doing, turn, [])


def test_nobody_waits_for_who_is_frozen_while_it_is_about_to_write(sandbox: Sandbox) -> None:
    others = [
        ("history", "recover"),
        ("roles", "pin", "auth0|u000", "--state", "granted", "--reason", "x"),
        ("roles", "hold", "--reason", "audit", "--no-wait"),
        ("roles", "release"),
        ("roles", "grant", "auth0|u001"),
        ("undo", "last", "--yes"),
    ]
    said = frozen_sync(sandbox, JOURNAL, 3, others)
    assert (
        "this run lost the lease roles: another took it" in said or "it is not known whether it did" in said
    )


@pytest.fixture
def another_client(sandbox: Sandbox) -> Iterator[psycopg2.extensions.connection]:
    """A client of the database that is none of ours, and never ends its transaction."""
    with closing(psycopg2.connect(sandbox.state.database_url, application_name="a desk")) as connection:
        yield connection


@pytest.mark.parametrize(
    "lock",
    [
        "UPDATE musicctl.tenant_users SET email = email",
        "LOCK TABLE musicctl.tenant_users IN SHARE ROW EXCLUSIVE MODE",
    ],
)
def test_a_lock_on_the_mirror_holds_no_write_up(
    sandbox: Sandbox, another_client: psycopg2.extensions.connection, lock: str
) -> None:
    listeners(sandbox, 30)
    environment = settings(sandbox, threads="4")
    run(environment, "mirror", "refresh")
    with another_client.cursor() as cursor:
        cursor.execute(lock)
    code, out, err = soon(environment, *SYNC, "--json")
    assert (code, len(sandbox.writes())) == (0, 30), err
    another_client.rollback()
    code, out, err = soon(environment, *SYNC, "--json")  # what was left behind is seen in the tenant
    assert (code, json.loads(out)["already"], len(sandbox.writes())) == (0, 30, 30), err


@pytest.mark.parametrize("command", [SYNC, ("roles", "hold", "--reason", "x", "--no-wait")])
def test_whose_lock_it_is_that_keeps_one_from_it(
    sandbox: Sandbox, another_client: psycopg2.extensions.connection, command: tuple[str, ...]
) -> None:
    listeners(sandbox, 1)
    environment = settings(sandbox)
    with another_client.cursor() as cursor:
        cursor.execute("LOCK TABLE musicctl.lease, musicctl.holds IN SHARE MODE")
    code, _, err = soon(environment, *command)
    assert code == 75
    assert f"(a desk), server process {another_client.info.backend_pid}, idle in transaction, has been" in err
    assert "holds, lease since 20" in err
    assert sandbox.writes() == []
