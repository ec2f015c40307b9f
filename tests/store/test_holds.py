"""Holds in the database: one for each kind of writer, over when they end or are released."""

from datetime import timedelta

from musicctl.store import holds, mirror
from musicctl.store.database import Database
from tests.program import query


def test_held_until_released(database: Database) -> None:
    assert holds.active(database, "roles") is None
    put, before = holds.put(database, "roles", reason="audit", actor="ann@desk", until=None)
    assert (put.reason, put.actor, put.until, before) == ("audit", "ann@desk", None, None)
    assert holds.active(database, "roles") == put
    assert holds.active(database, "names") is None
    assert holds.release(database, "roles") == put
    assert holds.active(database, "roles") is None
    assert holds.release(database, "roles") is None


def test_a_hold_replaces_the_one_from_before(database: Database) -> None:
    first, _ = holds.put(database, "roles", reason="audit", actor="ann@desk", until=None)
    until = mirror.now(database) + timedelta(hours=1)
    second, before = holds.put(database, "roles", reason="outage", actor="bob@desk", until=until)
    assert before == first
    assert holds.active(database, "roles") == second
    assert second.since >= first.since


def test_a_hold_that_has_ended_is_none(database: Database, database_url: str) -> None:
    holds.put(database, "roles", reason="audit", actor="a", until=mirror.now(database) + timedelta(hours=1))
    query(database_url, "UPDATE musicctl.holds SET until = clock_timestamp() - interval '1 second'")
    assert holds.active(database, "roles") is None
    assert holds.release(database, "roles") is None
    _, before = holds.put(database, "roles", reason="again", actor="a", until=None)
    assert before is None


def test_it_is_seen_within_a_transaction_too(database: Database) -> None:
    holds.put(database, "roles", reason="audit", actor="a", until=None)
    found = database.run(lambda cursor: holds.active(cursor, "roles"), doing="look")
    assert found is not None
    assert found.reason == "audit"
