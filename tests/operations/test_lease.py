"""Holding a lease: who is told what, whose end is noticed, and what a run learns when it is lost."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from musicctl.errors import BusyError, Exit
from musicctl.operations.runs import lease as leases
from musicctl.operations.runs.lease import Lease, LeaseLostError, OnHoldError, held
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.secret import Secret
from musicctl.store import holds, lease
from musicctl.store.address import parse
from musicctl.store.database import Database
from musicctl.store.lease import Fence, Process
from musicctl.tenant.clock import clock
from tests.conftest import command
from tests.program import query

LONG = 60.0
"""Seconds, for what should not take one."""


def quiet(_line: str) -> None:
    """Say nothing."""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process on this machine that only lives."""
    running = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    yield running
    running.kill()
    running.wait()
    assert running.stdin is not None
    running.stdin.close()


def taken_by(database: Database, pid: int) -> Fence:
    """Take the lease in the name of another process of this machine."""
    me = leases.this_process("bob@cron")
    fence = lease.take(database, "roles", Process(me.holder, me.host, me.boot_id, pid))
    assert fence is not None
    return fence


def test_the_lease_is_ours_for_the_block_and_free_after_it(database: Database) -> None:
    with held(database, "roles", "ann@desk", say=quiet) as ours:
        ours.check()
        holding = lease.look(database, "roles")
        assert holding is not None
        assert (holding.process.holder, holding.process.pid, holding.released) == (
            "ann@desk",
            os.getpid(),
            False,
        )
    after = lease.look(database, "roles")
    assert after is not None
    assert after.released


def test_the_second_is_told_who_has_it(database: Database, child: subprocess.Popen[bytes]) -> None:
    taken_by(database, child.pid)
    with pytest.raises(BusyError) as busy, held(database, "roles", "ann@desk", say=quiet):
        pass
    assert busy.value.exit is Exit.BUSY
    assert f"bob@cron, process {child.pid} on " in busy.value.what
    assert "has it since" in busy.value.what
    assert "--wait" in busy.value.hint


def test_a_holder_whose_process_has_ended_is_replaced_at_once(
    database: Database, child: subprocess.Popen[bytes]
) -> None:
    first = taken_by(database, child.pid)
    child.send_signal(signal.SIGKILL)
    # Not waited for: a zombie holds nothing either.
    deadline = time.monotonic() + LONG
    while not leases.is_gone(Process("x", *_where(), child.pid), leases.this_process("x")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with held(database, "roles", "ann@desk", say=quiet) as ours:
        assert ours.fence == Fence("roles", first.token + 1)


def _where() -> tuple[str, str]:
    me = leases.this_process("x")
    return me.host, me.boot_id


@pytest.mark.parametrize("elsewhere", [("other-host", None), (None, "another boot")])
def test_a_process_of_another_machine_is_never_taken_for_dead(
    database: Database, elsewhere: tuple[str | None, str | None]
) -> None:
    host, boot = _where()
    lease.take(database, "roles", Process("x", elsewhere[0] or host, elsewhere[1] or boot, 2**22 + 1))
    with pytest.raises(BusyError), held(database, "roles", "ann@desk", say=quiet):
        pass


def test_waiting_for_it(database: Database, child: subprocess.Popen[bytes]) -> None:
    first = taken_by(database, child.pid)
    said: list[str] = []
    waited = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        waited.set()

    def end() -> None:
        assert waited.wait(LONG)
        child.kill()
        child.wait()

    ender = threading.Thread(target=end)
    ender.start()
    with held(database, "roles", "ann@desk", wait=LONG, say=say) as ours:
        assert ours.fence.token == first.token + 1
    ender.join()
    assert len(said) == 1
    assert said[0].startswith("waiting for bob@cron, process ")


def test_a_hold_refuses_naming_who_and_why(database: Database) -> None:
    holds.put(database, "roles", reason="audit until Friday", actor="eve@desk", until=None)
    with pytest.raises(OnHoldError) as refused, held(database, "roles", "ann@desk", say=quiet):
        pass
    assert refused.value.exit is Exit.REFUSED
    assert "eve@desk" in refused.value.what
    assert "audit until Friday" in refused.value.what
    assert refused.value.hint == "musicctl roles release ends the hold"


def kept(
    database: Database, monkeypatch: pytest.MonkeyPatch, fence: Fence | None = None
) -> tuple[Lease, threading.Event, threading.Thread]:
    """Return a lease that is renewed every few milliseconds, and what ends that."""
    monkeypatch.setattr(leases, "RENEWED", 0.02)
    monkeypatch.setattr(leases, "RETRIED", 0.02)
    fence = fence or lease.take(database, "roles", leases.this_process("ann@desk"))
    assert fence is not None
    ours, stopped = Lease(fence, clock()), threading.Event()
    keeper = threading.Thread(target=ours.keep, args=(database.another(), stopped))
    keeper.start()
    return ours, stopped, keeper


def raised_by(ours: Lease) -> Exception:
    """Wait until the lease no longer holds, and return why."""
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        try:
            ours.check()
        except (LeaseLostError, OnHoldError) as failure:
            return failure
        time.sleep(0.01)
    raise AssertionError("the lease still holds")


def test_it_is_renewed_in_the_background(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, stopped, keeper = kept(database, monkeypatch)
    expires = "SELECT expires_at FROM musicctl.lease"
    before, deadline = query(database_url, expires), time.monotonic() + LONG
    while query(database_url, expires) == before:
        assert time.monotonic() < deadline
    ours.check()
    stopped.set()
    keeper.join()


def test_a_run_learns_that_another_took_its_lease(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, _, keeper = kept(database, monkeypatch)
    assert lease.take(database, "roles", Process("bob@cron", "h", "b", 1), gone=ours.fence.token)
    failure = raised_by(ours)
    assert isinstance(failure, LeaseLostError)
    assert failure.exit is Exit.BUSY
    keeper.join()


def test_a_run_learns_that_it_is_held_back(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, _, keeper = kept(database, monkeypatch)
    holds.put(database, "roles", reason="audit", actor="eve@desk", until=None)
    failure = raised_by(ours)
    assert isinstance(failure, OnHoldError)
    assert failure.exit is Exit.REFUSED
    keeper.join()


def test_a_lease_that_could_not_be_renewed_in_time_is_lost(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "SECONDS", 0.2)
    query(database_url, "ALTER TABLE musicctl.lease RENAME TO away", ())
    monkeypatch.setattr(leases, "RENEWED", 0.02)
    ours, stopped = Lease(Fence("roles", 1), clock()), threading.Event()
    keeper = threading.Thread(target=ours.keep, args=(database.another(), stopped))
    keeper.start()
    failure = raised_by(ours)
    assert isinstance(failure, LeaseLostError)
    assert "it could not be renewed: could not renew the lease in " in failure.what
    assert 'relation "musicctl.lease" does not exist' in failure.what
    stopped.set()
    keeper.join()


def test_who_may_not_connect_any_more_says_so(
    server: Cluster, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "SECONDS", 0.5)
    name = parse(Secret(database_url)).keywords["dbname"]
    command(server, f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    ours, stopped, keeper = kept(database, monkeypatch, Fence("roles", 1))
    assert "it could not be renewed: Postgres at " in str(raised_by(ours))
    assert f'too many connections for database "{name}"' in str(raised_by(ours))
    stopped.set()
    keeper.join()
