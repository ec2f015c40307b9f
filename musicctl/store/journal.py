"""The journal: what a run means to write, committed before it is sent, and what became of it.

Threads share one Journal. What they hand in while a transaction is under way is committed together by the
next one, so a write costs one commit at most, and a commit serves as many writes as wait for it.
"""

import json
import secrets
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg2 import errors, extras, sql

from musicctl.store import withholding
from musicctl.store.copying import copy_in
from musicctl.store.database import REPEATABLE, Cursor, Database, one_row
from musicctl.store.lease import Fence
from musicctl.store.mirror_updates import Behind
from musicctl.store.withholding import Judged, Withheld

INTENT = ("seq", "user_id", "field", "target", "verdict", "plays")
Intent = tuple[int, str | None, str, str | None, str, int | None]
"""A change that a run means to make, in the order of INTENT; `seq` is its place in the plan.

A playlist may belong to nobody.
"""


class RawJson(str):
    """JSON as Postgres wrote it, which a way through Python's numbers would change."""

    __slots__ = ()


RUN_ID = "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD-HH24MISS') || '-' || %(suffix)s"
ROWS = 500
SENT_STATE = "sent"
"""The state of a change that has left, as long as nobody knows what became of it."""

UNSENT = "unsent"
"""The state of one that certainly never left."""

# A change is sent again after a reply that says that nothing was done, so `sent` may follow `sent`.
SENT = """
    UPDATE musicctl.changes AS change
    SET state = 'sent', before = new.before::jsonb, after = new.after::jsonb,
        correlation_id = new.correlation_id, sent_at = clock_timestamp()
    FROM (VALUES %s) AS new (seq, before, after, correlation_id, role, pin)
    WHERE change.run = {run} AND change.seq = new.seq AND change.state IN ('intended', 'sent') AND {holds}
      AND {as_judged}
    RETURNING change.seq"""
ENDED = """
    UPDATE musicctl.changes AS change
    SET state = new.state, before = coalesce(new.before::jsonb, change.before),
        after = coalesce(new.after::jsonb, change.after), status = new.status::integer,
        detail = nullif(new.detail, ''), ended_at = clock_timestamp()
    FROM (VALUES %s) AS new (seq, state, before, after, status, detail)
    WHERE change.run = {run} AND change.seq = new.seq AND change.state IN ('intended', 'sent') AND {ours}
    RETURNING change.seq"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """Who starts what; the last fields are what a sync saw, for the guards of the next one."""

    command: str
    actor: str
    present: bool
    profile: str
    role: str | None = None
    plan: str | None = None
    undoes: str | None = None
    threshold: int | None = None
    source: str | None = None
    source_users: int | None = None
    source_plays: int | None = None
    tenant_users: int | None = None
    holders: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of one change; `before` and `after` are JSON values where they were seen."""

    seq: int
    state: str
    before: object = None
    after: object = None
    status: int | None = None
    detail: str = ""


@dataclass(slots=True, eq=False)
class _Sending:
    """One write that waits for its commit."""

    row: tuple[int, str | None, str | None, str, str | None, str | None]
    done: bool = False
    granted: bool = False
    failure: BaseException | None = field(default=None, repr=False)


def begin(database: Database, new: NewRun, intents: Iterable[Intent], fence: Fence | None) -> str:
    """Commit a run and everything it means to write, and return the run's id."""
    rows = list(intents)

    def work(cursor: Cursor) -> str:
        run = _insert(cursor, new, fence)
        copy_in(
            cursor,
            sql.Identifier("musicctl", "changes"),
            ("run", *INTENT),
            ((run, *intent) for intent in rows),
        )
        return run

    return database.run(work, doing="write the journal", repeat_on=(*REPEATABLE, errors.UniqueViolation))


def finish(database: Database, run: str, outcome: str) -> None:
    """Record how a run ended; changes that were never sent are recorded as such."""

    def work(cursor: Cursor) -> None:
        end(cursor, run, outcome)

    database.run(work, doing="write the journal")


def end(cursor: Cursor, run: str, outcome: str) -> None:
    """Record how a run ended, within the caller's transaction; the first record stays."""
    cursor.execute(
        "UPDATE musicctl.changes SET state = 'unsent', ended_at = clock_timestamp()"
        " WHERE run = %s AND state = 'intended'",
        (run,),
    )
    cursor.execute(
        "UPDATE musicctl.runs SET finished_at = clock_timestamp(), outcome = %s"
        " WHERE run = %s AND finished_at IS NULL",
        (outcome, run),
    )


def record(
    cursor: Cursor, new: NewRun, changes: Sequence[tuple[Intent, object, object]], *, detail: str = ""
) -> str:
    """Write a whole run over the app's own tables, in the transaction of its writes.

    `changes` are (intent, before, after), and `detail` says why; returns the run's id.
    """
    run = _insert(cursor, new, None)
    for intent, before, after in changes:
        cursor.execute(
            "INSERT INTO musicctl.changes (run, seq, user_id, field, target, verdict, plays, state, before,"
            " after, detail, ended_at) VALUES (%s, %s, %s, %s, %s, %s, %s, 'applied', %s, %s, nullif(%s, ''),"
            " clock_timestamp())",
            (run, *intent, as_json(before), as_json(after), detail),
        )
    end(cursor, run, "ok")
    return run


def forget(database: Database, user_ids: Sequence[str]) -> None:
    """Remove the changes of these users: only for made-up ones, who begin anew."""

    def work(cursor: Cursor) -> None:
        cursor.execute("DELETE FROM musicctl.changes WHERE user_id = ANY(%s)", (list(user_ids),))

    database.run(work, doing="forget changes")


class Journal:
    """The open run of this process, for any number of threads."""

    def __init__(self, database: Database, run: str, fence: Fence | None) -> None:
        self.run = run
        self._database = database
        self._fence = fence
        self._queue = threading.Lock()
        self._turn = threading.Lock()
        self._sending: list[_Sending] = []
        self._ended: list[Ended] = []
        self._behind = Behind(database, run)
        self._sent: set[int] = set()
        self._became: dict[int, str] = {}

    def became(self) -> Mapping[int, str]:
        """What this process recorded of each change, by its place: an outcome, SENT_STATE or UNSENT."""
        return {**dict.fromkeys(self._sent, SENT_STATE), **self._became}

    def correlation_id(self, seq: int) -> str:
        """Return the name under which the tenant's own log has the write of this change."""
        return f"{self.run}/{seq}"

    def send(self, seq: int, before: object, after: object, judged: Judged | None = None) -> bool:
        """Commit that this change is about to be sent; False where `withheld` says why it may not be.

        Nothing may be sent unless it returns True. The statement that commits it asks for the lease, for a
        hold, and for the pin that the user was `judged` by, so that none of them can come in between.
        """
        pinned = (None, None) if judged is None else (judged.role, judged.pin or "")
        sending = _Sending((seq, as_json(before), as_json(after), self.correlation_id(seq), *pinned))
        with self._queue:
            self._sending.append(sending)
        with self._turn:
            if not sending.done:
                self._behind.keep_up()
                self._commit()
        if sending.failure is not None:
            raise sending.failure
        return sending.granted

    def withheld(self) -> Withheld:
        """Say why a write was refused."""
        return withholding.why(self._database, self._fence)

    def ended(self, ended: Ended) -> None:
        """Note what became of a change; it is committed with the next write, or by `flush`.

        A crash before that loses nothing: what was sent and has no outcome is looked up in the tenant.
        """
        with self._queue:
            self._ended.append(ended)

    def flush(self) -> None:
        """Commit every outcome noted so far, and bring the mirror into step.

        A user whose row in there somebody holds for longer is left behind: the next run looks at the tenant.
        """
        with self._turn:
            self._commit()
            self._behind.catch_up()

    def _commit(self) -> None:
        with self._queue:
            sending, ended = self._sending, self._ended
            self._sending, self._ended = [], []
        if not sending and not ended:
            return
        try:
            recorded, granted = self._database.run(
                lambda cursor: self._write(cursor, sending, ended), doing="write the journal"
            )
        except BaseException as failure:
            with self._queue:
                self._ended = ended + self._ended
            for each in sending:
                each.done, each.failure = True, failure
            raise
        self._behind.add(recorded)
        self._sent |= granted
        self._became |= {each.seq: each.state for each in ended if each.seq in recorded}
        for each in sending:
            each.done, each.granted = True, each.row[0] in granted

    def _write(
        self, cursor: Cursor, sending: Sequence[_Sending], ended: Sequence[Ended]
    ) -> tuple[set[int], set[int]]:
        """Return the changes whose outcome was recorded, and those that may be sent."""
        recorded: set[int] = set()
        granted: set[int] = set()
        rows: list[tuple[object, ...]]
        if ended:
            rows = [
                (each.seq, each.state, as_json(each.before), as_json(each.after), each.status, each.detail)
                for each in ended
            ]
            recorded = {seq for (seq,) in _values(cursor, ENDED, rows, self._conditions(cursor))}
        if sending:
            rows = [each.row for each in sending]
            granted = {seq for (seq,) in _values(cursor, SENT, rows, self._conditions(cursor))}
        return recorded, granted

    def _conditions(self, cursor: Cursor) -> dict[str, str]:
        fenced = self._fence
        return {
            "run": cursor.mogrify("%s", (self.run,)).decode().replace("%", "%%"),
            "ours": "true" if fenced is None else fenced.ours(cursor),
            "as_judged": withholding.AS_JUDGED,
            "holds": "true" if fenced is None else fenced.holds(cursor),
        }


def _values(
    cursor: Cursor, statement: str, rows: Sequence[tuple[object, ...]], conditions: dict[str, str]
) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(rows), ROWS):
        page = rows[start : start + ROWS]
        extras.execute_values(cursor, statement.format(**conditions), page, page_size=ROWS)
        if cursor.description:
            found += cursor.fetchall()
    return found


def _insert(cursor: Cursor, new: NewRun, fence: Fence | None) -> str:
    values = {
        "suffix": secrets.token_hex(2),
        "lease": None if fence is None else fence.name,
        "token": None if fence is None else fence.token,
        **{name: getattr(new, name) for name in new.__slots__},
    }
    names = [name for name in values if name != "suffix"]
    cursor.execute(
        f"INSERT INTO musicctl.runs (run, {', '.join(names)})"
        f" VALUES ({RUN_ID}, {', '.join(f'%({name})s' for name in names)}) RETURNING run",
        values,
    )
    return str(one_row(cursor)[0])


def as_json(value: object) -> str | None:
    """Return the JSON of a text, a list of texts or a number, with U+FFFD for what Postgres cannot hold.

    JSON that Postgres wrote stays as it is.
    """
    if value is None or isinstance(value, RawJson):
        return value
    storable = [_storable(each) for each in value] if isinstance(value, list | tuple) else _storable(value)
    return json.dumps(storable, ensure_ascii=False)


def _storable(value: object) -> object:
    if not isinstance(value, str):
        return value
    return value.replace("\0", "\ufffd").encode(errors="surrogatepass").decode(errors="replace")
