"""Takes back what runs did to rows of the app's tables: those that they added, removed, moved or changed."""

import json
from typing import NamedTuple

from psycopg2 import errors, sql

from musicctl.errors import ConfigError
from musicctl.store import journal, naming, written
from musicctl.store import tables as shape
from musicctl.store.database import Cursor, Database, one_row
from musicctl.store.journal import NewRun
from musicctl.store.kinds import KINDS
from musicctl.store.saved import OWNER
from musicctl.store.tables import Shape
from musicctl.store.written import ADD, MOVE, REMOVE, SET, Written

DOING = "take the rows back"
INVERSE = {ADD: REMOVE, REMOVE: ADD, MOVE: MOVE, SET: SET}
# The last one first: what a run did to one row twice is undone in that order.
CHANGES = """
    SELECT user_id, field, target, verdict, before::text, after::text FROM musicctl.changes
    WHERE run = %s AND state = 'applied' AND field = ANY(%s) ORDER BY seq DESC"""

ALIKE = "to_jsonb(t) @> %(seen)s::jsonb"
THIS_ONE = "(t.tableoid, t.ctid) IN (SELECT t.tableoid, t.ctid FROM {table} AS t WHERE {where} LIMIT 1)"
OLD = "jsonb_populate_record(NULL::{table}, %(before)s::jsonb) AS old"
# What the app keeps besides, such as when a row was last touched, may be another now.
KEPT = """to_jsonb(t) @> (SELECT coalesce(jsonb_object_agg(key, value), '{{}}')
    FROM jsonb_each(%(seen)s::jsonb) WHERE key = ANY(%(columns)s))"""


class RowChange(NamedTuple):
    """What a run did to one row: whose it was, of which table, its id, and it before and after as JSON."""

    user_id: str | None
    table: str
    target: str | None
    verdict: str
    before: str | None
    after: str | None


class RowValue(NamedTuple):
    """One of them as things are now: `skipped` says why it is not to be taken back, or is empty."""

    change: RowChange
    skipped: str


def as_a_whole(database: Database, run: str) -> bool:
    """Tell whether a run is in the journal as a whole, its rows being too many."""

    def work(cursor: Cursor) -> bool:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM musicctl.changes WHERE run = %s AND verdict = %s)",
            (run, written.IMPORT),
        )
        return one_row(cursor)[0] is True

    return database.run(work, doing="read the journal", read_only=True)


def rows(database: Database, run: str) -> list[RowValue]:
    """Return what a run did to rows of the app's tables, as things are now."""

    def work(cursor: Cursor) -> list[RowValue]:
        return [
            RowValue(each, _skipped(cursor, _shape(cursor, each), each)) for each in _changes(cursor, run)
        ]

    return database.run(work, doing="read what the run wrote", read_only=True)


def restore(database: Database, run: str, new: NewRun) -> tuple[str | None, list[RowValue]]:
    """Take back what is still as the run left it, as a run of its own, in one transaction.

    Returns the new run, None when nothing was written, and all of the changes. Raises SwallowedError when the
    database kept something else.
    """

    def work(cursor: Cursor) -> tuple[str | None, list[RowValue]]:
        found = [RowValue(each, _restored(cursor, each)) for each in _changes(cursor, run)]
        done = [each.change for each in found if not each.skipped]
        if not done:
            return None, found
        inverse = written.in_journal(done[0].table, [_inverse(change) for change in done])
        return journal.record(cursor, new, inverse), found

    return database.run(work, doing=DOING)


def _changes(cursor: Cursor, run: str) -> list[RowChange]:
    cursor.execute(CHANGES, (run, list(KINDS)))
    return [RowChange(*row) for row in cursor.fetchall()]


def _shape(cursor: Cursor, change: RowChange) -> Shape:
    found = shape.of(cursor, KINDS[change.table], DOING)
    if OWNER not in found.columns:
        raise ConfigError(f"cannot {DOING}: the table {found.name} has no column {OWNER}", hint="add it")
    return found


def _skipped(cursor: Cursor, found: Shape, change: RowChange) -> str:
    """Say why a row is to be left as it is, or return an empty text."""
    if change.before is None and change.after is None:
        return "the journal does not have the row"
    if not _is_sound(change):
        return "the journal's row is not one that such a run writes"
    if change.verdict != REMOVE:
        return "" if _count(cursor, found, change) else "it was changed or removed since the run"
    return "a row with this id is there again" if _is_back(cursor, found, change) else ""


def _is_sound(change: RowChange) -> bool:
    """Tell whether a run of ours can have written this: the journal is evidence, and anybody's to forge.

    The rows are there that the verdict asks for, of this id and this owner, with plays that there can be.
    """
    before, after = (_row(text) for text in (change.before, change.after))
    shape = (before is not None, after is not None)
    if shape != {ADD: (False, True), REMOVE: (True, False)}.get(change.verdict, (True, True)):
        return False
    rows = [row for row in (before, after) if row is not None]
    owner = rows[0].get(OWNER)
    key = KINDS[change.table].key
    named = all(str(row.get(key)) == (change.target or "None") for row in rows)
    return change.verdict in INVERSE and named and owner == change.user_id and all(map(_may_be, rows))


def _row(text: str | None) -> dict[str, object] | None:
    """Return a row of the journal, or None where there is none, or something else."""
    found = None if text is None else json.loads(text)
    return found if isinstance(found, dict) and OWNER in found else None


def _may_be(row: dict[str, object]) -> bool:
    owner, plays = row[OWNER], row.get("total_plays")
    whose = owner is None or (isinstance(owner, str) and owner == owner.strip() != "" and owner.isprintable())
    return whose and (plays is None or (isinstance(plays, int) and 0 <= plays < 2**63))


def _restored(cursor: Cursor, change: RowChange) -> str:
    """Take one change back; return why not, or an empty text."""
    found = _shape(cursor, change)
    if why := _skipped(cursor, found, change):
        return why
    before = _count(cursor, found, change) if change.after is not None else 0
    if before > 1 and found.is_view:
        return "several rows are alike, and a view cannot tell them apart"
    cursor.execute("SAVEPOINT row")
    try:
        _write(cursor, found, change)
    except errors.UniqueViolation:
        cursor.execute("ROLLBACK TO SAVEPOINT row")
        return "another row has taken its place"
    cursor.execute("RELEASE SAVEPOINT row")
    gone = change.after is None or _count(cursor, found, change) == before - 1
    kept = change.before is None or _count(cursor, found, change, KEPT, change.before) > 0
    written.require(gone and kept, found.name, DOING)
    return ""


def _write(cursor: Cursor, found: Shape, change: RowChange) -> None:
    where = _where(found, change, ALIKE)
    if not found.is_view:
        where = sql.SQL(THIS_ONE).format(table=found.table, where=where)
    columns = _columns(found, change)
    comma = sql.SQL(", ")
    if change.verdict == ADD:
        statement = sql.SQL("DELETE FROM {table} AS t WHERE {where}")
    elif change.verdict == REMOVE:
        statement = sql.SQL(
            "INSERT INTO {table} ({columns}) {over} SELECT {columns} FROM " + OLD + " WHERE " + naming.LEAVING
        )
    else:
        statement = sql.SQL("UPDATE {table} AS t SET {set} FROM " + OLD + " WHERE {where}")
    where = sql.SQL("{} AND " + naming.LEAVING).format(where)
    naming.write(
        cursor,
        statement.format(
            table=found.table,
            where=where,
            over=found.overriding,
            columns=comma.join(columns),
            set=comma.join(sql.SQL("{0} = old.{0}").format(name) for name in columns),
        ),
        _values(found, change, change.after),
    )


def _columns(found: Shape, change: RowChange) -> list[sql.Identifier]:
    """Return what is written: all of a row that was removed, else what of it is ours to change."""
    if change.verdict == REMOVE:
        return [sql.Identifier(name) for name, column in found.columns.items() if not column.generated]
    if change.verdict == MOVE:
        return [sql.Identifier(OWNER)]
    return [sql.Identifier(name) for name in found.known if name not in found.identity]


def _is_back(cursor: Cursor, found: Shape, change: RowChange) -> bool:
    """Tell whether a row that was removed, or one that would be in its place, is there."""
    names = found.identity or ((found.kind.key,) if found.is_view else ())
    if not names or change.before is None:
        return False
    same = sql.SQL(" AND ").join(
        sql.SQL("to_jsonb(t) -> {0} = %(before)s::jsonb -> {0}").format(sql.Literal(name)) for name in names
    )
    where = sql.SQL("{} AND {}").format(_where(found, change, "true"), same)
    return written.count(cursor, found, where, _values(found, change, None)) > 0


def _count(
    cursor: Cursor, found: Shape, change: RowChange, condition: str = ALIKE, seen: str | None = None
) -> int:
    """Count the rows that are as the run left it, or as `seen` says."""
    values = _values(found, change, change.after if seen is None else seen)
    return written.count(cursor, found, _where(found, change, condition), values)


def _where(found: Shape, change: RowChange, condition: str) -> sql.Composable:
    """Return a condition over one row, which an index on the id helps to find."""
    if change.target is None or found.kind.key not in found.columns:
        return sql.SQL(condition).format()
    return sql.SQL("t.{} = %(target)s AND " + condition).format(found.as_text(found.kind.key))


def _values(found: Shape, change: RowChange, seen: str | None) -> dict[str, object]:
    return {
        "target": change.target,
        "before": change.before,
        "seen": seen,
        "columns": list(found.kind.columns),
    }


def _inverse(change: RowChange) -> Written:
    owner = change.user_id if change.after is None else json.loads(change.after).get(OWNER)
    return Written(owner, change.target, INVERSE[change.verdict], change.after, change.before)
