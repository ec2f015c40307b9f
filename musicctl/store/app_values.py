"""Takes back what runs wrote to the app's own tables, and reads what the mirror has of many users."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from musicctl.store import journal, naming, written
from musicctl.store.database import Cursor, Database
from musicctl.store.journal import NewRun
from musicctl.store.pins import Pin

PLAYS = "total_plays"
GENRE = "fav_genre"

# What finds the value, by the playlist or by the user, and what writes it.
STATEMENTS = {
    PLAYS: (
        "SELECT total_plays::bigint FROM {table} WHERE playlist_id::text = %(target)s",
        "UPDATE {table} SET total_plays = %(value)s WHERE playlist_id::text = %(target)s",
    ),
    GENRE: (
        "SELECT fav_genre FROM {table} WHERE user_id = %(user_id)s",
        "UPDATE {table} SET fav_genre = %(value)s WHERE user_id = %(user_id)s",
    ),
}
TABLES = {PLAYS: "playlists", GENRE: "user_data"}
CHANGES = """
    SELECT seq, user_id, field, target, before, after FROM musicctl.changes
    WHERE run = %s AND state = 'applied' AND field = ANY(%s) ORDER BY seq"""
PINNED = """
    INSERT INTO musicctl.pins (user_id, role, state, until, reason, actor) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (role, user_id) DO UPDATE SET state = excluded.state, until = excluded.until,
        reason = excluded.reason, actor = excluded.actor, made_at = clock_timestamp()"""


@dataclass(frozen=True, slots=True)
class Value:
    """One value that a run wrote to the app's tables, from `before` to `after`, and what it is `now`.

    `skipped` says why it is not to be restored, and is empty where it may be.
    """

    seq: int
    user_id: str | None
    field: str
    target: str | None
    before: Any
    after: Any
    now: Any
    skipped: str


def values(database: Database, run: str) -> list[Value]:
    """Return what a run wrote to the app's tables, as it is now."""
    return database.run(lambda cursor: _values(cursor, run), doing="read what the run wrote", read_only=True)


def restore(database: Database, run: str, new: NewRun) -> tuple[str | None, list[Value]]:
    """Write the values back that are still as the run left them, and journal that, in one transaction.

    Returns the new run, None when nothing was written, and all of the values as they were.
    """

    def work(cursor: Cursor) -> tuple[str | None, list[Value]]:
        tables = _tables(cursor)
        found = _values(cursor, run, lock=" FOR UPDATE")
        restored = [value for value in found if not value.skipped]
        for value in restored:
            names = {"target": value.target, "user_id": value.user_id, "value": value.before}
            statement = STATEMENTS[value.field][1].format(table=tables[TABLES[value.field]])
            naming.write(cursor, f"{statement} AND {naming.LEAVING}", names)
            table = tables[TABLES[value.field]]
            cursor.execute(STATEMENTS[value.field][0].format(table=table), names)
            kept = {now for (now,) in cursor.fetchall()} == {value.before}
            written.require(kept, table, "write back what was before the run")
        changes = [(_intent(value), value.after, value.before) for value in restored]
        return journal.record(cursor, new, changes) if changes else None, found

    return database.run(work, doing="write back what was before the run")


def mirrored(
    database: Database, user_ids: Sequence[str]
) -> dict[str, tuple[str | None, list[str] | None, str | None]]:
    """Return the display name, the roles, and why they cannot be read, of those whom the mirror has."""

    def work(cursor: Cursor) -> dict[str, tuple[str | None, list[str] | None, str | None]]:
        cursor.execute(
            "SELECT user_id, display_name, roles, unreadable FROM musicctl.tenant_users"
            " WHERE user_id = ANY(%s)",
            (list(user_ids),),
        )
        return {user_id: (name, roles, why) for user_id, name, roles, why in cursor.fetchall()}

    return database.run(work, doing="read the mirror", read_only=True)


def pin(database: Database, pins: Sequence[Pin]) -> None:
    """Record many pins together, in place of those that there are."""

    def work(cursor: Cursor) -> None:
        for each in pins:
            cursor.execute(PINNED, (each.user_id, each.role, each.state, each.until, each.reason, each.actor))

    database.run(work, doing="write the pins")


def _values(cursor: Cursor, run: str, lock: str = "") -> list[Value]:
    cursor.execute(CHANGES, (run, list(STATEMENTS)))
    changes, found = cursor.fetchall(), []
    tables = _tables(cursor)
    for seq, user_id, field, target, before, after in changes:
        cursor.execute(
            STATEMENTS[field][0].format(table=tables[TABLES[field]]) + lock,
            {"target": target, "user_id": user_id},
        )
        there = [now for (now,) in cursor.fetchall()]
        now = there[0] if there else None
        why = _skipped(field, there, after) or _odd(field, before)
        found.append(Value(seq, user_id, field, target, before, after, now, why))
    return found


def _tables(cursor: Cursor) -> dict[str, str]:
    """Return where the tables are; a bare name is for Postgres to say that there is none."""
    return {name: name for name in TABLES.values()} | naming.found(cursor, list(TABLES.values()))


def _odd(field: str, before: object) -> str:
    """Say why a value from before is none that the field could have had, or return an empty text.

    Several genres are those of rows that were alike but for them: which row had which is not known.
    """
    plays = isinstance(before, int) and not isinstance(before, bool) and 0 <= before < 2**63
    sound = plays if field == PLAYS else isinstance(before, str)
    if before is None or sound:
        return ""
    if field == GENRE and _several(before):
        had = ", ".join("no genre" if each is None else str(each) for each in before)
        return f"the listener's rows differed ({had}), and which had which is not known; set them by hand"
    return (
        f"the journal's value from before is not one that {'plays' if field == PLAYS else 'a genre'} can be"
    )


def _several(before: object) -> TypeGuard[list[str | None]]:
    return isinstance(before, list) and all(each is None or isinstance(each, str) for each in before)


def _skipped(field: str, there: Sequence[object], after: object) -> str:
    """Say why a value must stay as it is, or return an empty text; `there` are the rows it is in now."""
    if not there:
        return (
            "the playlist is not there any more" if field == PLAYS else "the listener has no genre any more"
        )
    if field == PLAYS and len(there) > 1:
        return "several playlists have this id now"
    other = [now for now in there if now != after]
    if other:
        return f"it was changed since the run, and is {'not set' if other[0] is None else other[0]} now"
    return ""


def _intent(value: Value) -> journal.Intent:
    return (value.seq, value.user_id, value.field, value.target, "set", None)
