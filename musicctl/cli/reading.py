"""The database that long listings are read from."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from musicctl.cli.session import Session

if TYPE_CHECKING:
    from musicctl.store.database import Database


@contextmanager
def reading(session: Session) -> Iterator["Database"]:
    """Yield the replica that database_read_url names, or else the profile's own database."""
    from musicctl.operations import connect

    replica = session.settings.database_read_url
    if replica is None:
        yield session.database
        return
    database = connect.database(replica)
    try:
        yield database
    finally:
        database.close()
