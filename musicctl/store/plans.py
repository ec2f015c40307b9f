"""Plans that were shown, kept for a day so that exactly what was reviewed can be applied.

A row is written once: what is kept under a fingerprint never changes, and is checked against it when read.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from musicctl.store.database import Cursor, Database

KEPT_FOR = "24 hours"
RENEWED = "1 hour"
"""After so long a plan that is shown once more is kept for a whole day again."""

SAME = """threshold = %(threshold)s AND source IS NOT DISTINCT FROM %(source)s
    AND changes = %(changes)s::jsonb AND dangers = %(dangers)s::jsonb"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A plan as it was kept: `changes` are [verdict, user_id], `dangers` [name, count, limit].

    Whoever may write to the table may have put anything there, so both are whatever JSON they are.
    """

    role: str
    threshold: int
    source: str | None
    changes: object
    dangers: object


def keep(
    database: Database,
    *,
    role: str,
    threshold: int,
    source: str,
    fingerprint: str,
    changes: Sequence[tuple[str, str]],
    dangers: Sequence[tuple[str, int, int]],
) -> None:
    """Keep a plan under its fingerprint; drop those kept for too long, and what was altered since."""
    values = {
        "role": role,
        "threshold": threshold,
        "source": source,
        "fingerprint": fingerprint,
        "changes": json.dumps(changes),
        "dangers": json.dumps(dangers),
    }

    def work(cursor: Cursor) -> None:
        cursor.execute(f"DELETE FROM musicctl.plans WHERE made_at < now() - interval '{KEPT_FOR}'")
        cursor.execute(
            "DELETE FROM musicctl.plans WHERE role = %(role)s AND fingerprint = %(fingerprint)s"
            f" AND NOT (made_at BETWEEN now() - interval '{RENEWED}' AND now() AND {SAME})",
            values,
        )
        cursor.execute(
            "INSERT INTO musicctl.plans (role, fingerprint, threshold, source, changes, dangers) VALUES"
            " (%(role)s, %(fingerprint)s, %(threshold)s, %(source)s, %(changes)s, %(dangers)s)"
            " ON CONFLICT (role, fingerprint) DO NOTHING",
            values,
        )

    database.run(work, doing="keep the plan")


def kept(database: Database, *, role: str, fingerprint: str) -> Kept | None:
    """Return a kept plan, one of this role before one of another; None when there is none (any more)."""

    def work(cursor: Cursor) -> Kept | None:
        cursor.execute(
            "SELECT role, threshold, source, changes, dangers FROM musicctl.plans WHERE fingerprint = %s"
            f" AND made_at >= now() - interval '{KEPT_FOR}' ORDER BY (role = %s) DESC LIMIT 1",
            (fingerprint, role),
        )
        row = cursor.fetchone()
        if row is None:
            return None
        return Kept(role=row[0], threshold=row[1], source=row[2], changes=row[3], dangers=row[4])

    return database.run(work, doing="read the kept plan", read_only=True)
