"""Who could not be changed in the last runs: for the order in which a run tries its changes."""

from musicctl.store.database import Cursor, Database

RUNS, WITHIN = 10, "7 days"
"""Runs that are looked at, of those that meant to change anything, and how long ago they began at most."""

# Only an attempt says anything of a user. What an undo skips was changed since: it is no failure. A run that
# went well has none, so that its changes are read only where somebody failed before it.
FAILED = f"""
    WITH lately AS MATERIALIZED (
        SELECT run.run, run.started_at, run.outcome, run.undoes FROM musicctl.runs AS run
        WHERE run.command = %(command)s AND run.role IS NOT DISTINCT FROM %(role)s
          AND run.started_at > clock_timestamp() - interval '{WITHIN}'
          AND EXISTS (SELECT 1 FROM musicctl.changes AS change WHERE change.run = run.run)
        ORDER BY run.started_at DESC LIMIT {RUNS}),
    failures AS MATERIALIZED (
        SELECT change.user_id, max(lately.started_at) AS failed_at
        FROM lately JOIN musicctl.changes AS change ON change.run = lately.run
        WHERE lately.outcome IS DISTINCT FROM 'ok' AND change.user_id IS NOT NULL
          AND (change.state = 'failed' OR (change.state = 'conflict' AND lately.undoes IS NULL))
        GROUP BY change.user_id)
    SELECT user_id FROM failures WHERE NOT EXISTS (
        SELECT 1 FROM lately JOIN musicctl.changes AS change ON change.run = lately.run
        WHERE lately.started_at > (SELECT min(failed_at) FROM failures)
          AND lately.started_at > failures.failed_at AND change.user_id = failures.user_id
          AND change.state IN ('applied', 'already', 'gone', 'sent', 'unknown'))"""


def failed(database: Database, *, command: str, role: str | None) -> frozenset[str]:
    """Return whose change failed or conflicted when a run of this command and role last tried it."""

    def work(cursor: Cursor) -> frozenset[str]:
        cursor.execute(FAILED, {"command": command, "role": role})
        return frozenset(user_id for (user_id,) in cursor.fetchall())

    return database.run(work, doing="read who failed in the last runs", read_only=True)
