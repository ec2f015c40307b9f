"""Owners in the app's tables whom the tenant does not know, and when it was asked for them last."""

from collections.abc import Sequence
from datetime import datetime

from musicctl.store import naming, plays
from musicctl.store.database import Cursor, Database
from musicctl.store.naming import qualified
from musicctl.store.turns import AGAIN

MISSING = qualified("""
    SELECT plays.user_id FROM plays LEFT JOIN musicctl.tenant_users AS users ON users.user_id = plays.user_id
    WHERE plays.plays >= %(threshold)s AND users.user_id IS NULL""")


def asked(database: Database, user_ids: Sequence[str]) -> None:
    """Remember that the tenant was asked just now, and has no such users."""

    def work(cursor: Cursor) -> None:
        cursor.execute(
            "INSERT INTO musicctl.missing (user_id, asked_at)"
            " SELECT user_id, clock_timestamp() FROM unnest(%s) AS user_id"
            " ON CONFLICT (user_id) DO UPDATE SET asked_at = excluded.asked_at",
            (list(user_ids),),
        )

    if user_ids:
        database.run(work, doing="remember who is no user of the tenant")


def all_asked(database: Database, query: str | None, *, threshold: int, as_of: datetime) -> None:
    """Remember that the tenant, as of then, has no others at the bar than those of the mirror."""

    def work(cursor: Cursor) -> None:
        values = {"threshold": threshold, "as_of": as_of}
        source = plays.source(cursor, query)
        plays.as_asked(cursor, query)
        with plays.named(query):
            cursor.execute(
                f"WITH plays AS ({source}) INSERT INTO musicctl.missing (user_id, asked_at)"
                f" SELECT user_id, %(as_of)s FROM ({MISSING}) AS missing ON CONFLICT (user_id)"
                " DO UPDATE SET asked_at = greatest(missing.asked_at, excluded.asked_at)",
                values,
            )
        cursor.execute(f"{naming.AS_OURS}; DELETE FROM musicctl.missing WHERE asked_at < %(as_of)s", values)

    database.run(work, doing="remember who is no user of the tenant")


def asked_at(database: Database, user_id: str) -> tuple[datetime, datetime] | None:
    """Return when the tenant said that it has no such user, and when it will be asked again, or None."""

    def work(cursor: Cursor) -> tuple[datetime, datetime] | None:
        cursor.execute(
            f"SELECT asked_at, asked_at + interval '{AGAIN:.0f} s' FROM musicctl.missing WHERE user_id = %s",
            (user_id,),
        )
        row: tuple[datetime, datetime] | None = cursor.fetchone()
        return row

    return database.run(work, doing="read who is no user of the tenant", read_only=True)
