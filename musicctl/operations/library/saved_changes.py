"""What listeners saved, removed or moved to another account: shown first, and recorded in the journal."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from musicctl.errors import Exit, NotFoundError
from musicctl.operations.who import Who
from musicctl.store import journal, saved, saved_changes, written
from musicctl.store.database import Database
from musicctl.store.kinds import KINDS
from musicctl.store.saved import Row, Wanted


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rows of a listener that the ids named stand for, and the ids that stand for none."""

    rows: tuple[Row, ...]
    not_found: tuple[str, ...]

    @property
    def repeated(self) -> dict[str, int]:
        """The ids that stand for several rows, and for how many."""
        found = Counter(str(row[0]) for row in self.rows if row[0] is not None)
        return {each: count for each, count in found.items() if count > 1}

    @property
    def exit(self) -> Exit:
        """The exit code once the rows are dealt with."""
        return Exit.PARTIAL if self.not_found else Exit.OK


def chosen(database: Database, table: str, user_id: str, ids: Sequence[str] | None) -> Chosen:
    """Return the listener's rows with these ids, or all; raises NotFoundError when the ids stand for none."""
    kind, named = KINDS[table], None if ids is None else tuple(dict.fromkeys(ids))
    rows = saved.each(database, kind, Wanted(user_id=user_id, ids=named), tuple)
    there = {str(row[0]) for row in rows}
    not_found = tuple(each for each in named or () if each not in there)
    if not_found and not rows:
        raise NotFoundError(
            f"{user_id} has no {kind.one} {', '.join(not_found)}",
            hint=f"musicctl {table} list {user_id!r} shows the ids",
        )
    return Chosen(rows, not_found)


def remove(database: Database, table: str, user_id: str, these: Chosen, *, who: Who) -> dict[str, object]:
    """Remove the rows chosen, as a run of the journal, and return how many they were."""
    ids = [str(row[0]) for row in these.rows]
    count, run = saved_changes.remove(
        database, KINDS[table], user_id, ids, journal=recording(who, table, "remove")
    )
    return {"user_id": user_id, "removed": count, "not_found": list(these.not_found), "run": run}


def move(
    database: Database,
    table: str,
    user_id: str,
    to: str,
    ids: Sequence[str] | None,
    *,
    who: Who,
) -> dict[str, object]:
    """Give a listener's rows, or those with these ids, to another account, as a run of the journal.

    What the other account has already stays where it is: `skipped` are the ids.
    """
    wanted = Wanted(user_id=user_id, ids=ids)
    moved = saved_changes.move(database, KINDS[table], wanted, to, journal=recording(who, table, "move"))
    return {
        "from": user_id,
        "to": to,
        "moved": moved.number,
        "skipped": list(moved.skipped),
        "run": moved.run,
    }


def recording(who: Who, table: str, command: str) -> saved_changes.Journal:
    """Return what journals rows that a command of the table wrote."""
    return lambda cursor, rows: journal.record(
        cursor, who.run(f"{table} {command}"), written.in_journal(table, rows)
    )
