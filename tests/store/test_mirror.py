"""The mirror: refilled whole or not at all, kept in step, and true to one tenant."""

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musicctl.errors import BusyError, ConfigError, MusicctlError, UnavailableError
from musicctl.secret import Secret
from musicctl.store import journal, mirror
from musicctl.store.database import Cursor, Database
from musicctl.store.journal import Ended, Intent, Journal, NewRun
from tests.program import query

ROWS = "SELECT user_id, email, display_name, roles, unreadable FROM musicctl.tenant_users ORDER BY user_id"
A = ("auth0|a", "a@example.com", "A", ("x", "y"), None)
B = ("auth0|b", None, None, (), None)
C = ("auth0|c", None, None, None, "roles are a number")


def rows(url: str) -> list[tuple[object, ...]]:
    return [(*row[:3], None if row[3] is None else tuple(row[3]), row[4]) for row in query(url, ROWS)]


@pytest.fixture
def claimed(database: Database) -> Database:
    mirror.claim(database, "https://t")
    return database


def test_never_filled_then_filled(claimed: Database, database_url: str) -> None:
    assert mirror.claim(claimed, "https://t").age_seconds is None
    as_of = mirror.now(claimed)
    assert mirror.refill(claimed, [A, B, C], as_of=as_of) == 3
    state = mirror.claim(claimed, "https://t")
    assert (state.as_of, state.users) == (as_of, 3)
    assert state.age_seconds is not None
    assert 0 <= state.age_seconds < 60
    assert rows(database_url) == [A, B, C]
    assert query(database_url, "SELECT count(*) FROM musicctl.tenant_users_incoming") == [(0,)]


def test_another_tenant_is_refused_until_adopted(claimed: Database) -> None:
    with pytest.raises(ConfigError, match="https://t, not to https://other"):
        mirror.claim(claimed, "https://other")
    mirror.adopt_domain(claimed, "https://other")
    assert mirror.claim(claimed, "https://other").domain == "https://other"


def broken() -> Iterator[mirror.Row]:
    yield B
    raise UnavailableError("the export ends in the middle")


@pytest.mark.parametrize(
    ("incoming", "message"),
    [
        (broken(), "ends in the middle"),
        ([], "no users"),
        ([A, B, (*A[:2], "other", *A[3:])], r"auth0\|a twice"),
        ([("auth0|nul\0", None, None, (), None)], "NUL"),
        ([("auth0|\ud800", None, None, (), None)], "surrogates"),
    ],
)
def test_what_goes_wrong_leaves_the_last_good_state(
    claimed: Database, database_url: str, incoming: list[mirror.Row], message: str
) -> None:
    as_of = mirror.now(claimed)
    mirror.refill(claimed, [A, C], as_of=as_of)
    with pytest.raises(MusicctlError, match=message):
        mirror.refill(claimed, incoming, as_of=mirror.now(claimed))
    assert rows(database_url) == [A, C]
    assert mirror.claim(claimed, "https://t").as_of == as_of


def test_a_row_that_comes_twice_the_same_counts_once(claimed: Database, database_url: str) -> None:
    assert mirror.refill(claimed, [A, B, A], as_of=mirror.now(claimed)) == 2
    assert rows(database_url) == [A, B]


def test_our_own_writes_keep_it_in_step(claimed: Database, database_url: str) -> None:
    mirror.refill(claimed, [A, B, C], as_of=mirror.now(claimed))
    mirror.set_roles(claimed, [("auth0|a", ()), ("auth0|c", ("x",)), ("auth0|nobody", ("x",))])
    mirror.set_display_name(claimed, "auth0|b", "Bé")
    mirror.set_unreadable(claimed, [("auth0|b", "roles are a number")])
    mirror.put(claimed, [("auth0|d", "d@example.com", None, ("z",), None)])
    mirror.remove(claimed, ["auth0|a"])
    assert rows(database_url) == [
        ("auth0|b", None, "Bé", None, "roles are a number"),
        ("auth0|c", None, None, ("x",), None),
        ("auth0|d", "d@example.com", None, ("z",), None),
    ]
    mirror.forget(claimed)
    assert mirror.claim(claimed, "https://t").as_of is None


text = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(st.lists(st.tuples(text, st.none() | text, st.none() | text, st.none() | st.lists(text)), max_size=5))
def test_every_text_comes_back_as_it_was(
    database_url: str, users: list[tuple[str, str | None, str | None, list[str] | None]]
) -> None:
    unique = {f"auth0|{user[0]}": (*user[1:3], None if user[3] is None else tuple(user[3])) for user in users}
    incoming = [(user_id, *rest, None) for user_id, rest in unique.items()] or [B]
    database = Database(Secret(database_url))
    mirror.refill(database, incoming, as_of=mirror.now(database))
    database.close()
    assert {row[0]: row for row in rows(database_url)} == {row[0]: row for row in incoming}


def test_what_we_wrote_since_the_export_was_asked_for_is_on_top(claimed: Database, database_url: str) -> None:
    new = NewRun(command="roles sync", actor="ann@desk", present=False, profile="env", role="x")
    intents: list[Intent] = [
        (0, "auth0|a", "roles", None, "grant", 100),
        (1, "auth0|b", "roles", None, "revoke", 0),
        (2, "auth0|b", "display_name", None, "set", None),
    ]
    written = Journal(claimed, journal.begin(claimed, new, intents, None), None)
    written.ended(Ended(seq=0, state="applied", after=["x", "old"]))
    written.flush()
    as_of = mirror.now(claimed)
    written.ended(Ended(seq=1, state="applied", after=["new"]))
    written.ended(Ended(seq=2, state="applied", after="Ringo"))
    written.flush()
    mirror.refill(claimed, [A, B], as_of=as_of)
    assert rows(database_url) == [A, ("auth0|b", None, "Ringo", ("new",), None)]


def test_only_what_differs_is_written(claimed: Database, database_url: str) -> None:
    mirror.refill(claimed, [A, B], as_of=mirror.now(claimed))
    versions = "SELECT user_id, xmin::text FROM musicctl.tenant_users ORDER BY 1"
    before = dict(query(database_url, versions))
    changed = (B[0], "b@example.com", *B[2:])
    mirror.refill(claimed, [A, changed, C], as_of=mirror.now(claimed))
    after = dict(query(database_url, versions))
    assert rows(database_url) == [A, changed, C]
    assert [user_id for user_id in before if before[user_id] == after[user_id]] == ["auth0|a"]
    mirror.refill(claimed, [C], as_of=mirror.now(claimed))
    assert rows(database_url) == [C]
    assert query(database_url, "SELECT count(*) FROM musicctl.tenant_users_incoming") == [(0,)]


def test_an_older_export_never_replaces_a_later_one(claimed: Database, database_url: str) -> None:
    earlier = mirror.now(claimed)
    mirror.refill(claimed, [A, B], as_of=mirror.now(claimed))
    with pytest.raises(BusyError, match="later export"):
        mirror.refill(claimed, [A], as_of=earlier)
    assert rows(database_url) == [A, B]


@pytest.mark.parametrize("mode", ["ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"])
def test_who_reads_the_mirror_does_not_wait_for_a_refill_nor_it_for_them(
    claimed: Database, database_url: str, mode: str
) -> None:
    """As pg_dump does, a reader FOR UPDATE, a sync or a VACUUM: locks are held until all is read."""
    mirror.refill(claimed, [A], as_of=mirror.now(claimed))
    reader = Database(Secret(database_url))

    def work(cursor: Cursor) -> int:
        cursor.execute(f"LOCK TABLE musicctl.tenant_users, musicctl.tenant_users_incoming IN {mode} MODE")
        return mirror.refill(claimed, [A, B], as_of=mirror.now(claimed))

    assert reader.run(work, doing="read") == 2
    reader.close()


@pytest.mark.parametrize("level", ["read committed", "repeatable read", "serializable"])
def test_what_is_recorded_during_a_refill_is_not_lost(
    claimed: Database, database_url: str, level: str
) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    query(database_url, f"ALTER DATABASE {name} SET default_transaction_isolation = '{level}'")
    new = NewRun(command="roles sync", actor="ann@desk", present=False, profile="env", role="x")
    first, other = Database(Secret(database_url)), Database(Secret(database_url))
    as_of = mirror.now(first)

    def users() -> Iterator[mirror.Row]:
        yield A
        intents: list[Intent] = [(0, "auth0|c", "roles", None, "grant", 100)]
        written = Journal(other, journal.begin(other, new, intents, None), None)
        written.ended(Ended(seq=0, state="applied", after=["x"]))
        written.flush()
        yield C

    assert mirror.refill(first, users(), as_of=as_of) == 2
    assert rows(database_url)[1] == ("auth0|c", None, None, ("x",), None)
    first.close()
    other.close()


def test_memory_does_not_grow_with_the_users(claimed: Database) -> None:
    many = ((f"auth0|{number:06}", None, "n" * 100, ("x",), None) for number in range(60_000))
    tracemalloc.start()
    try:
        assert mirror.refill(claimed, many, as_of=mirror.now(claimed)) == 60_000
        assert tracemalloc.get_traced_memory()[1] < 5 << 20  # the rows are 8 MB as COPY reads them
    finally:
        tracemalloc.stop()
