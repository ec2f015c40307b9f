"""Display names as journalled runs, over a relay: what is sent, what the journal says, and how it ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

import pytest

from musicctl.errors import DeniedError, MusicctlError, NotFoundError, UsageError
from musicctl.operations.names import profile, writing
from musicctl.operations.names.writing import NameChange, NameRestoring
from musicctl.operations.runs.context import Pace
from musicctl.operations.who import Who
from musicctl.policy.report import Report
from musicctl.secret import Secret
from musicctl.store.database import Database
from musicctl.tenant.client import Tenant
from musicctl.tenant.token import Credentials
from tests.program import Sandbox
from tests.tenant.relay import Misbehaviour, Relay, answering, cut, relay

A = "auth0|a"
WHO = Who(actor="ann@desk", present=False, profile="p")


@dataclass
class World:
    """A sandbox with a relay before its tenant."""

    sandbox: Sandbox
    between: Relay
    database: Database
    tenant: Tenant

    def set_name(self, name: str) -> tuple[dict[str, object], str | None]:
        return profile.set_name(self.database, self.tenant, A, name, settle=0.05, freshness=1.0, who=WHO)

    def restore(self, *changes: NameChange) -> Report:
        pace = Pace(threads=2, settle=0.05, progress=lambda _done: None, began=0.0)
        return writing.run(
            self.database,
            self.tenant,
            changes,
            NameRestoring(),
            new=WHO.run("undo"),
            lease=None,
            pace=pace,
        )

    def name(self, user_id: str = A) -> object:
        return (self.sandbox.profile(user_id)["user_metadata"] or {}).get("displayName")

    def journalled(self) -> list[tuple[object, ...]]:
        return self.sandbox.query(
            "SELECT command, outcome, lease, state, before, after FROM musicctl.runs"
            " JOIN musicctl.changes USING (run) ORDER BY started_at, seq"
        )


@pytest.fixture
def world(sandbox: Sandbox) -> Iterator[World]:
    sandbox.add_user(A, user_metadata={"displayName": "Ringo", "theme": "dark"})
    database = Database(Secret(sandbox.state.database_url))
    with relay(sandbox.state) as between:
        credentials = Credentials(
            client_id=sandbox.state.auth0_client_id,
            audience=sandbox.state.auth0_audience,
            client_secret=Secret(sandbox.state.auth0_client_secret),
        )
        tenant = Tenant(between.url, credentials)
        yield World(sandbox, between, database, tenant)
        tenant.close()
    database.close()


def test_a_name_is_set_by_a_run_without_a_lease(world: World) -> None:
    world.sandbox.query("INSERT INTO musicctl.tenant_users (user_id, display_name) VALUES (%s, 'Ringo')", A)
    shown, run = world.set_name(" Starr ")
    assert shown == {"user_id": A, "email": "a@example.com", "display_name": "Starr"}
    assert world.sandbox.profile(A)["user_metadata"] == {"displayName": "Starr", "theme": "dark"}
    assert world.journalled() == [("profile set-name", "ok", None, "applied", "Ringo", "Starr")]
    assert world.sandbox.query("SELECT display_name FROM musicctl.tenant_users") == [("Starr",)]
    [effect] = world.sandbox.writes()
    assert effect.correlation_id == f"{run}/0"


def test_a_name_that_is_so_already_is_no_run(world: World) -> None:
    shown, run = world.set_name("Ringo")
    assert (shown["display_name"], run) == ("Ringo", None)
    assert world.journalled() == []
    assert world.between.sent("PATCH") == 0


@pytest.mark.parametrize("how", [cut, answering(500, b"{}"), answering(200, b"<html>", "text/html")])
def test_a_lost_reply_is_looked_at(world: World, how: Misbehaviour) -> None:
    world.between.misbehave("PATCH", how)
    shown, _ = world.set_name("Starr")
    assert shown["display_name"] == "Starr"
    assert (world.between.sent("PATCH"), len(world.sandbox.writes())) == (1, 1)
    assert world.journalled()[0][1:4] == ("ok", None, "applied")


def test_what_nobody_can_look_at_is_said_to_be_unknown(world: World) -> None:
    def cut_now_and_later(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        world.between.misbehave("GET", answering(400, b'{"message":"no"}'))
        cut(handler, body, status)

    world.between.misbehave("PATCH", cut_now_and_later)
    with pytest.raises(MusicctlError, match="not known"):
        world.set_name("Starr")
    assert world.journalled() == [("profile set-name", "partial", None, "unknown", "Ringo", "Starr")]


@pytest.mark.parametrize(
    ("status", "error", "outcome", "state"),
    [
        (400, MusicctlError, "partial", "failed"),
        (403, DeniedError, "denied", "failed"),
        (404, NotFoundError, "ok", "gone"),
    ],
)
def test_what_the_tenant_refuses(
    world: World, status: int, error: type[MusicctlError], outcome: str, state: str
) -> None:
    world.between.misbehave("PATCH", answering(status, b'{"message":"no","errorCode":"inexistent_user"}'))
    with pytest.raises(error):
        world.set_name("Starr")
    assert world.journalled()[0][:4] == ("profile set-name", outcome, None, state)


def test_nothing_is_sent_where_it_cannot_be_journalled(world: World) -> None:
    world.sandbox.query("ALTER TABLE musicctl.changes RENAME TO away")
    try:
        with pytest.raises(MusicctlError):
            world.set_name("Starr")
    finally:
        world.sandbox.query("ALTER TABLE musicctl.away RENAME TO changes")
    assert world.between.sent("PATCH") == 0
    with pytest.raises(UsageError):
        world.set_name(" ")
    assert world.name() == "Ringo"


def test_a_name_that_was_no_text_is_journalled_as_it_was(world: World) -> None:
    world.sandbox.add_user("auth0|b", user_metadata={"displayName": {"first": "B"}})
    profile.set_name(world.database, world.tenant, "auth0|b", "B", settle=0.05, freshness=1.0, who=WHO)
    assert world.name("auth0|b") == "B"
    assert world.journalled()[0][3:] == ("applied", {"first": "B"}, "B")


def test_names_are_restored_where_the_run_left_them(world: World) -> None:
    world.sandbox.add_user("auth0|none", user_metadata={"displayName": "Left"})
    world.sandbox.add_user("auth0|odd", user_metadata=["odd"])
    report = world.restore(
        NameChange(A, "Richard", "Ringo"),
        NameChange("auth0|none", None, "Left"),
        NameChange("auth0|odd", "x", "y"),
        NameChange("auth0|nobody", "x", "y"),
    )
    assert (world.name(), world.name("auth0|none")) == ("Richard", None)
    assert (report.conflict, report.gone, report.exit) == (1, 1, 5)
    assert [problem.detail for problem in report.problems] == ["user_metadata is no object"]
    twice = world.restore(NameChange(A, "Richard", "Ringo"))
    assert twice.problems[0].detail == "the name was changed since the run"
    assert world.name() == "Richard"


def test_what_the_tenant_refuses_of_many_keeps_nobody_from_being_tried(world: World) -> None:
    world.between.misbehave("GET", answering(400, b'{"message":"no"}'))
    report = world.restore(*(NameChange(f"auth0|{number}", "x", "y") for number in range(50)))
    assert (report.failed, report.unsent) == (50, 0)
    assert world.journalled()[0][1] == "partial"
    assert {state for _, _, _, state, *_ in world.journalled()} == {"failed"}
