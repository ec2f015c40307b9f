"""The journal as it is read back: which runs there are, how they stand, and what they changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from musicctl.store import history, journal, lease
from musicctl.store.database import Cursor, Database
from musicctl.store.history import Wanted
from musicctl.store.journal import Ended, Journal, NewRun
from musicctl.store.lease import Fence, Process
from tests.program import query

ME = Process("ann@desk", "desk", "boot", 41)


def new(command: str = "roles sync") -> NewRun:
    return NewRun(command=command, actor="ann@desk", present=False, profile="p", role="r")


def begun(
    database: Database, users: int = 1, *, command: str = "roles sync", fence: Fence | None = None
) -> str:
    intents = [(seq, f"auth0|{seq}", "roles", None, "grant", 100) for seq in range(users)]
    return journal.begin(database, new(command), intents, fence)


def listed(database: Database, **wanted: Any) -> list[tuple[Any, ...]]:
    return history.each(database, Wanted(**wanted), list)


def outcome(database: Database, run: str) -> str:
    found = history.find(database, run)
    assert found is not None
    return found.outcome


def test_runs_come_the_newest_first_with_their_counts(database: Database) -> None:
    first = begun(database, 3)
    written = Journal(database, first, None)
    written.send(0, [], ["x"])
    written.ended(Ended(seq=0, state="applied"))
    written.ended(Ended(seq=1, state="failed"))
    written.flush()
    journal.finish(database, first, "partial")
    second = begun(database, 0, command="promote")
    journal.finish(database, second, "ok")
    rows = [dict(zip(history.COLUMNS, row, strict=True)) for row in listed(database)]
    assert [(row["run"], row["command"], row["outcome"], row["counts"]) for row in rows] == [
        (second, "promote", "ok", {}),
        (first, "roles sync", "partial", {"applied": 1, "failed": 1, "unsent": 1}),
    ]
    assert all(row["finished_at"] >= row["started_at"] for row in rows)
    found = history.find(database, first)
    assert found is not None
    assert (found.role, found.field, found.undoes, found.lease) == ("r", "roles", None, None)
    assert history.find(database, "20200101-000000-0000") is None


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ({"command": "promote"}, [1]),
        ({"command": "sync"}, [2, 0]),
        ({"command": "roles sync"}, [2, 0]),
        ({"command": "roles"}, []),
        ({"user_id": "auth0|1"}, [2, 1]),
        ({"user_id": "auth0|0", "command": "sync", "limit": 1}, [2]),
        ({"user_id": "nobody"}, []),
        ({"limit": 2}, [2, 1]),
        ({"since": datetime(2026, 1, 2, tzinfo=UTC)}, [2, 1]),
        ({"before": datetime(2026, 1, 2, tzinfo=UTC)}, [0]),
        ({"since": datetime(2026, 1, 2, tzinfo=UTC), "before": datetime(2026, 1, 3, tzinfo=UTC)}, [1]),
    ],
)
def test_filters(database: Database, database_url: str, wanted: dict[str, Any], places: list[int]) -> None:
    runs = [begun(database, 1), begun(database, 2, command="promote"), begun(database, 2)]
    for place, run in enumerate(runs):
        started = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=place)
        query(database_url, "UPDATE musicctl.runs SET started_at = %s WHERE run = %s", (started, run))
    assert [row[0] for row in listed(database, **wanted)] == [runs[place] for place in places]


def test_a_run_without_an_end_is_running_while_its_lease_lives(database: Database, database_url: str) -> None:
    fence = lease.take(database, "roles", ME)
    run = begun(database, fence=fence)
    assert outcome(database, run) == "running"
    query(database_url, "UPDATE musicctl.lease SET expires_at = clock_timestamp()")
    assert outcome(database, run) == "crashed"
    assert fence is not None
    assert lease.take(database, "roles", ME) is not None
    assert outcome(database, run) == "crashed"
    journal.finish(database, run, "ok")
    assert outcome(database, run) == "ok"


def test_without_a_lease_it_is_running_while_something_happens(database: Database, database_url: str) -> None:
    run = begun(database)
    assert outcome(database, run) == "running"
    query(database_url, "UPDATE musicctl.runs SET started_at = started_at - interval '6 minutes'")
    assert outcome(database, run) == "crashed"
    query(database_url, "UPDATE musicctl.changes SET state = 'sent', sent_at = clock_timestamp()")
    assert outcome(database, run) == "running"


def test_a_run_is_found_by_the_beginning_of_its_id(database: Database, database_url: str) -> None:
    assert history.matching(database, "last") == ()
    runs = ["20260101-000000-aaaa", "20260101-000000-aaab", "20260102-000000-aaaa", "20260101-000000-aaaaX"]
    for place, run in enumerate(runs):
        started = datetime(2026, 1, 1, place, tzinfo=UTC)
        query(
            database_url,
            "INSERT INTO musicctl.runs (run, command, actor, present, profile, started_at)"
            " VALUES (%s, 'x', 'y', false, 'p', %s)",
            (run, started),
        )
    assert history.matching(database, "20260102") == (runs[2],)
    assert history.matching(database, "20260101-000000-aaaa") == (runs[0],)
    assert history.matching(database, "20260101") == (runs[3], runs[1], runs[0])
    assert history.matching(database, "%") == ()
    assert history.matching(database, "last") == (runs[3],)


def test_changes_come_as_they_were_planned(database: Database) -> None:
    run = begun(database, 2)
    written = Journal(database, run, None)
    written.send(1, ["a"], ["a", "x"])
    written.ended(Ended(seq=1, state="applied", status=200, detail="d"))
    written.flush()
    rows = history.changes(database, run, list)
    shown = [dict(zip(history.CHANGE_COLUMNS, row, strict=True)) for row in rows]
    assert [(row["user_id"], row["state"], row["plays"]) for row in shown] == [
        ("auth0|0", "intended", 100),
        ("auth0|1", "applied", 100),
    ]
    last = shown[1]
    assert (last["before"], last["after"], last["status"], last["detail"]) == (["a"], ["a", "x"], 200, "d")
    assert last["correlation_id"] == f"{run}/1"
    assert last["ended_at"] >= last["sent_at"]


def test_what_a_run_left_is_what_it_wrote_or_may_have_written(database: Database) -> None:
    run = begun(database, 5)

    def states(cursor: Cursor) -> None:
        for seq, state in enumerate(["applied", "already", "sent", "failed", "unknown"]):
            cursor.execute("UPDATE musicctl.changes SET state = %s WHERE seq = %s", (state, seq))

    database.run(states, doing="prepare")
    assert [(left.user_id, left.state) for left in history.left(database, run, "roles")] == [
        ("auth0|0", "applied"),
        ("auth0|2", "sent"),
        ("auth0|4", "unknown"),
    ]
