"""A plan for people and for machines."""

from dataclasses import replace
from datetime import UTC, datetime

from musicctl.policy.guards import Danger
from musicctl.policy.plan import Change, Counts, Plan, in_order
from musicctl.policy.rule import Rule, Verdict
from musicctl.render.plan import ON_A_TERMINAL, plan_document, plan_text
from tests.render.hostile import STRINGS, forbidden

RULE = Rule("playlist editor", 100)
EDITOR = ("playlist editor",)


def grant(user_id: str, plays: int | None) -> Change:
    return Change(Verdict.GRANT, user_id, plays, (), EDITOR)


def plan_of(*changes: Change) -> Plan:
    return Plan(rule=RULE, changes=in_order(changes), counts=Counts(grant=len(changes)))


PLAN = Plan(
    rule=RULE,
    changes=(
        grant("auth0|b", 100),
        Change(Verdict.REVOKE, "auth0|a", 99, ("vip", *EDITOR), ("vip",)),
    ),
    counts=Counts(grant=1, revoke=1, keep=1041, unknown=1, pinned=2, unreadable=3, missing=4),
    tenant_as_of=datetime(2026, 11, 22, 14, 0, tzinfo=UTC),
    dangers=(Danger("max_revoke", 1, 0, "1 of \x1b1, more than 0"),),
)


def test_the_document_has_the_keys_that_scripts_rely_on() -> None:
    assert plan_document(PLAN) == {
        "plan": PLAN.fingerprint,
        "role": "playlist editor",
        "threshold": 100,
        "tenant_as_of": PLAN.tenant_as_of,
        "counts": {
            "grant": 1,
            "revoke": 1,
            "keep": 1041,
            "unknown": 1,
            "pinned": 2,
            "unreadable": 3,
            "missing": 4,
        },
        "dangers": ["max_revoke: 1 of \x1b1, more than 0"],
        "lost": {"sync": 0, "promote": 0, "by_hand": 0},
        "failed_lately": [],
        "changes": [
            {
                "user_id": "auth0|b",
                "plays": 100,
                "verdict": "grant",
                "roles_before": [],
                "roles_after": ["playlist editor"],
            },
            {
                "user_id": "auth0|a",
                "plays": 99,
                "verdict": "revoke",
                "roles_before": ["vip", "playlist editor"],
                "roles_after": ["vip"],
            },
        ],
    }


def test_people_see_both_groups_and_every_count() -> None:
    assert plan_text(PLAN, terminal=None).splitlines() == [
        f"Plan {PLAN.fingerprint}: playlist editor at 100 plays.",
        "The tenant as of 2026-11-22 14:00:00 UTC.",
        "",
        "1 to be granted:",
        "user_id  plays  other roles",
        "auth0|b    100  none",
        "",
        "1 to be taken away:",
        "user_id  plays  other roles",
        "auth0|a     99  vip",
        "",
        "1 to grant, 1 to revoke.",
        "1,041 holders keep it.",
        "1 holder keeps it for now: their plays are unknown.",
        "2 users are pinned.",
        "3 users are not touched: their roles cannot be read.",
        "4 owners at the bar: no such user in the tenant.",
        r"Danger: max_revoke: 1 of \x1b1, more than 0",
    ]


def test_the_largest_plays_come_first_and_unknown_ones_last() -> None:
    lines = plan_text(plan_of(grant("a", None), grant("b", 100), grant("c", 900)), terminal=None).splitlines()
    assert [line.split()[0] for line in lines[4:7]] == ["c", "b", "a"]


def test_a_terminal_is_told_how_many_more_there_are() -> None:
    many = plan_of(*(grant(f"auth0|{plays}", plays) for plays in range(100, 1200)))
    lines = plan_text(many, terminal=80).splitlines()
    assert len([line for line in lines if line.startswith("auth0|")]) == ON_A_TERMINAL
    assert "… and 1,085 more; `musicctl roles plan -o csv` shows all" in lines


def test_a_pipe_is_given_the_whole_plan() -> None:
    many = plan_of(*(grant(f"auth0|{plays}", plays) for plays in range(100, 1200)))
    text = plan_text(many, terminal=None)
    assert text.count("\nauth0|") == 1100
    assert "more" not in text


def test_a_plan_without_changes_has_no_groups() -> None:
    assert plan_text(replace(PLAN, changes=(), dangers=()), terminal=80).count("to be") == 0


def test_ids_and_roles_of_others_are_safe() -> None:
    changes = [
        Change(Verdict.GRANT, f"auth0|{at}{text}", 100, (text,), (text, *EDITOR))
        for at, text in enumerate(STRINGS)
    ]
    lines = plan_text(plan_of(*changes), terminal=None).split("\n")
    assert len([line for line in lines if line.startswith("auth0|")]) == len(STRINGS)
    assert [forbidden(line) for line in lines] == [[] for _ in lines]
