"""Who holds what somebody waited for in vain: the server's other connections, and since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg2 import extensions

from musicctl.errors import BusyError

SHOWN = 3

# Who waits as well is no cause of it. The server may hide from us when another account's transaction began.
HOLDERS = """
    SELECT held.pid, activity.usename, activity.application_name,
        coalesce(activity.client_hostname, pg_catalog.host(activity.client_addr)), activity.state,
        activity.xact_start, array_agg(DISTINCT relation.relname::text ORDER BY relation.relname::text)
    FROM pg_catalog.pg_locks AS held
    JOIN pg_catalog.pg_class AS relation ON relation.oid = held.relation
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
    JOIN pg_catalog.pg_stat_activity AS activity ON activity.pid = held.pid
    WHERE held.granted AND held.locktype = 'relation' AND held.mode <> 'AccessShareLock'
      AND held.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
      AND relation.relkind IN ('r', 'p') AND namespace.nspname <> ALL(ARRAY['pg_catalog', 'pg_toast'])
      AND held.pid <> pg_catalog.pg_backend_pid()
      AND NOT EXISTS (
        SELECT 1 FROM pg_catalog.pg_locks AS waits WHERE waits.pid = held.pid AND NOT waits.granted)
      AND (activity.xact_start IS NULL OR activity.xact_start < clock_timestamp() - interval '1 second')
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY activity.xact_start NULLS LAST LIMIT 4"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A connection that holds locks of a writer; None is what the server does not tell us."""

    pid: int
    account: str | None
    program: str | None
    host: str | None
    state: str | None
    since: datetime | None
    tables: Sequence[str]

    def __str__(self) -> str:
        """Describe it in one clause."""
        program = f" ({self.program})" if self.program else ""
        host = f" on {self.host}" if self.host else ""
        state = f", {self.state}" if self.state else ""
        since = f" since {self.since.astimezone():%Y-%m-%d %H:%M:%S %Z}" if self.since else ""
        who = f"{self.account or 'somebody'}{program}{host}, server process {self.pid}{state}"
        return f"{who}, has been writing {', '.join(self.tables)}{since}"


def find(cursor: extensions.cursor) -> tuple[Holder, ...]:
    """Return who holds locks of a writer in this database for a second or more, the oldest first."""
    cursor.execute(HOLDERS)
    return tuple(Holder(*row) for row in cursor.fetchall())


def busy(doing: str, place: str, found: Sequence[Holder]) -> BusyError:
    """Return the error of who waited for a lock in vain."""
    what = f"could not {doing} in {place}: another connection holds what it needs"
    if not found:
        return BusyError(what, hint="try again; pg_stat_activity says who has a transaction open")
    more = " and others" if len(found) > SHOWN else ""
    return BusyError(
        f"{what}: {'; '.join(map(str, found[:SHOWN]))}{more}",
        hint="try again when it has ended; whoever runs the server can end it with"
        f" SELECT pg_terminate_backend({found[0].pid})",
        details={"pid": found[0].pid},
    )
