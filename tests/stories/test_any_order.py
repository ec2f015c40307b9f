"""Plays change, other admins edit, runs are made, cut off, taken back and recovered, in any order.

What holds after every step: each effect in the tenant has a committed intent, each outcome is true, and no
role but ours is ever touched. What holds after a sync: everyone stands as the rule says, and another sync
right away writes nothing.
"""

import json
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.faults.crashing import DIED, POINTS
from tests.faults.processes import EDITOR, ended, running
from tests.faults.processes import settings as environment
from tests.program import Program, Sandbox

USERS = [f"auth0|u{number}" for number in range(6)]
GUARDS_OFF = dict.fromkeys(("max_revoke", "max_grant", "min_source", "min_tenant"), "100%")
users = st.sampled_from(USERS)
roles = st.lists(st.sampled_from(["vip", "staff", EDITOR]), max_size=3, unique=True)


class World(RuleBasedStateMachine):
    """Six listeners and whoever changes something about them; a test says on which sandbox."""

    sandbox: ClassVar[Sandbox]
    folder: ClassVar[Path]
    program: ClassVar[Program]
    alone: ClassVar[dict[str, str]]

    @initialize()
    def empty(self) -> None:
        self.sandbox.clear()
        self.foreign: dict[str, list[str]] = {user_id: [] for user_id in USERS}
        for user_id in USERS:
            self.sandbox.add_user(user_id, plays=0)

    @rule(user_id=users, plays=st.sampled_from([0, 99, 100, 5000]))
    def plays_change(self, user_id: str, plays: int) -> None:
        self.sandbox.set_plays(user_id, plays)

    @rule(user_id=users, to=roles)
    def another_admin_edits(self, user_id: str, to: list[str]) -> None:
        user = self.sandbox.tenant.get_user(user_id)
        assert user is not None
        self.sandbox.tenant.put_user(user._replace(app_metadata=json.dumps({"roles": to})))
        self.foreign[user_id] = [role for role in to if role != EDITOR]

    @rule()
    def a_sync(self) -> None:
        told = self.program("roles", "sync", "--refresh", "--json")
        assert told.code == 0, told.err
        written = len(self.sandbox.writes())
        assert self.program("roles", "sync", "--json").code == 0
        assert len(self.sandbox.writes()) == written
        for user_id in USERS:
            [(plays,)] = self.sandbox.query(
                "SELECT sum(total_plays) FROM playlists WHERE user_id = %s", user_id
            )
            assert (EDITOR in (self.sandbox.roles(user_id) or [])) is (plays >= 100)
        self.nothing_is_open()

    @rule(point=st.sampled_from(POINTS), turn=st.integers(1, 2), fault=st.sampled_from(["", "cut-before"]))
    def a_sync_that_dies(self, point: str, turn: int, fault: str) -> None:
        deadly = ("tests.faults.crashing", str(self.folder), point, str(turn), fault)
        with running(self.alone, "roles", "sync", "--refresh", "--json", module=deadly) as process:
            assert ended(process)[0] in (DIED, 0)
        self.sandbox.tenant.write("DELETE FROM faults")

    @rule()
    def an_undo(self) -> None:
        holders = {user_id: EDITOR in (self.sandbox.roles(user_id) or []) for user_id in USERS}
        told = self.program("undo", "last", "--yes", "--json")
        assert told.code in (0, 3, 4, 5), told.err
        changed = {
            user_id
            for user_id in USERS
            if holders[user_id] != (EDITOR in (self.sandbox.roles(user_id) or []))
        }
        applied = told.json["applied"] if told.out else {"grant": 0, "revoke": 0}
        assert len(changed) <= applied["grant"] + applied["revoke"]

    @rule()
    def a_recovery(self) -> None:
        assert self.program("history", "recover", "--json").code == 0
        self.nothing_is_open()

    @invariant()
    def no_role_but_ours_is_touched(self) -> None:
        for user_id, kept in getattr(self, "foreign", {}).items():
            now = [role for role in self.sandbox.roles(user_id) or [] if role != EDITOR]
            assert now == kept, user_id

    @invariant()
    def every_effect_has_an_intent_and_every_outcome_is_true(self) -> None:
        effects = {effect.correlation_id for effect in self.sandbox.writes()}
        states = dict(self.sandbox.query("SELECT run || '/' || seq, state FROM musicctl.changes"))
        assert effects <= set(states)
        for name, state in states.items():
            if state == "applied":
                assert name in effects
            elif state not in ("sent", "unknown"):
                assert name not in effects, (name, state)

    def nothing_is_open(self) -> None:
        open_ones = "SELECT count(*) FROM musicctl.changes WHERE state IN ('intended', 'sent')"
        assert self.sandbox.query(open_ones) == [(0,)]
        assert self.sandbox.query("SELECT count(*) FROM musicctl.runs WHERE finished_at IS NULL") == [(0,)]


@pytest.mark.timeout(600)
def test_in_any_order(
    sandbox: Sandbox, sandbox_folder: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSICCTL_PROFILE")
    for name, value in environment(sandbox, threads="2", settle="0.3s", **GUARDS_OFF).items():
        monkeypatch.setenv(name, value)
    alone = environment(sandbox, threads="1", settle="0.3s", **GUARDS_OFF)
    here = {"sandbox": sandbox, "folder": sandbox_folder, "program": program, "alone": alone}
    run_state_machine_as_test(
        type("Here", (World,), here),
        settings=settings(
            max_examples=5,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
