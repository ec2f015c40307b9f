"""The plan's question: who differs, from plays, pins and the mirror, for every kind of source."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musicctl.errors import ConfigError, DeniedError
from musicctl.policy.rule import Pin, Rule, Verdict
from musicctl.secret import Secret
from musicctl.store import mirror, plays
from musicctl.store.database import Database
from musicctl.store.plays import Standing
from tests.program import query

ROLE = "playlist editor"
USERS = [
    ("auth0|earned", (), None),
    ("auth0|earned-too", ("a",), None),
    ("auth0|keeps", ("a", ROLE), None),
    ("auth0|lapsed", (ROLE, "b"), None),
    ("auth0|unknown", (ROLE,), None),
    ("auth0|null", (ROLE,), None),
    ("auth0|below", (), None),
    ("auth0|odd", None, "roles are a number"),
]
PLAYS = [
    ("auth0|earned", 60),
    ("auth0|earned", 40),
    ("auth0|earned-too", 5000),
    ("auth0|keeps", 100),
    ("auth0|lapsed", 99),
    ("auth0|null", None),
    ("auth0|below", 99),
    ("auth0|odd", 400),
    ("auth0|stranger", 100),
    ("auth0|small-stranger", 99),
    (None, 100),
]


@pytest.fixture
def filled(database: Database, database_url: str) -> Database:
    rows = [(user_id, None, None, roles, why) for user_id, roles, why in USERS]
    mirror.claim(database, "https://t")
    mirror.refill(database, rows, as_of=mirror.now(database))
    for number, (user_id, total) in enumerate(PLAYS):
        query(
            database_url,
            "INSERT INTO playlists (playlist_id, user_id, total_plays) VALUES (%s, %s, %s)",
            (str(number), user_id, total),
        )
    return database


def test_the_users_whose_standing_differs(filled: Database) -> None:
    found = plays.survey(filled, None, role=ROLE, threshold=100)
    assert sorted(found.differing, key=lambda user: user.user_id) == [
        Standing("auth0|earned", 100, ()),
        Standing("auth0|earned-too", 5000, ("a",)),
        Standing("auth0|lapsed", 99, (ROLE, "b")),
        Standing("auth0|null", None, (ROLE,)),
        Standing("auth0|unknown", None, (ROLE,)),
    ]
    assert (found.holders, found.unreadable) == (4, 1)
    assert (found.missing, found.missing_ids) == (1, ("auth0|stranger",))


def test_a_query_of_ones_own(filled: Database) -> None:
    own = """
        SELECT * FROM (VALUES ('auth0|earned', 1e30::float8), ('auth0|lapsed', 'NaN'), ('auth0|below', 99.9),
            ('auth0|keeps', 100.5), ('auth0|unknown', 'infinity'), ('auth0|earned-too', -1e300),
            (NULL, 100)) AS v(who, what) -- 100 % of them
        ;"""
    found = plays.survey(filled, own, role=ROLE, threshold=100)
    assert sorted(found.differing, key=lambda user: user.user_id) == [
        Standing("auth0|earned", 2**63 - 1, ()),
        Standing("auth0|lapsed", None, (ROLE, "b")),
        Standing("auth0|null", None, (ROLE,)),
        Standing("auth0|unknown", None, (ROLE,)),
    ]
    assert plays.of_users(filled, own, ["auth0|earned-too", "auth0|below", "auth0|null"]) == {
        "auth0|earned-too": -(2**63),
        "auth0|below": 99,
    }


def test_a_query_that_repeats_a_user_names_it(filled: Database) -> None:
    with pytest.raises(ConfigError, match=r"auth0\|earned") as caught:
        plays.survey(filled, "SELECT user_id, total_plays FROM playlists", role=ROLE, threshold=100)
    assert "GROUP BY user_id" in caught.value.hint


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("SELECT user_id FROM playlists", r"1 column \(user_id\) in place of two"),
        ("SELECT user_id, name, total_plays FROM playlists", r"3 columns \(user_id, name, total_plays\)"),
        ("SELECT FROM playlists", r"0 columns"),
        ("DELETE FROM playlists RETURNING user_id, total_plays", "not with DELETE"),
        ("SELECT 'auth0|a', 1; DELETE FROM playlists", "more than one statement"),
        ("", "not with nothing"),
        ("SELECT user_id, total_plays FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT user_id, plays FROM playlists", 'column "plays" does not exist'),
        ("SELECT user_id, gone(total_plays) FROM playlists", "does not exist"),
        ("SELECT 'auth0|a', 'many'", 'no numbers: invalid input syntax for type numeric: "many"'),
        ("SELECT 'auth0|a', true", "no numbers: cannot cast type boolean"),
        ("SELECT 'auth0|a', 1 / (SELECT count(*) - 1 FROM playlists LIMIT 0)", None),
        ("SELECT 'auth0|a', 1 / 0", "division by zero"),
        (
            "SELECT 'auth0|a', total_plays FROM playlists WHERE (SELECT user_id FROM playlists) = ''",
            "more than",
        ),
        (
            "WITH gone AS (DELETE FROM playlists RETURNING *) SELECT user_id, total_plays FROM gone",
            "top level",
        ),
        ("SELECT 'auth0|a', lo_creat(1)::int", "read-only transaction"),
    ],
)
def test_what_is_no_query_of_plays_names_the_setting(
    filled: Database, database_url: str, own: str, said: str | None
) -> None:
    if said is None:  # NULL is unknown, and no mistake
        assert plays.of_users(filled, own, ["auth0|a"]) == {"auth0|a": None}
        return
    for ask in (
        lambda: plays.survey(filled, own, role=ROLE, threshold=100),
        lambda: plays.of_users(filled, own, ["auth0|a"]),
    ):
        with pytest.raises(ConfigError, match=f"plays_query .*{said}"):
            ask()
    assert query(database_url, "SELECT count(*) FROM playlists") == [(len(PLAYS),)]


@pytest.mark.parametrize("own", ["SELECT 'auth0|a', 1 FROM pg_sleep(60)", "SELECT pg_sleep(60)::text, 1"])
def test_a_query_that_takes_too_long_is_stopped(
    filled: Database, database_url: str, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plays, "PATIENCE", 0.3)
    with pytest.raises(ConfigError, match="plays_query took the database too long"):
        plays.survey(filled, own, role=ROLE, threshold=100)
    monkeypatch.setattr(plays, "PATIENCE", 100.0)
    name = query(database_url, "SELECT current_database()")[0][0]
    query(database_url, f"ALTER DATABASE {name} SET statement_timeout = '200ms'")
    filled.close()
    with pytest.raises(ConfigError, match="plays_query took the database too long"):
        plays.of_users(filled, own, ["auth0|a"])


def test_a_query_of_what_may_not_be_read(filled: Database) -> None:
    with pytest.raises(DeniedError, match="plays_query may not be read"):
        plays.survey(filled, "SELECT rolname, 1 FROM pg_authid", role=ROLE, threshold=100)


def test_plays_of_users(filled: Database) -> None:
    asked = ["auth0|earned", "auth0|null", "auth0|nobody"]
    assert plays.of_users(filled, None, asked) == {"auth0|earned": 100, "auth0|null": None}
    assert plays.of_users(filled, None, []) == {}


def test_a_missing_table_is_said_plainly(filled: Database, database_url: str) -> None:
    query(database_url, "DROP TABLE playlists")
    with pytest.raises(ConfigError, match='"playlists" does not exist'):
        plays.survey(filled, None, role=ROLE, threshold=100)


def pin(url: str, user_id: str, state: str, *, role: str = ROLE, until: str = "infinity") -> None:
    query(
        url,
        "INSERT INTO musicctl.pins (role, user_id, state, until, reason, actor)"
        " VALUES (%s, %s, %s, nullif(now() + %s::interval, 'infinity'), 'why', 'a@b')",
        (role, user_id, state, until),
    )


def test_a_pin_stands_above_the_plays(filled: Database, database_url: str) -> None:
    pin(database_url, "auth0|below", "granted")
    pin(database_url, "auth0|earned", "revoked", until="1 hour")
    pin(database_url, "auth0|unknown", "revoked")
    pin(database_url, "auth0|keeps", "granted")
    found = plays.survey(filled, None, role=ROLE, threshold=100)
    assert [user.user_id for user in sorted(found.differing, key=lambda user: user.user_id)] == [
        "auth0|earned-too",
        "auth0|lapsed",
        "auth0|null",
    ]
    assert sorted(found.pinned, key=lambda user: user.user_id) == [
        Standing("auth0|below", 99, (), "granted"),
        Standing("auth0|earned", 100, (), "revoked"),
        Standing("auth0|keeps", 100, ("a", ROLE), "granted"),
        Standing("auth0|unknown", None, (ROLE,), "revoked"),
    ]
    assert found.holders == 4


def test_pins_that_do_not_count(filled: Database, database_url: str) -> None:
    before = plays.survey(filled, None, role=ROLE, threshold=100)
    pin(database_url, "auth0|earned", "revoked", until="-1 second")
    pin(database_url, "auth0|lapsed", "granted", role="another")
    pin(database_url, "auth0|odd", "granted")
    pin(database_url, "auth0|nobody", "granted")
    pin(database_url, "auth0|stranger", "revoked")
    after = plays.survey(filled, None, role=ROLE, threshold=100)
    assert (sorted(after.differing, key=str), after.pinned) == (sorted(before.differing, key=str), ())
    assert (after.unreadable, after.missing) == (1, 1)


users = st.dictionaries(
    st.sampled_from([f"auth0|{number}" for number in range(8)]),
    st.tuples(
        st.none() | st.lists(st.sampled_from([ROLE, "x"]), max_size=2),
        st.none() | st.integers(98, 102),
        st.none() | st.sampled_from(["granted", "revoked"]),
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(users)
def test_it_finds_those_whom_the_rule_would_change_and_all_who_are_pinned(
    database_url: str, people: dict[str, tuple[list[str] | None, int | None, str | None]]
) -> None:
    query(database_url, "TRUNCATE playlists, musicctl.pins, musicctl.tenant_users")
    database = Database(Secret(database_url))
    mirror.put(
        database, [(each, None, None, tuple(roles or ()), None) for each, (roles, _, _) in people.items()]
    )
    mirror.set_unreadable(
        database, [(each, "odd") for each, (roles, _, _) in people.items() if roles is None]
    )
    for user_id, (_, total, state) in people.items():
        if total is not None:
            query(database_url, "INSERT INTO playlists VALUES (%s, %s, '', %s)", (user_id, user_id, total))
        if state is not None:
            pin(database_url, user_id, state)
    found = plays.survey(database, None, role=ROLE, threshold=100)
    database.close()
    rule = Rule(ROLE, 100)
    verdicts = {
        user_id: rule.decide(total, None if roles is None else tuple(roles), Pin(state) if state else None)
        for user_id, (roles, total, state) in people.items()
    }
    pinned = {each for each, (roles, _, state) in people.items() if state and roles is not None}
    assert {user.user_id for user in found.pinned} == pinned
    assert {user.user_id for user in found.differing} == {
        user_id
        for user_id, verdict in verdicts.items()
        if (verdict.changes or verdict is Verdict.UNKNOWN) and user_id not in pinned
    }
    assert {
        user.user_id: rule.decide(user.plays, user.roles, Pin(user.pin or "")) for user in found.pinned
    } == {user_id: verdicts[user_id] for user_id in pinned}
