"""Changes that were sent and never confirmed, by runs that were cut off before they could tell."""

from collections.abc import Sequence
from dataclasses import dataclass

from musicctl.store import instep, journal
from musicctl.store.database import Cursor, Database, one_row
from musicctl.store.lease import Fence

SILENT = "5 minutes"
"""After so long, changes of a writer that takes no lease count as abandoned."""

OLDER = "(run.lease = %(lease)s AND run.token < %(token)s)"
LEASELESS = f"""(run.lease IS NULL AND run.finished_at IS NULL
    AND run.started_at < clock_timestamp() - interval '{SILENT}'
    AND NOT EXISTS (SELECT 1 FROM musicctl.changes AS later WHERE later.run = run.run
        AND greatest(later.sent_at, later.ended_at) > clock_timestamp() - interval '{SILENT}'))"""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """One change that was sent: which, about whom or what, and the value before and after, as JSON."""

    run: str
    seq: int
    user_id: str
    field: str
    verdict: str
    before: object
    after: object
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What became of one of them, after all; `after` is the value that was found."""

    change: Unconfirmed
    state: str
    after: object
    detail: str


def find(database: Database, fence: Fence | None) -> tuple[Unconfirmed, ...]:
    """Return what earlier holders of our lease sent and never confirmed.

    Without a lease it is what writers that need none sent, and were silent about ever since.
    """

    def work(cursor: Cursor) -> tuple[Unconfirmed, ...]:
        cursor.execute(
            "SELECT change.run, change.seq, change.user_id, change.field, change.verdict, change.before,"
            " change.after, change.target"
            " FROM musicctl.changes AS change JOIN musicctl.runs AS run USING (run)"
            f" WHERE change.state = 'sent' AND {_scope(fence)} ORDER BY change.run, change.seq",
            _values(fence),
        )
        return tuple(Unconfirmed(*row) for row in cursor.fetchall())

    return database.run(work, doing="look for changes that were never confirmed", read_only=True)


def count(database: Database, lease: str) -> int:
    """Count what holders of a lease, the present one too, sent and have not confirmed."""

    def work(cursor: Cursor) -> int:
        cursor.execute(
            "SELECT count(*) FROM musicctl.changes JOIN musicctl.runs AS run USING (run)"
            " WHERE state = 'sent' AND run.lease = %s",
            (lease,),
        )
        found: int = one_row(cursor)[0]
        return found

    return database.run(work, doing="look for changes that were never confirmed", read_only=True)


def settle(database: Database, truths: Sequence[Truth], fence: Fence | None) -> int:
    """Record what is true, where nobody did yet, and end the runs that were cut off; return how many."""

    def work(cursor: Cursor) -> int:
        ours = "true" if fence is None else fence.ours(cursor)
        cut_off = _cut_off(cursor, fence)  # asked for before: what is recorded below is a sign of life
        for truth in truths:
            cursor.execute(
                "UPDATE musicctl.changes SET state = %s, detail = %s, ended_at = clock_timestamp(),"
                " after = coalesce(%s::jsonb, after) WHERE run = %s AND seq = %s AND state = 'sent'"
                f" AND {ours}",
                (
                    truth.state,
                    truth.detail,
                    journal.as_json(truth.after),
                    truth.change.run,
                    truth.change.seq,
                ),
            )
            if cursor.rowcount:
                values = {"run": truth.change.run, "seq": truth.change.seq}
                instep.follow(cursor, "run = %(run)s AND seq = %(seq)s", values)
        return _end(cursor, cut_off)

    return database.run(work, doing="record what became of earlier changes")


def _cut_off(cursor: Cursor, fence: Fence | None) -> list[str]:
    cursor.execute(
        f"SELECT run.run FROM musicctl.runs AS run WHERE run.finished_at IS NULL AND {_scope(fence)}",
        _values(fence),
    )
    return [run for (run,) in cursor.fetchall()]


def _end(cursor: Cursor, runs: Sequence[str]) -> int:
    cursor.execute(
        "SELECT run.run FROM musicctl.runs AS run WHERE run.run = ANY(%s) AND NOT EXISTS"
        " (SELECT 1 FROM musicctl.changes WHERE run = run.run AND state = 'sent')",
        (list(runs),),
    )
    found = cursor.fetchall()
    for (run,) in found:
        journal.end(cursor, run, "crashed")
    return len(found)


def _scope(fence: Fence | None) -> str:
    return LEASELESS if fence is None else OLDER


def _values(fence: Fence | None) -> dict[str, object]:
    return {} if fence is None else {"lease": fence.name, "token": fence.token}
