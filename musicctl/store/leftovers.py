"""Staging tables that imports left behind, with who each of them is of: kill -9 lets nobody clean up."""

import json
from dataclasses import dataclass
from datetime import datetime

from psycopg2 import errors, sql

from musicctl.store.database import Cursor, Database, one_row
from musicctl.store.lease import Process

# What is no older may be of an import that still asks a person, or works: on a machine that we cannot see.
OLD = "1 day"
STAGING = "^staging_[0-9a-f]{12}$"
FOUND = f"""
    SELECT class.relname, obj_description(class.oid, 'pg_class'), pg_get_userbyid(class.relowner),
           pg_has_role(class.relowner, 'USAGE')
    FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
    WHERE space.nspname = 'musicctl' AND class.relkind = 'r' AND class.relname ~ '{STAGING}'
    ORDER BY class.relname"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A staging table that outlives its transaction: whose, in Postgres, and whether we may remove it.

    `process` and `since` are of the import, None where the table does not say it. `old` is how it stands by
    the database's clock.
    """

    name: str
    owner: str
    ours: bool
    process: Process | None
    since: datetime | None
    old: bool


def mark(cursor: Cursor, staging: sql.Composable, process: Process) -> None:
    """Write to a staging table of whom it is, since it is about to be committed."""
    cursor.execute("SELECT clock_timestamp()")
    said = {name: getattr(process, name) for name in process.__slots__}
    text = json.dumps(said | {"since": one_row(cursor)[0].isoformat()})
    cursor.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(staging, sql.Literal(text)))


def find(database: Database) -> list[Staged]:
    """Return the staging tables that there are, by their names."""

    def work(cursor: Cursor) -> list[Staged]:
        cursor.execute(FOUND)
        return [_staged(cursor, *row) for row in cursor.fetchall()]

    return database.run(work, doing="look for staging tables", read_only=True)


def drop(database: Database, names: list[str]) -> None:
    """Remove staging tables, but for those that somebody works on."""

    def work(cursor: Cursor) -> None:
        for name in names:
            table = sql.Identifier("musicctl", name)
            cursor.execute("SAVEPOINT leftover")
            try:
                cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE NOWAIT").format(table))
                cursor.execute(sql.SQL("DROP TABLE {}").format(table))
            except (errors.LockNotAvailable, errors.UndefinedTable, errors.InsufficientPrivilege):
                cursor.execute("ROLLBACK TO SAVEPOINT leftover")

    database.run(work, doing="remove staging tables")


def _staged(cursor: Cursor, name: str, said: str | None, owner: str, ours: bool) -> Staged:
    process, since = _read(said)
    old = False
    if since is not None:
        cursor.execute(f"SELECT %s < clock_timestamp() - interval '{OLD}'", (since,))
        old = one_row(cursor)[0] is True
    return Staged(name=name, owner=owner, ours=ours, process=process, since=since, old=old)


def _read(said: str | None) -> tuple[Process | None, datetime | None]:
    """Return what a comment says of an import; others may have written anything."""
    try:
        found = json.loads(said or "")
        since = datetime.fromisoformat(found.pop("since"))
        process = Process(**found)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None, None
    texts = (process.holder, process.host, process.boot_id)
    sound = all(isinstance(each, str) for each in texts) and isinstance(process.pid, int)
    return (process, since) if sound and since.tzinfo is not None else (None, None)
