"""The journal: intents before writes, one commit for many, and nothing recorded by who lost the lease."""

import re
import threading
from typing import Any

import psycopg2
import pytest

from musicctl.errors import MusicctlError
from musicctl.store import journal, lease, mirror
from musicctl.store.database import Database
from musicctl.store.journal import Ended, Intent, Journal, NewRun
from musicctl.store.lease import Fence, Process
from tests.program import query

NEW = NewRun(command="roles sync", actor="ann@desk", present=False, profile="env", role="playlist editor")
ME = Process("ann@desk", "desk", "boot", 41)


def intents(count: int) -> list[Intent]:
    return [(seq, f"auth0|{seq}", "roles", None, "grant", 100 + seq) for seq in range(count)]


def taken(database: Database) -> Fence:
    fence = lease.take(database, "roles", ME)
    assert fence is not None
    return fence


def changes(url: str, columns: str) -> list[tuple[Any, ...]]:
    return query(url, f"SELECT {columns} FROM musicctl.changes ORDER BY run, seq", ())


def test_a_run_is_there_with_every_intent_before_anything_is_sent(
    database: Database, database_url: str
) -> None:
    fence = taken(database)
    run = journal.begin(database, NEW, intents(3), fence)
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", run)
    assert changes(database_url, "run, seq, user_id, field, verdict, plays, state") == [
        (run, seq, f"auth0|{seq}", "roles", "grant", 100 + seq, "intended") for seq in range(3)
    ]
    [(command, actor, present, name, token, finished)] = query(
        database_url, "SELECT command, actor, present, lease, token, finished_at FROM musicctl.runs", ()
    )
    assert (command, actor, present, name, token, finished) == (
        "roles sync",
        "ann@desk",
        False,
        "roles",
        fence.token,
        None,
    )


def test_what_is_sent_and_what_became_of_it(database: Database, database_url: str) -> None:
    written = Journal(database, journal.begin(database, NEW, intents(3), fence := taken(database)), fence)
    assert written.send(1, ["%s", "naïve"], ["%s", "naïve", "playlist editor"])
    [(state, before, after, name, at)] = changes(
        database_url, "state, before, after, correlation_id, sent_at"
    )[1:2]
    assert (state, before, after) == ("sent", ["%s", "naïve"], ["%s", "naïve", "playlist editor"])
    assert name == written.correlation_id(1) == f"{written.run}/1"
    assert at is not None
    written.ended(Ended(seq=1, state="applied", status=200))
    written.ended(Ended(seq=0, state="overtaken", detail="plays are 99 now"))
    assert changes(database_url, "state")[1] == ("sent",)
    written.flush()
    assert changes(database_url, "state, status, detail, after") == [
        ("overtaken", None, "plays are 99 now", None),
        ("applied", 200, None, ["%s", "naïve", "playlist editor"]),
        ("intended", None, None, None),
    ]
    journal.finish(database, written.run, "ok")
    assert changes(database_url, "state")[2] == ("unsent",)


def test_the_next_write_carries_earlier_outcomes(database: Database, database_url: str) -> None:
    written = Journal(database, journal.begin(database, NEW, intents(2), fence := taken(database)), fence)
    assert written.send(0, [], ["x"])
    written.ended(Ended(seq=0, state="applied"))
    assert written.send(1, [], ["x"])
    assert changes(database_url, "state") == [("applied",), ("sent",)]


def test_a_change_may_be_sent_again_but_not_after_its_end(database: Database, database_url: str) -> None:
    written = Journal(database, journal.begin(database, NEW, intents(1), fence := taken(database)), fence)
    assert written.send(0, [], ["x"])
    assert written.send(0, ["a"], ["a", "x"])
    assert changes(database_url, "before, after") == [(["a"], ["a", "x"])]
    written.ended(Ended(seq=0, state="applied"))
    assert not written.send(0, ["b"], ["b", "x"])
    assert changes(database_url, "state, before") == [("applied", ["a"])]


def test_who_lost_the_lease_neither_sends_nor_records(database: Database, database_url: str) -> None:
    written = Journal(database, journal.begin(database, NEW, intents(2), fence := taken(database)), fence)
    assert written.send(0, [], ["x"])
    assert lease.take(database, "roles", ME, gone=fence.token) is not None
    assert not written.send(1, [], ["x"])
    written.ended(Ended(seq=0, state="applied"))
    written.flush()
    assert changes(database_url, "state") == [("sent",), ("intended",)]


def test_nothing_is_sent_under_an_expired_lease(database: Database, database_url: str) -> None:
    written = Journal(database, journal.begin(database, NEW, intents(1), fence := taken(database)), fence)
    query(database_url, "UPDATE musicctl.lease SET expires_at = clock_timestamp()", ())
    assert not written.send(0, [], ["x"])
    assert lease.renew(database, fence) is lease.Standing.OURS
    assert written.send(0, [], ["x"])


def test_a_writer_without_a_lease(database: Database, database_url: str) -> None:
    written = Journal(database, journal.begin(database, NEW, intents(1), None), None)
    assert written.send(0, None, "Ringo")
    assert changes(database_url, "before, after") == [(None, "Ringo")]


def test_the_mirror_follows(database: Database, database_url: str) -> None:
    users = [(f"auth0|{seq}", None, None, ("a",), None) for seq in range(5)]
    mirror.put(database, users)
    written = Journal(database, journal.begin(database, NEW, intents(5), fence := taken(database)), fence)
    written.send(0, ["a"], ["a", "x"])
    written.ended(Ended(seq=0, state="applied"))
    written.ended(Ended(seq=1, state="already", before=["b"], after=["b"]))
    written.ended(Ended(seq=2, state="gone"))
    written.ended(Ended(seq=3, state="conflict", detail="roles are a number"))
    written.ended(Ended(seq=4, state="failed", detail="503"))
    written.flush()
    rows = query(
        database_url, "SELECT user_id, roles, unreadable FROM musicctl.tenant_users ORDER BY user_id", ()
    )
    assert rows == [
        ("auth0|0", ["a", "x"], None),
        ("auth0|1", ["b"], None),
        ("auth0|3", None, "roles are a number"),
        ("auth0|4", ["a"], None),
    ]


def test_many_threads_share_few_commits(database: Database, database_url: str) -> None:
    count = 64
    written = Journal(database, journal.begin(database, NEW, intents(count), fence := taken(database)), fence)
    before = _commits(database_url)
    granted = []

    def send(seqs: range) -> None:
        for seq in seqs:
            granted.append(written.send(seq, [], [str(seq)]))
            written.ended(Ended(seq=seq, state="applied"))

    threads = [threading.Thread(target=send, args=(range(start, count, 8),)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written.flush()
    assert granted == [True] * count
    assert changes(database_url, "state, after") == [("applied", [str(seq)]) for seq in range(count)]
    assert _commits(database_url) - before <= count + 4


def test_a_database_that_takes_no_writes_stops_everything(database: Database, database_url: str) -> None:
    written = Journal(database, journal.begin(database, NEW, intents(1), fence := taken(database)), fence)
    written.ended(Ended(seq=0, state="failed", detail="kept for later"))
    query(database_url, "ALTER TABLE musicctl.changes RENAME TO away", ())
    with pytest.raises(MusicctlError):
        written.send(0, [], ["x"])
    query(database_url, "ALTER TABLE musicctl.away RENAME TO changes", ())
    written.flush()
    assert changes(database_url, "state, detail") == [("failed", "kept for later")]


def test_text_that_postgres_cannot_hold(database: Database, database_url: str) -> None:
    written = Journal(database, journal.begin(database, NEW, intents(1), None), None)
    assert written.send(0, "a\0b", "\ud800\\u0000")
    assert changes(database_url, "before, after") == [("a\ufffdb", "\ufffd\ufffd\ufffd\\u0000")]


def _commits(url: str) -> int:
    """Count the transactions that wrote, by the ids given out for them."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT txid_snapshot_xmax(txid_current_snapshot())")
        row = cursor.fetchone()
        assert row is not None
    connection.close()
    return int(row[0])
