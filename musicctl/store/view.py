"""The view musicctl.listeners: all three stores as a row for each listener, made for the app's tables.

It selects from a function whose body is a string. Postgres inlines it and records no dependency, so that the
app may alter and drop its own tables; `db init` then makes the function anew.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg2 import errors

from musicctl.errors import ConfigError
from musicctl.store.database import Cursor
from musicctl.store.naming import FIND, qualified

COLUMNS = ("user_id", "email", "display_name", "roles", "fav_genre", "plays", "playlists", "songs")
REFERENCE = {
    "songs": {"user_id"},
    "artists": {"user_id"},
    "playlists": {"user_id", "total_plays"},
    "user_data": {"user_id", "fav_genre"},
}
"""What the view reads of the app's tables, in the shape that `db init` gives them."""

FUNCTION = "musicctl.listener_rows"
VIEW = f"CREATE OR REPLACE VIEW musicctl.listeners AS SELECT {', '.join(COLUMNS)} FROM {FUNCTION}();"

# One user's rows are looked up for each user shown: a page of a million users takes milliseconds, where a
# grouped join takes seconds.
BODY = qualified("""
SELECT u.user_id, u.email, u.display_name, u.roles, {of_user}, true
FROM musicctl.tenant_users AS u
UNION ALL
SELECT u.user_id, NULL::text, NULL::text, NULL::text[], {of_user}, false
FROM ({ids}) AS u (user_id)
WHERE u.user_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM musicctl.tenant_users AS mirrored WHERE mirrored.user_id = u.user_id)
""")
CREATE = """\
CREATE OR REPLACE FUNCTION {function}() RETURNS TABLE (
    user_id text, email text, display_name text, roles text[],
    fav_genre text, plays bigint, playlists bigint, songs bigint, has_data boolean, in_tenant boolean)
LANGUAGE sql STABLE AS $musicctl${body}$musicctl$;
{view}
"""

# As the plays of a plan are: floored, within bigint, and unknown where they are no finite number.
PLAYS = qualified("""(SELECT CASE WHEN sum(a.total_plays)::numeric - sum(a.total_plays)::numeric = 0
        THEN least(greatest(floor(sum(a.total_plays)::numeric), -9223372036854775808), 9223372036854775807)
        END FROM {table} AS a WHERE a.user_id::text = {user})::bigint""")
COUNT = qualified("(SELECT count(*) FROM {table} AS a WHERE a.user_id::text = {user})")
GENRE = qualified("(SELECT max(a.fav_genre::text) FROM {table} AS a WHERE a.user_id::text = {user})")
ANY = qualified("EXISTS (SELECT 1 FROM {table} AS a WHERE a.user_id::text = {user})")


@dataclass(frozen=True, slots=True)
class Shape:
    """Where one of the app's tables is, as SQL for a statement with parameters, and its columns' names.

    `ordered` has the columns as the app has them.
    """

    table: str
    columns: frozenset[str]
    ordered: tuple[str, ...] = ()


def shapes(cursor: Cursor) -> dict[str, Shape]:
    """Return the shapes of those of the app's tables that the search path finds."""
    cursor.execute(
        "SELECT asked.name, quote_ident(space.nspname) || '.' || quote_ident(class.relname), ARRAY("
        " SELECT attname::text FROM pg_attribute WHERE attrelid = class.oid AND attnum > 0"
        " AND NOT attisdropped ORDER BY attnum)"
        " FROM unnest(%s) AS asked (name)"
        f" JOIN pg_class AS class ON class.oid = ({FIND.format(name='asked.name')})"
        " JOIN pg_namespace AS space ON space.oid = class.relnamespace",
        (list(REFERENCE),),
    )
    # psycopg2 reads % as the start of a parameter.
    return {
        name: Shape(table.replace("%", "%%"), frozenset(columns), tuple(columns))
        for name, table, columns in cursor.fetchall()
    }


def missing(cursor: Cursor, home: str) -> str | None:
    """Return the SQL that makes the view fit the app's tables, or None when it does already.

    Tables that are missing are taken to be made in the schema `home`.
    """
    found = {name: Shape(f"{home}.{name}", frozenset(columns)) for name, columns in REFERENCE.items()}
    body = _body(found | shapes(cursor)).replace("%%", "%")
    cursor.execute(
        "SELECT prosrc = %s AND to_regclass('musicctl.listeners') IS NOT NULL FROM pg_proc"
        " WHERE oid = to_regprocedure(%s)",
        (body, f"{FUNCTION}()"),
    )
    row = cursor.fetchone()
    return None if row and row[0] else CREATE.format(function=FUNCTION, body=body, view=VIEW)


def of_user(found: Mapping[str, Shape], user: str) -> dict[str, str]:
    """Return the SQL for what the app has of one user, with NULL for what it has no column for.

    `user` is the SQL of the user's id.
    """

    def each(table: str, column: str, template: str, otherwise: str) -> str:
        shape = found.get(table)
        if shape is None or not {"user_id", column} <= shape.columns:
            return otherwise
        return template.format(table=shape.table, user=user)

    kept = (each(table, "user_id", ANY, "") for table in REFERENCE)
    return {
        "fav_genre": each("user_data", "fav_genre", GENRE, qualified("NULL::text")),
        "plays": each("playlists", "total_plays", PLAYS, "NULL::bigint"),
        "playlists": each("playlists", "user_id", COUNT, "NULL::bigint"),
        "songs": each("songs", "user_id", COUNT, "NULL::bigint"),
        "has_data": " OR ".join(filter(None, kept)) or "false",
    }


def require(found: Mapping[str, Shape], table: str, column: str, doing: str) -> None:
    """Raise ConfigError where the app has no such table, or it lacks the column or user_id."""
    shape = found.get(table)
    if shape is None:
        raise ConfigError(
            f'cannot {doing}: the table "{table}" does not exist',
            hint="musicctl db status shows what is there, and db init makes what is missing",
        )
    for name in ("user_id", column):
        if name not in shape.columns:
            raise ConfigError(
                f"cannot {doing}: the table {table} has no column {name}",
                hint=f"it has {', '.join(sorted(shape.columns)) or 'no column'}",
            )


@contextmanager
def in_shape() -> Iterator[None]:
    """Say, where the view was never made or no longer fits the app's tables, what makes it anew."""
    try:
        yield
    except (errors.UndefinedFunction, errors.UndefinedTable, errors.UndefinedColumn) as error:
        told = f"{error.diag.message_primary} {error.diag.context or ''}"
        if FUNCTION not in told and "musicctl.listeners" not in told and '"listener_rows"' not in told:
            raise
        raise ConfigError(
            f"the view musicctl.listeners does not fit this database: {error.diag.message_primary}",
            hint="musicctl db init makes it anew",
        ) from None


def _body(found: Mapping[str, Shape]) -> str:
    names = [shape.table for shape in found.values() if "user_id" in shape.columns]
    ids = " UNION ".join(f"SELECT a.user_id::pg_catalog.text FROM {name} AS a" for name in names)
    shown = ",\n    ".join(of_user(found, "u.user_id").values())
    return BODY.format(of_user=shown, ids=ids or "SELECT NULL::pg_catalog.text WHERE false")
