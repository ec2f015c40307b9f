"""Undo, told through the program: what a run left becomes what it was before, and what others did stays."""

import json
import random

import pytest

from tests.program import Program, Sandbox

EDITOR = "playlist editor"
ARRAYS: tuple[object, ...] = (
    ["a", EDITOR, "b"],
    [EDITOR, "a", EDITOR],
    ["b", "a"],
    [],
    None,
    "beta",
    EDITOR,
    [EDITOR],
    ["x", "x", "y"],
)


@pytest.fixture
def crowd(sandbox: Sandbox) -> Sandbox:
    """Two whom a sync grants the role, and two whom it takes it from."""
    sandbox.add_user("auth0|up1", plays=100, app_metadata={"roles": ["b", "a"], "plan": 1})
    sandbox.add_user("auth0|up2", plays=500)
    sandbox.add_user("auth0|down1", plays=99, app_metadata={"roles": ["a", EDITOR, "b"]})
    sandbox.add_user("auth0|down2", plays=0, app_metadata={"roles": [EDITOR, "a", EDITOR]})
    return sandbox


def edit(sandbox: Sandbox, user_id: str, roles: object) -> None:
    """Write roles as another administrator would."""
    user = sandbox.tenant.get_user(user_id)
    assert user is not None
    metadata = json.loads(user.app_metadata or "{}") | {"roles": roles}
    sandbox.tenant.put_user(user._replace(app_metadata=json.dumps(metadata)))


def held(sandbox: Sandbox, user_id: str) -> list[str]:
    """Return the roles as a list, in whichever shape they are."""
    roles = sandbox.roles(user_id)
    return [roles] if isinstance(roles, str) else roles or []


def synced(program: Program) -> str:
    """Sync, whatever the guards think of it, and return the run."""
    shown = program("roles", "plan", "--json").json
    ended = program("roles", "sync", "--yes", "--accept-plan", shown["plan"], "--json")
    assert ended.code == 0, ended.err
    return str(ended.json["run"])


@pytest.mark.parametrize("seed", range(3))
def test_every_untouched_user_gets_the_exact_roles_back(
    sandbox: Sandbox, program: Program, seed: int
) -> None:
    """Users of every shape; others are edited by somebody else after the sync, in our role or around it."""
    chance = random.Random(seed)
    users = [f"auth0|u{number:02}" for number in range(36)]
    for user_id in users:
        plays, roles = chance.choice([0, 99, 100, 5000, None]), chance.choice(ARRAYS)
        sandbox.add_user(user_id, plays=plays, app_metadata={"roles": roles, "plan": "x"})
    before = {user_id: held(sandbox, user_id) for user_id in users}
    run = synced(program)
    changed = {write.user_id for write in sandbox.writes()}
    assert len(changed) > 5
    ours, around = set(), set()
    for user_id in sorted(filter(None, changed)):
        there = held(sandbox, user_id)
        kind = chance.choice(["none", "none", "ours", "around"])
        if kind == "ours":
            ours.add(user_id)
            flipped = [role for role in there if role != EDITOR] if EDITOR in there else ["new", EDITOR]
            edit(sandbox, user_id, flipped)
        elif kind == "around":
            around.add(user_id)
            edit(sandbox, user_id, ["new", *there])
    after = {user_id: held(sandbox, user_id) for user_id in users}
    ended = program("undo", run, "--yes", "--json")
    assert ended.code == (5 if ours else 0)
    assert {problem["user_id"] for problem in ended.json["problems"]} == ours
    for user_id in users:
        now = held(sandbox, user_id)
        if user_id in ours or user_id not in changed:
            assert now == after[user_id]
        elif user_id in around:
            assert now[0] == "new"
            assert (EDITOR in now) is (EDITOR in before[user_id])
            assert [role for role in now[1:] if role != EDITOR] == [
                role for role in before[user_id] if role != EDITOR
            ]
        else:
            assert now == before[user_id]
    assert all(sandbox.profile(user_id)["app_metadata"]["plan"] == "x" for user_id in users)


def test_an_undo_is_a_run_and_can_be_undone(crowd: Sandbox, program: Program) -> None:
    run = synced(program)
    left = {user_id: held(crowd, user_id) for user_id in ("auth0|up1", "auth0|down1", "auth0|down2")}
    undone = program("undo", "last", "--yes", "--json")
    assert (undone.code, undone.json["applied"]) == (0, {"grant": 2, "revoke": 2})
    assert (undone.json["undoes"], undone.json["restored"], undone.json["problems"]) == (run, 4, [])
    assert held(crowd, "auth0|down2") == [EDITOR, "a", EDITOR]
    assert crowd.query(
        "SELECT command, undoes, role, outcome FROM musicctl.runs WHERE undoes IS NOT NULL"
    ) == [("undo", run, EDITOR, "ok")]
    redone = program("undo", "last", "--yes", "--json")
    assert (redone.code, redone.json["undoes"]) == (0, undone.json["run"])
    assert {user_id: held(crowd, user_id) for user_id in left} == left
    again = program("undo", run, "--yes", "--json")
    assert (again.code, again.json["restored"]) == (0, 4)
    assert held(crowd, "auth0|down1") == ["a", EDITOR, "b"]


def test_undone_twice_there_is_nothing_left_to_restore(crowd: Sandbox, program: Program) -> None:
    run = synced(program)
    assert program("undo", run, "--yes").code == 0
    writes = len(crowd.writes())
    twice = program("undo", run, "--yes", "--json")
    assert (twice.code, twice.error["code"]) == (4, "refused")
    assert (twice.json["restored"], twice.json["conflict"]) == (0, 4)
    assert len(crowd.writes()) == writes


def test_what_nothing_was_changed_by_has_nothing_to_undo(crowd: Sandbox, program: Program) -> None:
    synced(program)
    empty = synced(program)
    asked = len(crowd.requests())
    ended = program("undo", empty, "--yes", "--json")
    assert (ended.code, ended.json["run"], ended.json["restored"]) == (4, None, 0)
    assert len(crowd.requests()) == asked


def test_the_mirror_follows_so_that_the_next_sync_does_it_all_again(crowd: Sandbox, program: Program) -> None:
    run = synced(program)
    ended = program("undo", run, "--yes", "--json")
    assert ended.json["reversals"] == 4
    assert "the next sync would change 4 of them again" in ended.err
    assert "musicctl roles hold" in ended.err
    assert program("roles", "sync", "--yes", "--json").json["applied"] == {"grant": 2, "revoke": 2}
    assert held(crowd, "auth0|up1") == ["b", "a", EDITOR]


def test_pinned_as_they_are_the_next_sync_leaves_them_alone(crowd: Sandbox, program: Program) -> None:
    run = synced(program)
    crowd.set_plays("auth0|down1", 100)
    ended = program("undo", run, "--yes", "--pin", "2999-01-01", "--json")
    assert (ended.code, ended.json["pinned"], ended.json["reversals"]) == (0, 3, 0)
    assert "next sync" not in ended.err
    pins = program("roles", "pins", "--json").json
    assert [(pin["user_id"], pin["state"]) for pin in pins] == [
        ("auth0|down2", "granted"),
        ("auth0|up1", "revoked"),
        ("auth0|up2", "revoked"),
    ]
    assert {(pin["reason"], pin["until"]) for pin in pins} == {(f"undo of {run}", "2999-01-01T00:00:00Z")}
    assert program("roles", "sync", "--yes", "--json").json["applied"] == {"grant": 0, "revoke": 0}
    assert held(crowd, "auth0|down2") == [EDITOR, "a", EDITOR]


def test_whom_a_pin_speaks_against_is_skipped_and_named(crowd: Sandbox, program: Program) -> None:
    run = synced(program)
    for user_id, state in (("auth0|up1", "granted"), ("auth0|up2", "revoked"), ("auth0|down1", "revoked")):
        program("roles", "pin", user_id, "--state", state, "--reason", "staff")
    ended = program("undo", run, "--yes", "--json")
    assert (ended.code, ended.json["restored"], ended.json["conflict"]) == (5, 2, 2)
    assert ended.json["problems"] == [
        {"user_id": "auth0|down1", "state": "conflict", "detail": "pinned as revoked"},
        {"user_id": "auth0|up1", "state": "conflict", "detail": "pinned as granted"},
    ]
    assert held(crowd, "auth0|up1") == ["b", "a", EDITOR]
    assert crowd.roles("auth0|up2") == []


def test_a_promotion_and_roles_given_by_hand(crowd: Sandbox, program: Program) -> None:
    promoted = program("promote", "auth0|up1", "auth0|down1", "--json").json["run"]
    assert program("undo", promoted, "--yes", "--json").json["applied"] == {"grant": 1, "revoke": 1}
    assert (held(crowd, "auth0|up1"), held(crowd, "auth0|down1")) == (["b", "a"], ["a", EDITOR, "b"])
    given = program("roles", "grant", "auth0|up2", "--json").json["run"]
    taken = program("roles", "revoke", "auth0|down2", "--json").json["run"]
    assert program("undo", given, "--yes").code == program("undo", taken, "--yes").code == 0
    assert (held(crowd, "auth0|up2"), held(crowd, "auth0|down2")) == ([], [EDITOR, "a", EDITOR])


def test_who_is_gone_meanwhile_is_no_success(crowd: Sandbox, program: Program) -> None:
    run = synced(program)
    crowd.tenant.delete_user("auth0|up2")
    ended = program("undo", run, "--yes", "--json")
    assert (ended.code, ended.json["gone"], ended.json["restored"]) == (5, 1, 3)


def test_what_was_never_known_counts_as_done(crowd: Sandbox, program: Program) -> None:
    """The tenant shows whether it stands: whoever has the role as the run wanted it is brought back."""
    run = synced(program)
    edit(crowd, "auth0|down1", ["b", EDITOR])
    crowd.query("UPDATE musicctl.changes SET state = 'unknown' WHERE user_id IN ('auth0|up1', 'auth0|down1')")
    crowd.query("UPDATE musicctl.changes SET state = 'failed' WHERE user_id = 'auth0|up2'")
    ended = program("undo", run, "--yes", "--json")
    assert (ended.code, ended.json["conflict"], ended.json["restored"]) == (5, 1, 2)
    assert [problem["user_id"] for problem in ended.json["problems"]] == ["auth0|down1"]
    assert held(crowd, "auth0|up1") == ["b", "a"]
    assert held(crowd, "auth0|up2") == [EDITOR]


def test_a_display_name(crowd: Sandbox, program: Program) -> None:
    crowd.add_user("auth0|ringo", user_metadata={"displayName": "Ringo", "theme": "dark"})
    program("profile", "set-name", "auth0|ringo", "Starr", "--json")
    program("profile", "set-name", "auth0|up1", "Up")
    first, second = crowd.query("SELECT run FROM musicctl.runs ORDER BY started_at")
    assert program("undo", first[0], "--yes", "--json").json["restored"] == 1
    assert crowd.profile("auth0|ringo")["user_metadata"] == {"displayName": "Ringo", "theme": "dark"}
    assert program("undo", second[0], "--yes", "--json").code == 0
    assert crowd.profile("auth0|up1")["user_metadata"] == {}
    assert program("undo", "last", "--yes", "--json").code == 0
    assert crowd.profile("auth0|up1")["user_metadata"] == {"displayName": "Up"}
    program("profile", "set-name", "auth0|up1", "Other")
    changed = program("undo", second[0], "--yes", "--json")
    assert (changed.code, changed.json["conflict"]) == (4, 1)
    assert crowd.profile("auth0|up1")["user_metadata"] == {"displayName": "Other"}


def test_plays_and_genres_without_asking_the_tenant(crowd: Sandbox, program: Program) -> None:
    crowd.query("INSERT INTO playlists VALUES ('p1', 'auth0|up1', 'Mix', NULL)")
    plays = program("playlists", "set-plays", "p1", "70", "--json").json["run"]
    program("genres", "set", "auth0|up1", "beat")
    program("genres", "set", "auth0|up1", "skiffle")
    assert program("undo", "last", "--yes", "--json").json["restored"] == 1
    assert program("genres", "show", "auth0|up1", "--json").json["fav_genre"] == "beat"
    assert program("undo", plays, "--yes", "--json").code == 0
    assert crowd.query("SELECT total_plays FROM playlists WHERE playlist_id = 'p1'") == [(None,)]
    assert program("undo", "last", "--yes").code == 0
    assert crowd.query("SELECT total_plays FROM playlists WHERE playlist_id = 'p1'") == [(70,)]
    crowd.query("UPDATE playlists SET total_plays = 71 WHERE playlist_id = 'p1'")
    changed = program("undo", plays, "--yes", "--json")
    assert (changed.code, changed.json["run"], changed.json["restored"]) == (4, None, 0)
    assert changed.json["problems"][0]["detail"] == "it was changed since the run, and is 71 now"
    assert crowd.requests() == []


def test_a_dry_run_shows_whom_and_why_not(crowd: Sandbox, program: Program) -> None:
    run = synced(program)
    edit(crowd, "auth0|up1", ["b"])
    writes = len(crowd.writes())
    shown = program("undo", run, "--dry-run", "--json")
    assert shown.code == 5
    [written] = crowd.query("SELECT actor FROM musicctl.runs WHERE run = %s", run)
    document = shown.json
    assert (document.pop("actor"), document.pop("command")) == (*written, "roles sync")
    assert document.pop("started_at").startswith("20")
    assert document == {
        "undoes": run,
        "field": "roles",
        "seen": "tenant",
        "reversals": 3,
        "changes": [
            {
                "user_id": "auth0|down1",
                "verdict": "grant",
                "before": ["a", "b"],
                "after": ["a", EDITOR, "b"],
            },
            {
                "user_id": "auth0|down2",
                "verdict": "grant",
                "before": ["a"],
                "after": [EDITOR, "a", EDITOR],
            },
            {"user_id": "auth0|up2", "verdict": "revoke", "before": [EDITOR], "after": []},
        ],
        "skipped": [
            {
                "user_id": "auth0|up1",
                "state": "conflict",
                "detail": "the role was taken away since the run",
            }
        ],
    }
    people = program("undo", run, "--dry-run").out
    assert "which wrote roles, by what the tenant has now:\n3 to restore, 1 to skip.\n" in people
    assert "The next sync would change 3 again; --pin DATE" in people
    assert len(crowd.writes()) == writes
    assert len(crowd.query("SELECT 1 FROM musicctl.runs")) == 1


def test_a_long_dry_run_asks_the_mirror(sandbox: Sandbox, program: Program) -> None:
    users = [f"auth0|u{number:03}" for number in range(101)]
    for user_id in users:
        sandbox.add_user(user_id, plays=100, app_metadata={"roles": ["x"]})
    run = synced(program)
    sandbox.query("UPDATE musicctl.tenant_users SET roles = '{x}' WHERE user_id = 'auth0|u000'")
    sandbox.query(
        "UPDATE musicctl.tenant_users SET roles = NULL, unreadable = 'odd' WHERE user_id = 'auth0|u001'"
    )
    sandbox.query("DELETE FROM musicctl.tenant_users WHERE user_id = 'auth0|u002'")
    asked = len(sandbox.requests())
    shown = program("undo", run, "--dry-run", "--json").json
    assert (shown["seen"], len(shown["changes"])) == ("mirror", 98)
    assert [(each["user_id"], each["state"]) for each in shown["skipped"]] == [
        ("auth0|u000", "conflict"),
        ("auth0|u001", "conflict"),
        ("auth0|u002", "gone"),
    ]
    assert len(sandbox.requests()) == asked


def test_an_undo_obeys_the_hold_and_the_lease(crowd: Sandbox, program: Program) -> None:
    run = synced(program)
    program("roles", "hold", "--reason", "audit")
    assert program("undo", run, "--yes").code == 4
    program("roles", "release")
    crowd.query(
        "UPDATE musicctl.lease SET released = false, host = 'elsewhere',"
        " expires_at = clock_timestamp() + interval '1 minute' WHERE name = 'roles'"
    )
    taken = program("undo", run, "--yes", "--json")
    assert (taken.code, taken.error["code"]) == (75, "busy")
    crowd.query("UPDATE musicctl.runs SET finished_at = NULL, outcome = NULL")
    assert program("undo", run, "--dry-run").code == 75
    assert len(crowd.writes()) == 4
