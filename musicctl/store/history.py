"""The journal as it is read: runs, the newest first, and what each of them changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from musicctl.store.database import Cursor, Database
from musicctl.store.streaming import Rows, stream
from musicctl.store.unconfirmed import SILENT

COLUMNS = ("run", "command", "actor", "started_at", "finished_at", "outcome", "counts")
CHANGE_COLUMNS = (
    "user_id",
    "field",
    "target",
    "verdict",
    "plays",
    "state",
    "before",
    "after",
    "status",
    "correlation_id",
    "detail",
    "sent_at",
    "ended_at",
)
CANDIDATES = 11
T = TypeVar("T")

# Without an end it is under way while its lease lives; without a lease, while something happens.
ALIVE = f"""CASE WHEN runs.lease IS NULL
    THEN runs.started_at > clock_timestamp() - interval '{SILENT}' OR EXISTS (
        SELECT 1 FROM musicctl.changes WHERE changes.run = runs.run
        AND greatest(sent_at, ended_at) > clock_timestamp() - interval '{SILENT}')
    ELSE EXISTS (
        SELECT 1 FROM musicctl.lease WHERE lease.name = runs.lease AND lease.token = runs.token
        AND NOT lease.released AND lease.expires_at > clock_timestamp()) END"""
OUTCOME = f"""CASE WHEN runs.finished_at IS NOT NULL THEN runs.outcome
    WHEN {ALIVE} THEN 'running' ELSE 'crashed' END"""
COUNTS = """coalesce((SELECT jsonb_object_agg(state, number) FROM (
    SELECT state, count(*) AS number FROM musicctl.changes WHERE changes.run = runs.run GROUP BY state
    ) AS states), '{}')"""
WHEN = "runs.started_at"
"""The moment that a run counts for, with all that became of its changes, whenever that was."""

RUN = f"""runs.run, runs.command, runs.actor, runs.started_at, runs.finished_at, {OUTCOME}, {COUNTS}"""

# What is written to the app's tables takes no lease; earlier versions kept no changes of some of it.
MAY_HAVE_CHANGED = """(EXISTS (SELECT 1 FROM musicctl.changes
        WHERE changes.run = runs.run AND changes.state IN ('applied', 'sent', 'unknown'))
    OR (runs.lease IS NULL AND NOT EXISTS (SELECT 1 FROM musicctl.changes WHERE changes.run = runs.run)))"""
# A sync that found nothing to do: cron leaves one every few minutes, the proof that all was as it should be.
NO_OP = """(runs.lease IS NOT NULL AND runs.outcome = 'ok'
    AND NOT EXISTS (SELECT 1 FROM musicctl.changes WHERE changes.run = runs.run))"""

# Whole parts of a day in every zone of the world. What is shown of them is two years at most; what lies far
# ahead is the work of an unsound clock, or of another's hand.
PART = 15 * 60
PARTS = f"""
    SELECT (floor(extract(epoch FROM {WHEN}) / {PART}) * {PART})::float8,
           count(*) FILTER (WHERE changes.verdict = 'grant'),
           count(*) FILTER (WHERE changes.verdict = 'revoke')
    FROM musicctl.changes JOIN musicctl.runs ON runs.run = changes.run
    WHERE changes.field = 'roles' AND changes.state = 'applied' AND runs.role = %(role)s
      AND {WHEN} BETWEEN now() - interval '26 months' AND now() + interval '1 day'
    GROUP BY 1 ORDER BY 1"""

LIST = f"""
    SELECT {RUN} FROM musicctl.runs AS runs
    WHERE (%(no_ops)s OR NOT {NO_OP})
      AND (%(command)s IS NULL OR runs.command = %(command)s
           OR split_part(runs.command, ' ', 2) = %(command)s)
      AND (%(since)s::timestamptz IS NULL OR {WHEN} >= %(since)s)
      AND (%(before)s::timestamptz IS NULL OR {WHEN} < %(before)s)
      AND (%(user_id)s IS NULL OR EXISTS (
        SELECT 1 FROM musicctl.changes WHERE changes.run = runs.run AND (changes.user_id = %(user_id)s
          OR (changes.verdict IN ('move', 'set') AND changes.after ->> 'user_id' = %(user_id)s))))
    ORDER BY {WHEN} DESC, runs.run DESC LIMIT %(limit)s"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the journal; `counts` are its changes by state, and `field` is what they are about.

    `mixed` tells that they are about several fields, which no run of ours is. `outcome` is `running` or
    `crashed` for a run without an end.
    """

    run: str
    command: str
    actor: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    counts: dict[str, int]
    role: str | None
    undoes: str | None
    lease: str | None
    field: str | None
    mixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which runs to list: about whom, of which command, started when; None is for any.

    With `no_ops`, those too that found nothing to do.
    """

    user_id: str | None = None
    command: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    limit: int | None = None
    no_ops: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """What a run left of one change; `before` and `after` are JSON values, `user_id` is None once erased."""

    user_id: str | None
    target: str | None
    verdict: str
    state: str
    before: object
    after: object


def each(database: Database, wanted: Wanted, use: Callable[[Rows], T]) -> T:
    """Return what `use` makes of the runs, rows of COLUMNS, the newest first."""
    values = {name: getattr(wanted, name) for name in wanted.__slots__}

    def prepare(_cursor: Cursor) -> tuple[str, Mapping[str, object]]:
        return LIST, values

    return stream(database, prepare, use, doing="read the journal")


def matching(database: Database, text: str) -> tuple[str, ...]:
    """Return the ids that are `text`, or else begin with it, the newest first and CANDIDATES at most.

    `last` is the newest that changed something, or may have.
    """

    def work(cursor: Cursor) -> tuple[str, ...]:
        newest = "ORDER BY started_at DESC, run DESC LIMIT %(limit)s"
        if text == "last":
            cursor.execute(
                f"SELECT run FROM musicctl.runs AS runs WHERE {MAY_HAVE_CHANGED} {newest}", {"limit": 1}
            )
            return tuple(run for (run,) in cursor.fetchall())
        cursor.execute(
            "SELECT run FROM musicctl.runs WHERE left(run, length(%(text)s)) = %(text)s AND"
            " (run = %(text)s OR NOT EXISTS (SELECT 1 FROM musicctl.runs WHERE run = %(text)s))"
            f" {newest}",
            {"text": text, "limit": CANDIDATES},
        )
        return tuple(run for (run,) in cursor.fetchall())

    return database.run(work, doing="read the journal", read_only=True)


def find(database: Database, run: str) -> Run | None:
    """Return the run with exactly this id, or None."""

    def work(cursor: Cursor) -> Run | None:
        cursor.execute(
            f"SELECT {RUN}, runs.role, runs.undoes, runs.lease,"
            " (SELECT min(field) FROM musicctl.changes WHERE changes.run = runs.run),"
            " (SELECT count(DISTINCT field) > 1 FROM musicctl.changes WHERE changes.run = runs.run)"
            " FROM musicctl.runs AS runs WHERE runs.run = %s",
            (run,),
        )
        row = cursor.fetchone()
        return None if row is None else Run(**dict(zip(Run.__slots__, row, strict=True)))

    return database.run(work, doing="read the journal", read_only=True)


def days(cursor: Cursor, role: str) -> list[tuple[date, int, int]]:
    """Return how often a role was granted and taken away by the runs of each day, where it was, in order.

    A day is one of the local zone, as it is for whoever asks for the runs since a day.
    """
    cursor.execute(PARTS, {"role": role})
    found: dict[date, tuple[int, int]] = {}
    for moment, grants, revokes in cursor.fetchall():
        day = datetime.fromtimestamp(moment, UTC).astimezone().date()
        before = found.get(day, (0, 0))
        found[day] = (before[0] + grants, before[1] + revokes)
    return [(day, grants, revokes) for day, (grants, revokes) in found.items() if grants or revokes]


def changes(database: Database, run: str, use: Callable[[Rows], T]) -> T:
    """Return what `use` makes of the changes of a run, rows of CHANGE_COLUMNS, as they were planned."""
    return _changes(database, run, ", ".join(CHANGE_COLUMNS), use)


def left(database: Database, run: str, field: str) -> list[Left]:
    """Return what a run wrote of one field, or may have written, as it was planned."""
    columns = "user_id, target, verdict, state, before, after"
    condition = " AND state IN ('applied', 'sent', 'unknown') AND field = %(field)s"
    return _changes(database, run, columns, lambda rows: [Left(*row) for row in rows], condition, field)


def _changes(
    database: Database,
    run: str,
    columns: str,
    use: Callable[[Rows], T],
    condition: str = "",
    field: str | None = None,
) -> T:
    def prepare(_cursor: Cursor) -> tuple[str, Mapping[str, object]]:
        statement = f"SELECT {columns} FROM musicctl.changes WHERE run = %(run)s{condition} ORDER BY seq"
        return statement, {"run": run, "field": field}

    return stream(database, prepare, use, doing="read the journal")
