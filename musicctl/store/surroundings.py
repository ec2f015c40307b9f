"""What who reads the database should know before: how old the mirror is, and what the account may do."""

from dataclasses import dataclass
from datetime import datetime

from musicctl.store.database import Cursor, Database, one_row


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What who asks should know: whether nothing is forbidden to the account, and how old the mirror is.

    `as_of` is None where the mirror was never filled, `mirrored` False where there is no schema of ours.
    """

    superuser: bool
    mirrored: bool
    as_of: datetime | None = None
    age_seconds: float | None = None


def find(database: Database) -> Surroundings:
    """Return what there is to know before a query."""

    def work(cursor: Cursor) -> Surroundings:
        cursor.execute(
            "SELECT current_setting('is_superuser') = 'on', to_regclass('musicctl.mirror') IS NOT NULL"
        )
        superuser, mirrored = one_row(cursor)
        if not mirrored:
            return Surroundings(superuser, False)
        cursor.execute(
            "SELECT as_of, extract(epoch FROM clock_timestamp() - as_of)::float8 FROM musicctl.mirror"
        )
        return Surroundings(superuser, True, *(cursor.fetchone() or (None, None)))

    return database.run(work, doing="read the mirror's state", read_only=True)
