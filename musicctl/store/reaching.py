"""What a SELECT can call that reaches past a transaction that only reads: other servers, files, sessions."""

import re

from musicctl.store import statement
from musicctl.store.database import Cursor, Database
from musicctl.store.statement import Statement

FUNCTIONS = re.compile(
    r"dblink.*|postgres_fdw.*|file_fdw.*|lo_.*|loread|lowrite|pg_read_.*|pg_ls_.*|pg_stat_file|pg_file_.*"
    r"|pg_logdir_ls|pg_(?:terminate|cancel)_backend|pg_reload_conf|pg_rotate_logfile|pg_promote"
    r"|pg_(?:switch_wal|create_restore_point|backup_start|backup_stop|wal_replay_(?:pause|resume))"
    r"|pg_logical_.*|pg_(?:create|drop|copy)_.*slot.*|pg_replication_.*|pg_notify|pg_(?:try_)?advisory_.*"
    r"|pg_import_system_collations|(?:query|table|cursor|schema|database)_to_xml.*|http(?:_.*)?"
    r"|copy|program|U&.*"
)
"""Functions of Postgres' own, of what comes with it and of what is often added; xml runs SQL in a text."""

NAMED = """
    SELECT relname::text FROM pg_catalog.pg_class
    WHERE relkind OPERATOR(pg_catalog.=) 'f'::"char" AND relname::text OPERATOR(pg_catalog.=) ANY (%(names)s)
    UNION
    SELECT proname::text FROM pg_catalog.pg_proc JOIN pg_catalog.pg_language AS l
           ON l.oid OPERATOR(pg_catalog.=) prolang
    WHERE NOT lanpltrusted AND lanname::text OPERATOR(pg_catalog.<>) ALL (ARRAY['internal', 'c']::text[])
      AND proname::text OPERATOR(pg_catalog.=) ANY (%(names)s)"""
"""Foreign tables, and functions in a language in which everything can be done."""


def reaching(database: Database, asked: Statement) -> list[str]:
    """Return the names in a statement of what reaches past the transaction, sorted."""
    names = sorted(statement.names(asked))

    def work(cursor: Cursor) -> set[str]:
        cursor.execute(NAMED, {"names": names})
        return {name for (name,) in cursor.fetchall()}

    known = {name for name in names if FUNCTIONS.fullmatch(name)}
    return sorted(known | database.run(work, doing="look at what the query calls", read_only=True))
