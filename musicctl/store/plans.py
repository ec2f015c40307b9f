"""Plans that were shown, kept for a day so that exactly what was reviewed can be applied."""

import json
from collections.abc import Sequence

from musicctl.store.database import Cursor, Database

KEPT_FOR = "24 hours"


def keep(
    database: Database, *, role: str, threshold: int, fingerprint: str, changes: Sequence[tuple[str, str]]
) -> None:
    """Keep a plan's decisions, (verdict, user_id), under its fingerprint; drop those kept for too long."""

    def work(cursor: Cursor) -> None:
        cursor.execute(f"DELETE FROM musicctl.plans WHERE made_at < now() - interval '{KEPT_FOR}'")
        cursor.execute(
            "INSERT INTO musicctl.plans (role, fingerprint, threshold, changes) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (role, fingerprint) DO UPDATE SET made_at = now()",
            (role, fingerprint, threshold, json.dumps(changes)),
        )

    database.run(work, doing="keep the plan")


def kept(database: Database, *, role: str, fingerprint: str) -> dict[str, str] | None:
    """Return the decisions of a kept plan as {user_id: verdict}, or None when there is none (any more)."""

    def work(cursor: Cursor) -> dict[str, str] | None:
        cursor.execute(
            "SELECT changes FROM musicctl.plans WHERE role = %s AND fingerprint = %s"
            f" AND made_at >= now() - interval '{KEPT_FOR}'",
            (role, fingerprint),
        )
        row = cursor.fetchone()
        return {user_id: verdict for verdict, user_id in row[0]} if row else None

    return database.run(work, doing="read the kept plan", read_only=True)
