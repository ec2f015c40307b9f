"""Brings the staged rows of an import into the app's table, and looks at what came of it."""

import json
from collections.abc import Mapping
from typing import NamedTuple

import psycopg2
from psycopg2 import sql

from musicctl.store import bulk, naming, refused_rows, typecasts, written
from musicctl.store.database import one_row
from musicctl.store.imports import MISSING, Difference, Incoming, RefusedRow
from musicctl.store.saved import OWNER
from musicctl.store.written import Written

KEPT = 10_000
"""Rows that an import may change and still be journalled one by one; a longer one is one change."""

DIFFERING = """
    SELECT new.place, new.{key}::text, to_jsonb(old)::text FROM {staging} AS new
    LEFT JOIN {table} AS old ON {matched}
    WHERE old.{key} IS NULL OR ({old_values}) IS DISTINCT FROM ({new_values}) ORDER BY new.place"""
MERGED = """
    SELECT new.place, to_jsonb(old)::text FROM {staging} AS new JOIN {table} AS old ON {matched}
    WHERE new.place = ANY({places})"""


class Merged(NamedTuple):
    """What a merge did, the rows it left out, and those it wrote; None where they are too many to be kept."""

    done: Difference
    refused: list[RefusedRow]
    rows: list[Written] | None


def merge(incoming: Incoming, foreseen: Difference) -> Merged:
    """Bring the rows into the app's table; without an id that is unique, only add those it lacks.

    `foreseen` is what a look beforehand has found. Rows that a constraint of the table refuses are left out
    and returned. Raises SwallowedError when the table does not have the others afterwards.
    """
    found = incoming.shape
    kept = foreseen.new + foreseen.changed <= KEPT and not typecasts.of_no_encoding(incoming.cursor)
    before = _differing(incoming) if kept else None
    # Where they are deferred, they would speak only at the commit, and of no line.
    incoming.cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    done, refused = _by_key(incoming) if incoming.has_key else _as_sets(incoming)
    if found.watched or (not refused and done != foreseen):
        left = incoming.difference()
        written.require(left == Difference(0, 0), found.name, f"import {found.kind.table}")
    return Merged(done, refused, None if before is None else _written(incoming, before))


def _by_key(incoming: Incoming) -> tuple[Difference, list[RefusedRow]]:
    new = changed = 0

    def some(first: int, last: int) -> None:
        nonlocal new, changed
        done = bulk.merge(incoming.cursor, incoming.parts, refused_rows.within(first, last))
        changed, new = changed + done[0], new + done[1]

    refused = _refused(incoming, some)
    return Difference(new, changed), refused


def _as_sets(incoming: Incoming) -> tuple[Difference, list[RefusedRow]]:
    """Add what the table lacks. A part of a set may not be merged alone: rows that are there twice count."""
    insert = "INSERT INTO {table} ({columns}) {overriding} "
    lacking = f"SELECT {{columns}} FROM ({MISSING}) AS missing WHERE {naming.LEAVING}"
    missing = sql.SQL(insert + lacking).format(**incoming.parts)
    refused: list[RefusedRow] = []
    incoming.execute("SAVEPOINT whole")
    try:
        naming.write(incoming.cursor, missing)
    except psycopg2.Error as error:
        if not refused_rows.about_data(error):
            raise
        incoming.execute("ROLLBACK TO SAVEPOINT whole")

        def some(first: int, last: int) -> None:
            statement = sql.SQL(
                insert + f"SELECT {{columns}} FROM {{staging}} AS new WHERE {naming.LEAVING} AND "
            )
            incoming.execute("SAVEPOINT probe")
            naming.write(
                incoming.cursor, statement.format(**incoming.parts) + refused_rows.within(first, last)
            )
            incoming.execute("ROLLBACK TO SAVEPOINT probe")

        refused = _refused(incoming, some)
        naming.write(incoming.cursor, missing)
    return Difference(incoming.cursor.rowcount, 0), refused


def _refused(incoming: Incoming, some: refused_rows.Attempt) -> list[RefusedRow]:
    """Call `some` over all that is staged; take the rows that Postgres refuses away, and return them."""
    incoming.execute("SELECT coalesce(max(place), 0) FROM {staging}")
    refused = incoming.one_by_one(int(one_row(incoming.cursor)[0]), some, "{staging}")
    for each in refused:
        incoming.execute(f"DELETE FROM {{staging}} WHERE place = {each.why.row}")
    return refused


def _differing(incoming: Incoming) -> dict[int, tuple[str | None, str | None]]:
    """Return what a merge will write, by its place in the file: the id, and the row there was as JSON."""
    if incoming.has_key:
        incoming.execute(DIFFERING)
        return {place: (key, old) for place, key, old in incoming.cursor.fetchall()}
    incoming.execute("SELECT to_jsonb(missing)::text FROM (" + MISSING + ") AS missing")
    return {number: (row, None) for number, (row,) in enumerate(incoming.cursor.fetchall())}


def _written(incoming: Incoming, before: Mapping[int, tuple[str | None, str | None]]) -> list[Written]:
    """Return what the merge wrote, for the journal."""
    if not incoming.has_key:
        return [_added(row, incoming.shape.kind.key) for row, _ in before.values() if row is not None]
    statement = sql.SQL(MERGED).format(**incoming.parts, places=sql.Placeholder())
    incoming.cursor.execute(statement, (list(before),))
    found = []
    for place, after in sorted(incoming.cursor.fetchall()):
        key, old = before[place]
        owner = json.loads(old or after).get(OWNER)
        found.append(Written(owner, key, written.ADD if old is None else written.SET, old, after))
    return found


def _added(row: str, key: str) -> Written:
    """Return a row that was added to a table in which none can be told from another."""
    values = json.loads(row)
    target = values.get(key)
    return Written(values.get(OWNER), None if target is None else str(target), written.ADD, None, row)
