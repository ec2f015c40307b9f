"""The journal is evidence, not an order: whoever may insert into it moves no role but ours, by no command."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from tests.faults.processes import EDITOR
from tests.program import Program, Sandbox, query

RUN = "20260101-000000-aaaa"
ADMIN = "tenant-admin"
Forge = Callable[..., None]


@pytest.fixture(params=["a role with INSERT alone", "superuser"])
def forge(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Forge]:
    """Write a run with one change into the journal, by an account that may do that alone, or everything."""
    everything = sandbox.state.database_url.replace("//musicctl", "//postgres", 1)
    query(everything, "CREATE ROLE forger")
    query(everything, "GRANT USAGE ON SCHEMA musicctl TO forger")
    query(everything, "GRANT INSERT ON musicctl.runs, musicctl.changes TO forger")

    def insert(
        field: str = "roles",
        before: object = (EDITOR, ADMIN),
        after: object = (),
        user_id: str | None = "auth0|a",
        **others: object,
    ) -> None:
        run: dict[str, object] = {
            "command": "roles sync",
            "role": EDITOR,
            "lease": "roles",
            "token": 1,
            "outcome": "ok",
        }
        change: dict[str, object] = {"verdict": "revoke", "state": "applied", "target": None, "seq": 0}
        for name, value in others.items():
            (run if name in run else change)[name] = value
        run |= {"run": RUN, "actor": "mallory@x", "present": False, "profile": "p"}
        change |= {"run": RUN, "field": field, "user_id": user_id}
        change |= {"before": json.dumps(before), "after": json.dumps(after)}
        with (
            closing(psycopg2.connect(everything)) as connection,
            connection.cursor() as cursor,
        ):
            if request.param != "superuser":
                cursor.execute("SET LOCAL ROLE forger")
            row(cursor, "runs", run, more=", started_at, finished_at", values=", now(), now()")
            row(cursor, "changes", change)
            connection.commit()

    yield insert
    query(everything, "DROP OWNED BY forger")
    query(everything, "DROP ROLE forger")


def row(cursor: Any, table: str, values_of: dict[str, object], more: str = "", values: str = "") -> None:
    names, marks = ", ".join(values_of), ", ".join(["%s"] * len(values_of))
    cursor.execute(
        f"INSERT INTO musicctl.{table} ({names}{more}) VALUES ({marks}{values})", list(values_of.values())
    )


def undone(sandbox: Sandbox, program: Program, roles: list[str], code: int) -> None:
    """Undo the forged run, whatever comes of it, and expect these roles and this end; previews come first."""
    dry = program("undo", RUN, "--dry-run", "--json")
    ended = program("undo", "last", "--yes", "--json")
    assert sandbox.roles("auth0|a") == roles
    assert (dry.code, ended.code) == (code, code), (dry, ended)
    assert program("history", "show", RUN).code == 0
    assert program("history", "show", RUN, "--json").code == 0


@pytest.mark.parametrize(
    ("before", "after", "roles"),
    [
        ([EDITOR, ADMIN], ["x"], ["x", EDITOR]),  # exactly what is there now, and more from before
        ([ADMIN, "x", EDITOR], ["x"], ["x", EDITOR]),
        ([EDITOR], ["x"], ["x", EDITOR]),  # x would be lost
        ([EDITOR, "x"], ["x"], [EDITOR, "x"]),  # as a run of ours leaves it: exactly restored
        (["x"], ["x"], ["x", EDITOR]),
        ([], ["y"], ["x", EDITOR]),
    ],
)
def test_only_our_role_is_put_back(
    sandbox: Sandbox, program: Program, forge: Forge, before: list[str], after: list[str], roles: list[str]
) -> None:
    sandbox.add_user("auth0|a", app_metadata={"roles": ["x"]})
    forge(before=before, after=after)
    undone(sandbox, program, roles, 0)


@pytest.mark.parametrize(
    ("before", "after", "roles"),
    [
        ([], ["x", EDITOR, "y"], ["x", "y"]),
        ([ADMIN, "x", "y"], ["x", EDITOR, "y"], ["x", "y"]),
        (["y", "x"], ["x", EDITOR, "y"], ["x", "y"]),  # in another order
        (["x", EDITOR, "y"], ["x", EDITOR, "y"], ["x", "y"]),
    ],
)
def test_only_our_role_is_taken_away(
    sandbox: Sandbox, program: Program, forge: Forge, before: list[str], after: list[str], roles: list[str]
) -> None:
    sandbox.add_user("auth0|a", app_metadata={"roles": ["x", EDITOR, "y"]})
    forge(before=before, after=after, verdict="grant")
    undone(sandbox, program, roles, 0)


@pytest.mark.parametrize(
    "others",
    [
        {"role": ADMIN, "before": [ADMIN, "x"], "after": ["x"]},
        {"role": None},
        {"command": "genres set"},
        {"command": "profile set-name", "lease": None},
        {"command": "undo", "role": ADMIN},
        {"before": {"0": ADMIN}, "after": ["x"]},
        {"before": ADMIN, "after": ["x"]},
        {"before": None, "after": None},
        {"before": [ADMIN, 7], "after": ["x"]},
        {"verdict": "set"},
        {"verdict": "keep"},
        {"user_id": None},
        {"user_id": "../clients"},
        {"user_id": "auth0|\u0001"},
        {"user_id": "x" * 2000},
    ],
)
def test_what_no_run_of_ours_writes_is_not_taken_back(
    sandbox: Sandbox, program: Program, forge: Forge, others: dict[str, object]
) -> None:
    sandbox.add_user("auth0|a", app_metadata={"roles": ["x"]})
    forge(**others)
    undone(sandbox, program, ["x"], 4)
    assert sandbox.writes() == []


@pytest.mark.parametrize("lease", [None, "names", "mirror", "roles"])
def test_roles_are_put_back_under_their_own_lease(
    sandbox: Sandbox, program: Program, forge: Forge, lease: str | None
) -> None:
    sandbox.add_user("auth0|a", app_metadata={"roles": ["x"]})
    forge(before=["x", EDITOR], after=["x"], lease=lease)
    undone(sandbox, program, ["x", EDITOR], 0)
    assert sandbox.query("SELECT name FROM musicctl.lease") == [("roles",)]


@pytest.mark.parametrize("before", ["\u202eevil", "a\nb", "x" * 65, 7, ["x"], {"a": 1}, True])
def test_a_name_that_nobody_may_have_is_not_put_back(
    sandbox: Sandbox, program: Program, forge: Forge, before: object
) -> None:
    sandbox.add_user("auth0|a", user_metadata={"displayName": "Ann"})
    forge("display_name", before, "Ann", command="profile set-name", verdict="set", lease=None)
    ended = program("undo", "last", "--yes", "--json")
    assert (ended.code, sandbox.writes()) == (4, [])
    assert sandbox.profile("auth0|a")["user_metadata"] == {"displayName": "Ann"}


@pytest.mark.parametrize("before", [-1, 2**63, 1.5, True, "5", [5], {"plays": 5}])
def test_plays_that_no_playlist_can_have_are_not_put_back(
    sandbox: Sandbox, program: Program, forge: Forge, before: object
) -> None:
    sandbox.query("INSERT INTO playlists VALUES ('p', 'auth0|a', 'Mix', 7)")
    forge("total_plays", before, 7, command="playlists set-plays", verdict="set", target="p", lease=None)
    ended = program("undo", "last", "--yes", "--json")
    assert (ended.code, ended.json["conflict"]) == (4, 1)
    assert sandbox.query("SELECT total_plays FROM playlists") == [(7,)]


@pytest.mark.parametrize("before", [7, ["x"], {"a": 1}, False])
def test_what_is_no_genre_is_not_put_back(
    sandbox: Sandbox, program: Program, forge: Forge, before: object
) -> None:
    sandbox.query("INSERT INTO user_data VALUES ('auth0|a', 'beat')")
    forge("fav_genre", before, "beat", command="genres set", verdict="set", lease=None)
    assert program("undo", "last", "--yes").code == 4
    assert sandbox.query("SELECT fav_genre FROM user_data") == [("beat",)]


def test_a_preview_names_who_wrote_it(sandbox: Sandbox, program: Program, forge: Forge) -> None:
    sandbox.add_user("auth0|a", app_metadata={"roles": ["x"]})
    forge(before=["x", EDITOR], after=["x"])
    seen = program("undo", "last", "--dry-run", "--json").json
    assert (seen["actor"], seen["command"]) == ("mallory@x", "roles sync")
    assert "Written by mallory@x with `musicctl roles sync`" in program("undo", "last", "--dry-run").out


@pytest.mark.parametrize("user_id", ["auth0|a", "auth0|nobody", "../clients", "auth0|\u0001", ""])
def test_recovery_of_a_forged_row_writes_nothing_and_comes_to_an_end(
    sandbox: Sandbox, program: Program, forge: Forge, user_id: str
) -> None:
    sandbox.add_user("auth0|a", app_metadata={"roles": ["x"]}, plays=100)
    assert program("roles", "sync", "--yes").code == 0
    forge(before=[ADMIN], after=[ADMIN, EDITOR], user_id=user_id, state="sent", token=0)
    writes = len(sandbox.writes())
    assert program("history", "recover").code in (0, 5)
    assert program("roles", "sync", "--yes").code == 0
    assert (len(sandbox.writes()), sandbox.roles("auth0|a")) == (writes, ["x", EDITOR])
