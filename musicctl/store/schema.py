"""`db init` and `db status`: our schema `musicctl` by numbered migrations, the app's tables where missing."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from psycopg2 import errors

from musicctl.errors import ConfigError
from musicctl.store import naming, strangers, view
from musicctl.store.database import REPEATABLE, Cursor, Database, one_row
from musicctl.store.opening import PATH

APP_TABLES = ("songs", "artists", "playlists", "user_data")

# Row 0 of the migrations is the schema itself, and the lock that an init holds until its transaction ends.
FOUNDATION = """\
CREATE SCHEMA IF NOT EXISTS musicctl;
CREATE TABLE IF NOT EXISTS musicctl.migrations (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
"""
FIRST = """\
INSERT INTO musicctl.migrations (number, name, checksum) VALUES (0, 'schema', '') ON CONFLICT DO NOTHING;
"""


# Who was given rights on our tables once keeps them for those that a later version adds.
GRANTS = """
    SELECT format('GRANT %s ON musicctl.%I TO %I', given.privilege_type, new.table_name, given.grantee)
    FROM information_schema.role_table_grants AS given
    JOIN information_schema.tables AS new ON new.table_schema = 'musicctl' AND new.table_type = 'BASE TABLE'
    WHERE given.table_schema = 'musicctl' AND given.table_name = 'tenant_users'
      AND given.grantee NOT IN ('PUBLIC', given.grantor)
      AND NOT EXISTS (
        SELECT 1 FROM information_schema.role_table_grants AS there
        WHERE there.table_schema = 'musicctl' AND there.table_name = new.table_name
          AND there.grantee = given.grantee AND there.privilege_type = given.privilege_type)"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered SQL file of the package."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """The sha256 of the file's text, which must not change once it was applied anywhere."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Status:
    """Which migration the database has reached, which are still to come, and which app tables are there."""

    version: int
    pending: tuple[str, ...]
    tables: dict[str, bool]


@cache
def migrations() -> tuple[Migration, ...]:
    """Return the package's migrations in the order of their numbers."""
    found = []
    for file in files("musicctl.store").joinpath("migrations").iterdir():
        number, _, name = file.name.removesuffix(".sql").partition("_")
        found.append(Migration(int(number), name, file.read_text(encoding="utf-8")))
    return tuple(sorted(found, key=lambda migration: migration.number))


def app_statements() -> dict[str, str]:
    """Return the SQL that creates each of the app's tables, with its index, in a schema still to name."""
    text = files("musicctl.store").joinpath("app_tables.sql").read_text(encoding="utf-8")
    statements = [line for line in text.splitlines() if line and not line.startswith("--")]
    return {
        table: "\n".join(line for line in statements if f"{{schema}}.{table} " in line)
        for table in APP_TABLES
    }


def status(database: Database) -> Status:
    """Return how far this database is; raises ConfigError when its schema is not one of ours."""
    return database.run(_status, doing="read the schema", read_only=True)


def columns(database: Database) -> dict[str, list[str]]:
    """Return the columns of those of the app's tables that there are."""

    def work(cursor: Cursor) -> dict[str, list[str]]:
        return {name: list(shape.ordered) for name, shape in view.shapes(cursor).items()}

    return database.run(work, doing="read the app's tables", read_only=True)


def init(database: Database) -> tuple[str, ...]:
    """Create what is missing and return the names of what was created; twice changes nothing.

    The view is made anew where it does not fit the app's tables. Never alters a table of the app. Two at
    once wait for each other. Raises ConfigError where the schema has what others made.
    """
    if not database.run(_founded, doing="read the schema", read_only=True):
        database.run(
            _found,
            doing="create the schema musicctl",
            # IF NOT EXISTS does not see what another transaction is just creating.
            repeat_on=(*REPEATABLE, errors.UniqueViolation, errors.DuplicateSchema, errors.DuplicateTable),
        )
    return database.run(_complete, doing="create what is missing")


def script(database: Database) -> str:
    """Return the SQL that `init` would run on this database now, for a person with more rights to run."""
    return database.run(_script, doing="read the schema", read_only=True)


def _has_foundation(cursor: Cursor) -> bool:
    cursor.execute("SELECT to_regclass('musicctl.migrations') IS NOT NULL")
    return bool(one_row(cursor)[0])


def _found(cursor: Cursor) -> None:
    cursor.execute(FOUNDATION)
    strangers.refuse(cursor)  # somebody may have been quicker, with a trigger that waits for what follows
    cursor.execute(FIRST)


def _founded(cursor: Cursor) -> bool:
    strangers.refuse(cursor)
    return _has_foundation(cursor)


def _complete(cursor: Cursor) -> tuple[str, ...]:
    strangers.refuse(cursor)
    cursor.execute("SELECT number FROM musicctl.migrations WHERE number = 0 FOR UPDATE")
    missing = _missing(cursor, _status(cursor))
    for statement in missing.values():
        cursor.execute(statement)
    if missing:
        cursor.execute(GRANTS)
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
    return tuple(missing)


def _script(cursor: Cursor) -> str:
    strangers.refuse(cursor)
    missing = _missing(cursor, _status(cursor))
    foundation = [] if _has_foundation(cursor) else [FOUNDATION + FIRST]
    if not missing and not foundation:
        return "-- nothing is missing\n"
    return "\n".join(["BEGIN;", f"{naming.AS_OURS};", *foundation, *missing.values(), "COMMIT;", ""])


def _missing(cursor: Cursor, now: Status) -> dict[str, str]:
    """Return the statements that bring a database from `now` to where it should be, by what they make."""
    wanted = {f"migration {_label(each)}": each for each in migrations() if _label(each) in now.pending}
    found = {name: each.sql + _record(each) for name, each in wanted.items()}
    absent = [table for table, there in now.tables.items() if not there]
    home = _home(cursor) if absent else ""
    statements = app_statements()
    found |= {f"table {table}": statements[table].format(schema=home) for table in absent}
    rebuilt = view.missing(cursor, home)
    return found if rebuilt is None else found | {"view listeners": rebuilt}


def _home(cursor: Cursor) -> str:
    """Return the schema, quoted, that new tables of the app go to.

    Postgres' own choice would be ours for a role that is called musicctl: "$user" comes first by default.
    """
    cursor.execute(
        "SELECT quote_ident(name)"
        " FROM unnest(current_setting(%s)::name[]) WITH ORDINALITY AS path (name, place)"
        " WHERE name <> 'musicctl' ORDER BY place LIMIT 1",
        (PATH,),
    )
    row = cursor.fetchone()
    if row is None:
        raise ConfigError(
            "the search path names no schema for the app's tables",
            hint="ALTER ROLE ... SET search_path = public",
        )
    return str(row[0])


def _record(migration: Migration) -> str:
    values = f"{migration.number}, '{migration.name}', '{migration.checksum}'"
    return f"INSERT INTO musicctl.migrations (number, name, checksum) VALUES ({values});\n"


def _status(cursor: Cursor) -> Status:
    applied = {}
    if _has_foundation(cursor):
        cursor.execute("SELECT number, checksum FROM musicctl.migrations WHERE number > 0 ORDER BY number")
        applied = dict(cursor.fetchall())
    known = {migration.number: migration for migration in migrations()}
    for number, checksum in applied.items():
        _check(known.get(number), number, checksum)
    pending = tuple(_label(each) for number, each in known.items() if number not in applied)
    there = naming.found(cursor, list(APP_TABLES))
    tables = {table: table in there for table in APP_TABLES}
    return Status(max(applied, default=0), pending, tables)


def _check(known: Migration | None, number: int, checksum: str) -> None:
    if known is None:
        raise ConfigError(
            f"the schema musicctl has migration {number}, which this version does not know",
            hint="it was made by a newer musicctl; upgrade this one",
        )
    if known.checksum != checksum:
        raise ConfigError(
            f"migration {_label(known)} of the schema musicctl is not the one this version knows",
            hint="install the version of musicctl that made it, or restore the schema from a backup",
        )


def _label(migration: Migration) -> str:
    return f"{migration.number:04}_{migration.name}"
