"""Dates as people write them on the command line."""

from datetime import UTC, datetime

from musicctl.errors import UsageError
from musicctl.store import mirror
from musicctl.store.database import Database

LAST_YEAR = 9998
"""In some zone of the world, a later moment is in the year 10000, which Python does not know."""


def moment(text: str) -> datetime:
    """Return the moment of an ISO 8601 date or time; without a zone it is UTC, a date is its beginning."""
    try:
        found = datetime.fromisoformat(text.strip())
        utc = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no date", hint="write it as 2026-12-31, or as 2026-12-31T18:00+01:00"
        ) from None
    if utc.year > LAST_YEAR:
        raise UsageError(f"{text} is too far away", hint="leave it out for something without an end")
    return utc


def end(database: Database, text: str | None) -> datetime | None:
    """Return the moment at which something is to end; raises UsageError when that is over."""
    if text is None:
        return None
    until = moment(text)
    if until <= mirror.now(database):
        raise UsageError(f"{text} is over", hint="a date is its beginning, in UTC unless it says otherwise")
    return until
