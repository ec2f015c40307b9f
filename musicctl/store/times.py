"""Times as Postgres keeps them, of which Python has a part: what is beyond becomes its first or last one."""

from datetime import UTC, datetime

from psycopg2 import extensions

TIMESTAMPTZ = 1184
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def read_all(connection: extensions.connection) -> None:
    """Have a connection read every time that a column can hold, by whoever's hand it came there."""
    extensions.register_type(extensions.new_type((TIMESTAMPTZ,), "TIME", _time), connection)


def _time(text: str | bytes | None, cursor: extensions.cursor) -> datetime | None:
    try:
        found: datetime | None = extensions.PYDATETIMETZ(text, cursor)
    except (ValueError, OverflowError):
        return FIRST if str(text).endswith("BC") else LAST
    return found
