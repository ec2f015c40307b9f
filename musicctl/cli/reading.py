"""The database that long listings are read from."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from musicctl.cli.session import Session

if TYPE_CHECKING:
    from musicctl.store.database import Database


@contextmanager
def reading(session: Session, *, mirror: bool = True) -> Iterator["Database"]:
    """Yield the replica that database_read_url names, or else the profile's own database.

    Where the `mirror` is read, a profile of another tenant than the one mirrored is refused: ConfigError.
    """
    from musicctl.operations import connect

    replica = session.settings.database_read_url
    if replica is None:
        _require_tenant(session, session.database, mirror)
        yield session.database
        return
    database = connect.database(replica, on_clear=session.tell_in_clear, on_hidden=session.tell_hidden)
    try:
        _require_tenant(session, database, mirror)
        yield database
    finally:
        database.close()


def _require_tenant(session: Session, database: "Database", mirror: bool) -> None:
    from musicctl.operations import surroundings

    if mirror and session.settings.has_tenant:
        surroundings.require_tenant(database, session.settings.auth0_domain)
