"""Where plays come from, and the question that finds the users whose standing differs from the mirror."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2

from musicctl.errors import ConfigError, DeniedError, MusicctlError, UsageError
from musicctl.store import naming, statement
from musicctl.store.database import Cursor, Database, one_row
from musicctl.store.naming import qualified
from musicctl.store.pins import IN_FORCE
from musicctl.store.turns import Missing, Queue

COMPARING = "compare plays and roles"
DEFAULT_QUERY = "SELECT user_id, sum(total_plays) AS plays FROM {table} GROUP BY user_id"
WHOLE = "(SELECT user_id, total_plays FROM {table} OFFSET 0) AS whole"
EVERYONES = DEFAULT_QUERY.format(table=WHOLE)
"""The same where all of it is read. Without OFFSET 0, Postgres 18 reads the table in the order of its index
on user_id, its pages at random: twice the time at a million users, and far more from a disk."""

PATIENCE = 100.0
"""Seconds that the database has for a query of one's own; less than those after which it counts as silent."""

SHAPE = "it is one SELECT of (user_id, plays), such as SELECT user_id, sum(...) ... GROUP BY user_id"
TOO_LONG = "57014"
NO_NUMBER = {"22P02", "42846"}
OF_THE_QUERY = ("0A", "21", "22", "25006", "2F", "38", "39", "42", "54", "P0")
"""What a SQLSTATE begins with that is about a query: its words, its values, what it calls, that it writes."""

OF_ITS_WORDS = "42"
"""The same of its words and names alone, which a query that was read before has right."""

# Postgres subtracts NaN and infinities to NaN, so this keeps finite numbers and makes the others unknown.
NORMALISED = qualified("""
    SELECT user_id::text AS user_id,
           CASE WHEN plays::numeric - plays::numeric = 0
                THEN least(greatest(floor(plays::numeric), -9223372036854775808), 9223372036854775807)::bigint
           END AS plays
    FROM ({query}) AS source (user_id, plays)
    WHERE user_id IS NOT NULL""")

# A user with a pin in force is judged by the pin alone, and so comes with the last part or not at all.
DIFFERING = qualified(f"""
    WITH plays AS ({{plays}}),
         pins AS (SELECT user_id, state FROM musicctl.pins WHERE role = %(role)s AND {IN_FORCE})
    SELECT CASE WHEN users.user_id IS NULL THEN 'missing' ELSE 'differs' END AS why,
           plays.user_id, plays.plays, users.roles,
           extract(epoch FROM clock_timestamp() - asked.asked_at)::text AS pin
    FROM plays LEFT JOIN musicctl.tenant_users AS users ON users.user_id = plays.user_id
         LEFT JOIN pins ON pins.user_id = plays.user_id
         LEFT JOIN musicctl.missing AS asked ON asked.user_id = plays.user_id AND users.user_id IS NULL
    WHERE plays.plays >= %(threshold)s
      AND (users.user_id IS NULL OR (NOT users.roles @> ARRAY[%(role)s] AND pins.user_id IS NULL))
    UNION ALL
    SELECT 'differs', users.user_id, plays.plays, users.roles, NULL
    FROM musicctl.tenant_users AS users LEFT JOIN plays ON plays.user_id = users.user_id
         LEFT JOIN pins ON pins.user_id = users.user_id
    WHERE users.roles @> ARRAY[%(role)s] AND pins.user_id IS NULL
      AND (plays.plays IS NULL OR plays.plays < %(threshold)s)
    UNION ALL
    SELECT 'pinned', users.user_id, plays.plays, users.roles, pins.state
    FROM pins JOIN musicctl.tenant_users AS users ON users.user_id = pins.user_id
         LEFT JOIN plays ON plays.user_id = users.user_id
    WHERE users.roles IS NOT NULL
    UNION ALL
    SELECT 'source', coalesce(sum(plays), 0)::text, count(plays), NULL, NULL FROM plays""")


@dataclass(frozen=True, slots=True)
class Standing:
    """One user as the mirror and the plays source see it; `plays` is None when the source has no number.

    `pin` is what a pin in force says: granted, revoked, or None without one.
    """

    user_id: str
    plays: int | None
    roles: tuple[str, ...]
    pin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the plays source and the mirror say together.

    `differing` are the users whose role may have to change, holders of unknown plays among them; `pinned`
    are all with a pin in force, who are judged by it, unless their roles are unreadable. `holders` counts
    all who hold the role. `missing` counts owners at the bar who are not in the mirror; `missing_ids` are
    those whom the tenant should be asked for next. `source_users` are the users with known plays, and
    `source_plays` their sum; `tenant_users` counts the mirror.
    """

    differing: tuple[Standing, ...]
    pinned: tuple[Standing, ...]
    holders: int
    unreadable: int
    missing: int
    missing_ids: tuple[str, ...]
    source_users: int
    source_plays: int
    tenant_users: int


def survey(database: Database, query: str | None, *, role: str, threshold: int) -> Survey:
    """Find whose standing differs, with plays from `query` or from the playlists; reads only.

    Memory grows with the users who differ. Raises ConfigError when `query` names a user twice or is not a
    query of (user_id, plays).
    """

    def work(cursor: Cursor) -> Survey:
        if query is not None:
            refuse_repeated(cursor, query)
        found: dict[str, list[Standing]] = {"differs": [], "pinned": []}
        queue = Queue()
        source_users = source_plays = 0
        everyones = source(cursor, query, whole=True)
        with named(query):
            cursor.execute(DIFFERING.format(plays=everyones), {"role": role, "threshold": threshold})
        for why, user_id, plays, roles, pin in cursor:
            if why == "source":
                source_users, source_plays = plays, int(user_id)
                continue
            if why != "missing":
                found[why].append(Standing(user_id, plays, tuple(roles), pin))
                continue
            queue.add(Missing(user_id, plays, None if pin is None else float(pin)))
        cursor.execute(
            f"{naming.AS_OURS}; SELECT count(*) FILTER (WHERE roles @> ARRAY[%s]),"
            " count(*) FILTER (WHERE roles IS NULL), count(*) FROM musicctl.tenant_users",
            (role,),
        )
        holders, unreadable, tenant_users = one_row(cursor)
        return Survey(
            differing=tuple(found["differs"]),
            pinned=tuple(found["pinned"]),
            holders=holders,
            unreadable=unreadable,
            missing=queue.count,
            missing_ids=queue.next,
            source_users=source_users,
            source_plays=source_plays,
            tenant_users=tenant_users,
        )

    return database.run(work, doing=COMPARING, read_only=True)


def of_users(database: Database, query: str | None, user_ids: Sequence[str]) -> dict[str, int | None]:
    """Return the plays of these users now; a user without a row in the source is left out."""

    def work(cursor: Cursor) -> dict[str, int | None]:
        if query is not None:
            refuse_repeated(cursor, query)
        with named(query):
            cursor.execute(
                f"SELECT user_id, plays FROM ({source(cursor, query)}) AS plays"
                " WHERE user_id OPERATOR(pg_catalog.=) ANY(%(user_ids)s)",
                {"user_ids": list(user_ids)},
            )
        return dict(cursor.fetchall())

    return database.run(work, doing="read the plays", read_only=True)


def source_name(query: str | None) -> str:
    """Name a plays source without showing the query: `playlists`, or a digest of the query."""
    return "playlists" if query is None else f"plays_query {hashlib.sha256(query.encode()).hexdigest()[:12]}"


def source(cursor: Cursor, query: str | None, *, whole: bool = False) -> str:
    """Return the SQL of a plays source as (user_id text, plays bigint), for a statement with parameters.

    With `whole` the statement reads all of it. A query of one's own needs the account's search path, and all
    of the statement around it the schemas of its names.
    """
    if query is None:
        return source_of(naming.table(cursor, "playlists"), whole=whole)
    # psycopg2 reads % as the start of a parameter.
    return NORMALISED.format(query=f"\n{_bare(query).replace('%', '%%')}\n")


def as_asked(cursor: Cursor, query: str | None) -> None:
    """Let a query of one's own, where there is one, be read from here on as `refuse_repeated` reads it.

    Names mean what they mean to the account, and no statement takes longer than PATIENCE.
    """
    if query is not None:
        cursor.execute(naming.AS_ACCOUNT)
        _limit(cursor)


def source_of(table: str, *, whole: bool = False) -> str:
    """Return the same for the app's table of playlists, as SQL."""
    return NORMALISED.format(query=(EVERYONES if whole else DEFAULT_QUERY).format(table=table))


def refuse_repeated(cursor: Cursor, query: str) -> None:
    """Raise ConfigError, naming the setting, when a query of one's own is none of (user_id, plays).

    It must have two columns and only read, and may name each user once. Until the transaction ends, no
    statement of it may take longer than PATIENCE, or than the account's own limit if that is less, and names
    mean what they mean to the account.
    """
    with named(query, read_before=False):
        _refuse_columns(cursor, query)
        _limit(cursor)
        cursor.execute(
            # The count of plays has each one read as a number, which this may be the only statement to do.
            f"SELECT user_id, pg_catalog.count(plays) FROM ({source(cursor, query)}) AS plays"
            " GROUP BY user_id HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 ORDER BY user_id LIMIT 1",
            (),
        )
        row = cursor.fetchone()
    if row:
        raise ConfigError(
            f"plays_query returns the user {row[0]} more than once",
            hint="sum the plays of each user: SELECT user_id, sum(...) ... GROUP BY user_id",
        )


@contextmanager
def named(query: str | None, *, read_before: bool = True) -> Iterator[None]:
    """Say of what Postgres refuses in a query of one's own that it is this setting's fault.

    Where it was read before, names that are not there are those of the statement around it.
    """
    try:
        yield
    except psycopg2.Error as error:
        code = error.pgcode or ""
        if query is None or not code.startswith((*OF_THE_QUERY, TOO_LONG)):
            raise
        if read_before and code.startswith(OF_ITS_WORDS) and code not in NO_NUMBER:
            raise
        told = error.diag.message_primary or type(error).__name__
        raise _wrong(code, told) from None


def _wrong(code: str, told: str) -> MusicctlError:
    if code == TOO_LONG:
        return ConfigError(
            f"plays_query took the database too long, and was stopped: {told}",
            hint=f"it has {PATIENCE:.0f} s at most; an index may help, or a materialized view",
        )
    if code.startswith("42501"):
        return DeniedError(f"plays_query may not be read: {told}", hint="GRANT SELECT on what it names")
    if code in NO_NUMBER:
        return ConfigError(
            f"plays_query returns plays that are no numbers: {told}",
            hint="its second column must be a number, or a text of one; NULL is unknown",
        )
    return ConfigError(f"plays_query cannot be used: {told}", hint=SHAPE)


def _refuse_columns(cursor: Cursor, query: str) -> None:
    cursor.execute(f"{naming.AS_ACCOUNT}; SELECT * FROM (\n{_bare(query)}\n) AS source LIMIT 0")
    names = [column.name for column in cursor.description or ()]
    if len(names) != 2:
        count = "1 column" if len(names) == 1 else f"{len(names)} columns"
        raise ConfigError(f"plays_query returns {count} ({', '.join(names)}) in place of two", hint=SHAPE)


def _limit(cursor: Cursor) -> None:
    cursor.execute(
        "SELECT setting::bigint FROM pg_catalog.pg_settings"
        " WHERE name OPERATOR(pg_catalog.=) 'statement_timeout'"
    )
    ours, (own,) = int(PATIENCE * 1000), one_row(cursor)
    if own == 0 or own > ours:
        cursor.execute("SET LOCAL statement_timeout = %s", (ours,))


def _bare(query: str) -> str:
    """Return a query of one's own, read as `musicctl query` reads one: a single statement that reads."""
    try:
        return statement.subquery(query)
    except UsageError as error:
        raise ConfigError(f"plays_query cannot be used: {error.what}", hint=SHAPE) from None
