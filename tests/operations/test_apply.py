"""Changes performed on the local tenant over a relay: what is sent, and what the journal says of it."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler

import pytest

from musicctl.errors import DeniedError, MusicctlError
from musicctl.operations.roles.writing import RoleRestoring, RoleWriting
from musicctl.operations.runs.apply import Done, Means, perform
from musicctl.operations.runs.fresh_plays import Facts, FreshPlays
from musicctl.operations.runs.lease import Lease, LeaseLostError, this_process
from musicctl.policy.plan import Change
from musicctl.policy.report import Outcome
from musicctl.policy.rule import Pin, Rule, Verdict
from musicctl.secret import Secret
from musicctl.store import journal, lease
from musicctl.store.database import Database
from musicctl.store.journal import Journal, NewRun
from musicctl.tenant.border import StoppedError
from musicctl.tenant.client import Tenant
from musicctl.tenant.clock import clock
from musicctl.tenant.token import Credentials
from tests.program import Sandbox
from tests.tenant.relay import Misbehaviour, Relay, answering, cut, relay

EDITOR = "playlist editor"
RULE = Rule(EDITOR, 100)
A = "auth0|a"


@dataclass
class World:
    """One run under way on a sandbox, with a relay before its tenant."""

    sandbox: Sandbox
    between: Relay
    database: Database
    tenant: Tenant
    facts: dict[str, Facts]
    lease: Lease

    def perform(self, *changes: Change, restoring: bool = False) -> list[Done[Change]]:
        """Journal a run over `changes`, perform it, and return what became of each."""
        new = NewRun(command="roles sync", actor="ann@desk", present=False, profile="env", role=EDITOR)
        intents = [
            (seq, change.user_id, "roles", None, change.verdict.value, change.plays)
            for seq, change in enumerate(changes)
        ]
        run = journal.begin(self.database, new, intents, self.lease.fence)
        written = Journal(self.database, run, self.lease.fence)
        means = Means(tenant=self.tenant, journal=written, lease=self.lease, settle=0.05, threads=4)
        fresh = FreshPlays([change.user_id for change in changes], lambda batch: self.facts)
        writing = RoleRestoring(RULE) if restoring else RoleWriting(RULE, fresh)
        try:
            return list(perform(changes, writing, means))
        finally:
            written.flush()

    def journalled(self) -> list[tuple[object, ...]]:
        """Return the journal's states with before, after and status, in the order of the plan."""
        return self.sandbox.query(
            "SELECT state, before, after, status FROM musicctl.changes ORDER BY run, seq"
        )

    def sent(self, method: str) -> int:
        """Count the requests about users that reached the relay."""
        return sum(seen.startswith(f"{method} /api/v2/users/") for seen in self.between.seen)


@pytest.fixture
def world(sandbox: Sandbox) -> Iterator[World]:
    sandbox.add_user(A, app_metadata={"roles": ["x", EDITOR, "y"], "plan": 1})
    database = Database(Secret(sandbox.state.database_url))
    fence = lease.take(database, "roles", this_process("ann@desk"))
    assert fence is not None
    with relay(sandbox.state) as between:
        credentials = Credentials(
            client_id=sandbox.state.auth0_client_id,
            audience=sandbox.state.auth0_audience,
            client_secret=Secret(sandbox.state.auth0_client_secret),
        )
        tenant = Tenant(between.url, credentials)
        yield World(sandbox, between, database, tenant, {A: (0, None)}, Lease(fence, clock()))
        tenant.close()
    database.close()


def revoke(user_id: str = A, *roles: str) -> Change:
    before = roles or ("x", EDITOR, "y")
    return Change(Verdict.REVOKE, user_id, 0, before, tuple(role for role in before if role != EDITOR))


def grant(user_id: str) -> Change:
    return Change(Verdict.GRANT, user_id, 100, (), (EDITOR,))


def test_only_our_role_is_taken_and_the_journal_tells_it(world: World) -> None:
    [done] = world.perform(revoke())
    assert done.outcome is Outcome.APPLIED
    assert world.sandbox.profile(A)["app_metadata"] == {"roles": ["x", "y"], "plan": 1}
    assert world.journalled() == [("applied", ["x", EDITOR, "y"], ["x", "y"], 200)]
    [effect] = world.sandbox.writes()
    [(run,)] = world.sandbox.query("SELECT run FROM musicctl.runs")
    assert effect.correlation_id == f"{run}/0"


def test_what_stands_there_now_is_what_is_changed(world: World) -> None:
    world.sandbox.add_user("auth0|b", app_metadata={"roles": ["z"]})
    world.facts["auth0|b"] = (100, None)
    world.perform(grant("auth0|b"), revoke(A, EDITOR))
    assert world.sandbox.roles("auth0|b") == ["z", EDITOR]
    assert world.sandbox.roles(A) == ["x", "y"]


def test_who_has_it_already_and_who_is_gone_cost_a_read(world: World) -> None:
    world.sandbox.add_user("auth0|b", app_metadata={"roles": [EDITOR]})
    world.sandbox.add_user("auth0|odd", app_metadata={"roles": {"no": "list"}})
    world.facts |= {"auth0|b": (100, None), "auth0|nobody": (100, None), "auth0|odd": (100, None)}
    done = world.perform(grant("auth0|b"), grant("auth0|nobody"), grant("auth0|odd"))
    assert {each.change.user_id: each.outcome for each in done} == {
        "auth0|b": Outcome.ALREADY,
        "auth0|nobody": Outcome.GONE,
        "auth0|odd": Outcome.CONFLICT,
    }
    assert (world.sent("GET"), world.sent("PATCH")) == (3, 0)
    assert world.journalled() == [
        ("already", [EDITOR], [EDITOR], None),
        ("gone", None, None, None),
        ("conflict", None, None, None),
    ]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ((100, None), "plays are 100 now"),
        ((None, None), "plays are unknown now"),
        ((0, Pin.GRANTED), "pinned as granted now"),
    ],
)
def test_what_is_no_longer_wanted_is_not_even_read(world: World, facts: Facts, said: str) -> None:
    world.facts[A] = facts
    [done] = world.perform(revoke())
    assert (done.outcome, done.detail) == (Outcome.OVERTAKEN, said)
    assert world.between.seen == []


LOST = [
    cut,
    answering(500, b'{"message":"Internal error."}'),
    answering(200, b"<html>", "text/html"),
    answering(200, b'{"user_id":', "application/json"),
]


@pytest.mark.parametrize("how", LOST)
def test_a_write_whose_reply_is_lost_is_looked_at_and_not_sent_again(world: World, how: Misbehaviour) -> None:
    world.between.misbehave("PATCH", how)
    [done] = world.perform(revoke())
    assert done.outcome is Outcome.APPLIED
    assert (world.sent("PATCH"), len(world.sandbox.writes())) == (1, 1)
    assert world.journalled() == [("applied", ["x", EDITOR, "y"], ["x", "y"], None)]


def test_a_write_that_nobody_can_look_at_stays_unknown(world: World) -> None:
    def cut_now_and_later(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        world.between.misbehave("GET", answering(400, b'{"message":"no"}'))
        cut(handler, body, status)

    world.between.misbehave("PATCH", cut_now_and_later)
    [done] = world.perform(revoke())
    assert done.outcome is Outcome.UNKNOWN
    assert world.journalled() == [("unknown", ["x", EDITOR, "y"], ["x", "y"], None)]


def test_a_refused_credential_stops_the_run(world: World) -> None:
    users = [f"auth0|u{number}" for number in range(50)]
    for user_id in users:
        world.sandbox.add_user(user_id, app_metadata={"roles": [EDITOR]})
        world.facts[user_id] = (0, None)
    world.between.misbehave("PATCH", answering(403, b'{"message":"no"}'))
    with pytest.raises(DeniedError):
        world.perform(*(revoke(user_id, EDITOR) for user_id in users))
    assert world.sent("PATCH") <= 8
    states = {state for state, *_ in world.journalled()}
    assert "failed" in states
    assert states <= {"failed", "intended", "sent", "unsent"}


def test_one_that_fails_leaves_the_others_alone(world: World) -> None:
    for user_id in ("auth0|good", "auth0|bad"):
        world.sandbox.add_user(user_id, app_metadata={"roles": [EDITOR]})
        world.facts[user_id] = (0, None)
    world.between.misbehave("GET", answering(400, b'{"message":"odd"}'), "/api/v2/users/auth0%7Cbad")
    done = world.perform(revoke("auth0|bad", EDITOR), revoke("auth0|good", EDITOR))
    assert {each.change.user_id: each.outcome for each in done} == {
        "auth0|good": Outcome.APPLIED,
        "auth0|bad": Outcome.FAILED,
    }


def test_after_a_429_the_user_is_read_again(world: World) -> None:
    def refuse_once(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        # The relay has passed the request on: put the user back, as if the tenant had refused it.
        world.between.misbehaviour = None
        user = world.sandbox.tenant.get_user(A)
        assert user is not None
        changed = '{"roles": ["x", "playlist editor", "y", "added meanwhile"]}'
        world.sandbox.tenant.put_user(user._replace(app_metadata=changed))
        answering(429, b'{"message":"Global limit has been reached"}')(handler, body, status)

    world.between.misbehave("PATCH", refuse_once)
    [done] = world.perform(revoke())
    assert done.outcome is Outcome.APPLIED
    assert world.sandbox.roles(A) == ["x", "y", "added meanwhile"]
    assert world.journalled() == [
        ("applied", ["x", EDITOR, "y", "added meanwhile"], ["x", "y", "added meanwhile"], 200)
    ]


def test_a_read_that_is_a_second_old_is_not_written_from(world: World) -> None:
    """The journal is slow for a while, and meanwhile somebody else edits the roles."""
    other = world.database.another()
    locked = threading.Event()

    def lock() -> None:
        def work(cursor: object) -> None:
            cursor.execute("LOCK TABLE musicctl.changes")  # type: ignore[attr-defined]
            locked.set()
            time.sleep(1.5)

        other.run(work, doing="lock the journal")

    def edit_after_reading(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        world.between.misbehaviour = None
        locker.start()
        assert locked.wait(60)
        user = world.sandbox.tenant.get_user(A)
        assert user is not None
        world.sandbox.tenant.put_user(user._replace(app_metadata='{"roles": ["playlist editor", "new"]}'))
        answering(200, b'{"user_id":"auth0|a","app_metadata":{"roles":["playlist editor"]}}')(
            handler, body, status
        )

    locker = threading.Thread(target=lock)
    world.between.misbehave("GET", edit_after_reading)
    [done] = world.perform(revoke())
    locker.join()
    other.close()
    assert done.outcome is Outcome.APPLIED
    assert world.sandbox.roles(A) == ["new"]
    assert (world.sent("GET"), world.sent("PATCH")) == (2, 1)


def test_what_was_only_being_read_at_a_stop_stays_as_intended(world: World) -> None:
    def stop(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        world.tenant.stop()
        answering(503, b"{}")(handler, body, status)

    world.between.misbehave("GET", stop)
    with pytest.raises(StoppedError):
        world.perform(revoke())
    assert world.journalled() == [("intended", None, None, None)]
    assert world.sent("PATCH") == 0


def test_a_lost_write_that_a_stop_leaves_without_a_look_is_left_to_the_next_run(world: World) -> None:
    def stop(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        world.tenant.stop()
        cut(handler, body, status)

    world.between.misbehave("PATCH", stop)
    with pytest.raises(StoppedError):
        world.perform(revoke())
    [(state, *_)] = world.journalled()
    assert state == "sent"


def test_nothing_is_sent_once_the_lease_is_lost(world: World) -> None:
    taken = lease.take(world.database, "roles", this_process("bob@cron"), gone=world.lease.fence.token)
    assert taken is not None
    with pytest.raises(LeaseLostError):
        world.perform(revoke())
    assert world.sent("PATCH") == 0
    assert world.journalled() == [("intended", None, None, None)]


def test_nothing_is_sent_when_the_journal_cannot_be_written(world: World) -> None:
    world.sandbox.query(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END$$;"
        " CREATE TRIGGER full_disk BEFORE UPDATE ON musicctl.changes EXECUTE FUNCTION refuse()"
    )
    try:
        with pytest.raises(MusicctlError, match="no space left"):
            world.perform(revoke())
    finally:
        world.sandbox.query("DROP FUNCTION refuse CASCADE")
    assert world.sent("PATCH") == 0


def test_restoring_brings_the_exact_array_back(world: World) -> None:
    was = ("x", EDITOR, "y")
    undo = Change(Verdict.GRANT, A, None, ("x", "y"), was)
    world.perform(revoke())
    [done] = world.perform(undo, restoring=True)
    assert done.outcome is Outcome.APPLIED
    assert world.sandbox.roles(A) == list(was)


@pytest.mark.parametrize(
    ("there", "outcome", "after"),
    [
        (["x", "y", "new"], Outcome.APPLIED, ["x", "y", "new", EDITOR]),
        ([EDITOR], Outcome.CONFLICT, [EDITOR]),
        ("z", Outcome.APPLIED, ["z", EDITOR]),
    ],
)
def test_restoring_touches_what_is_ours_where_others_edited(
    world: World, there: object, outcome: Outcome, after: list[str]
) -> None:
    world.sandbox.add_user("auth0|b", app_metadata={"roles": there})
    undo = replace(Change(Verdict.GRANT, A, None, ("x", "y"), ("x", EDITOR, "y")), user_id="auth0|b")
    [done] = world.perform(undo, restoring=True)
    assert done.outcome is outcome
    assert world.sandbox.roles("auth0|b") == after
