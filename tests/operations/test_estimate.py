"""What a person is told before a long run: how many requests, and how long at the pace that is known."""

import pytest

from musicctl.operations.roles.sync import estimate
from musicctl.store import baseline
from musicctl.store.database import Database
from tests.program import query


@pytest.mark.parametrize(
    ("changes", "per_second", "said"),
    [
        (1, 2.0, "1 change, 2 requests"),
        (49, 2.0, "49 changes, 98 requests"),
        (412, 12.8, "412 changes, 824 requests, about 1 min"),
        (60_000, 12.8, "60,000 changes, 120,000 requests, about 3 h"),
        (50, 1000.0, "50 changes, 100 requests, about 1 s"),
        (412, None, "412 changes, 824 requests"),
    ],
)
def test_what_is_told(database: Database, changes: int, per_second: float | None, said: str) -> None:
    assert estimate(database, changes, per_second) == said


def test_the_last_long_run_tells_the_pace(database: Database, database_url: str) -> None:
    assert baseline.pace(database) is None
    for run, seconds, count in (("20260101-000000-aaaa", 10, 100), ("20260102-000000-bbbb", 1, 40)):
        query(
            database_url,
            "INSERT INTO musicctl.runs (run, command, actor, present, profile)"
            " VALUES (%s, 'x', 'a', false, 'p')",
            (run,),
        )
        query(
            database_url,
            "INSERT INTO musicctl.changes (run, seq, user_id, field, verdict, sent_at, ended_at)"
            " SELECT %s, n, 'u', 'roles', 'grant', clock_timestamp(), clock_timestamp() + %s * interval '1 s'"
            " FROM generate_series(1, %s) AS n",
            (run, seconds, count),
        )
    assert baseline.pace(database) == pytest.approx(10, rel=0.1)
    assert estimate(database, 6000, None) == "6,000 changes, 12,000 requests, about 10 min"
