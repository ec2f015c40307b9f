"""Plans that were shown, kept for a day so that exactly what was reviewed can be applied."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from musicctl.store.database import Cursor, Database

KEPT_FOR = "24 hours"


@dataclass(frozen=True, slots=True)
class Kept:
    """What was shown: the verdict on each user, and the dangers, {name: count}."""

    verdicts: Mapping[str, str]
    dangers: Mapping[str, int]


def keep(
    database: Database,
    *,
    role: str,
    threshold: int,
    fingerprint: str,
    changes: Sequence[tuple[str, str]],
    dangers: Mapping[str, int],
) -> None:
    """Keep a plan's decisions, (verdict, user_id), under its fingerprint; drop those kept for too long."""

    def work(cursor: Cursor) -> None:
        cursor.execute(f"DELETE FROM musicctl.plans WHERE made_at < now() - interval '{KEPT_FOR}'")
        cursor.execute(
            "INSERT INTO musicctl.plans (role, fingerprint, threshold, changes, dangers)"
            " VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (role, fingerprint) DO UPDATE SET made_at = now(), dangers = excluded.dangers",
            (role, fingerprint, threshold, json.dumps(changes), json.dumps(dict(dangers))),
        )

    database.run(work, doing="keep the plan")


def kept(database: Database, *, role: str, fingerprint: str) -> Kept | None:
    """Return a kept plan, or None when there is none (any more)."""

    def work(cursor: Cursor) -> Kept | None:
        cursor.execute(
            "SELECT changes, dangers FROM musicctl.plans WHERE role = %s AND fingerprint = %s"
            f" AND made_at >= now() - interval '{KEPT_FOR}'",
            (role, fingerprint),
        )
        row = cursor.fetchone()
        return Kept({user_id: verdict for verdict, user_id in row[0]}, row[1]) if row else None

    return database.run(work, doing="read the kept plan", read_only=True)
