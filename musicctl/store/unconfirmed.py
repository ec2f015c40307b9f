"""Changes that were sent and never confirmed, by runs that were cut off before they could tell."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from musicctl.errors import BusyError
from musicctl.store import journal, mirror_updates
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


@dataclass(frozen=True, slots=True)
class Settled:
    """How many runs were ended, and how many changes were left since somebody holds their rows.

    `known` are the truths about all others, recorded by us or by somebody else.
    """

    runs: int
    left: int
    known: Sequence[Truth]


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


def settle(database: Database, truths: Sequence[Truth], fence: Fence | None) -> Settled:
    """Record what is true, where nobody did yet, and end the runs that were cut off.

    Nobody is waited for: what another connection holds is left as it is, and counted.
    """

    def work(cursor: Cursor) -> tuple[list[str], Settled]:
        cut_off = _cut_off(cursor, fence)  # asked for before: what is recorded below is a sign of life
        free = [_is_free(cursor, truth.change) for truth in truths]
        for truth, ours in zip(truths, free, strict=True):
            if ours:
                _record(cursor, truth, fence)
        known = [truth for truth, ours in zip(truths, free, strict=True) if ours is not None]
        return cut_off, Settled(_end(cursor, cut_off), free.count(None), known)

    cut_off, settled = database.run(work, doing="record what became of earlier changes")
    if runs := sorted({*cut_off, *(truth.change.run for truth in truths)}):
        with suppress(BusyError):  # behind, the mirror only costs the next run a look at the tenant
            database.run(lambda cursor: _follow(cursor, runs), doing="keep the mirror in step")
    return settled


def _is_free(cursor: Cursor, change: Unconfirmed) -> bool | None:
    """Lock a change that is still unconfirmed; False where it is not any more, None where others hold it."""
    these = "FROM musicctl.changes WHERE run = %s AND seq = %s AND state = 'sent'"
    cursor.execute(f"SELECT 1 {these} FOR UPDATE SKIP LOCKED", (change.run, change.seq))
    if cursor.rowcount:
        return True
    cursor.execute(f"SELECT 1 {these}", (change.run, change.seq))
    return None if cursor.rowcount else False


def _record(cursor: Cursor, truth: Truth, fence: Fence | None) -> None:
    ours = "true" if fence is None else fence.ours(cursor)
    cursor.execute(
        "UPDATE musicctl.changes SET state = %s, detail = %s, ended_at = clock_timestamp(),"
        f" after = coalesce(%s::jsonb, after) WHERE run = %s AND seq = %s AND state = 'sent' AND {ours}",
        (truth.state, truth.detail, journal.as_json(truth.after), truth.change.run, truth.change.seq),
    )


def _follow(cursor: Cursor, runs: Sequence[str]) -> None:
    """Bring the mirror into step with whom these runs were about: they may have been cut off before that."""
    for run in runs:
        cursor.execute("SELECT DISTINCT user_id FROM musicctl.changes WHERE run = %s", (run,))
        mirror_updates.follow_users(cursor, [user_id for (user_id,) in cursor.fetchall()])


def _cut_off(cursor: Cursor, fence: Fence | None) -> list[str]:
    cursor.execute(
        f"SELECT run.run FROM musicctl.runs AS run WHERE run.finished_at IS NULL AND {_scope(fence)}",
        _values(fence),
    )
    return [run for (run,) in cursor.fetchall()]


def _end(cursor: Cursor, runs: Sequence[str]) -> int:
    """End those of the runs of which nothing is left open, nor held by somebody; return how many."""
    cursor.execute(
        "SELECT run.run FROM musicctl.runs AS run WHERE run.run = ANY(%s) AND run.finished_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM musicctl.changes WHERE run = run.run AND state = 'sent')"
        " FOR UPDATE SKIP LOCKED",
        (list(runs),),
    )
    ended = [run for (run,) in cursor.fetchall() if _is_untouched(cursor, run)]
    for run in ended:
        journal.end(cursor, run, "crashed")
    return len(ended)


def _is_untouched(cursor: Cursor, run: str) -> bool:
    """Lock what a run has not sent; False where somebody holds a part of it, who may be about to send."""
    these = "FROM musicctl.changes WHERE run = %s AND state = 'intended'"
    cursor.execute(f"SELECT count(*) {these}", (run,))
    (count,) = one_row(cursor)
    cursor.execute(f"SELECT 1 {these} FOR UPDATE SKIP LOCKED", (run,))
    return bool(cursor.rowcount == count)


def _scope(fence: Fence | None) -> str:
    return LEASELESS if fence is None else OLDER


def _values(fence: Fence | None) -> dict[str, object]:
    return {} if fence is None else {"lease": fence.name, "token": fence.token}
