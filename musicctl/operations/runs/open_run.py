"""An open run of the journal, which is closed with the truth however the run ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from musicctl.errors import Exit, MusicctlError
from musicctl.store import journal
from musicctl.store.database import Database
from musicctl.store.journal import Journal
from musicctl.store.lease import Fence


@contextmanager
def journalled(
    database: Database, run: str, fence: Fence | None, ended: Callable[[], Exit]
) -> Iterator[Journal]:
    """Yield the open journal of a run that was begun; `ended` says how it went where nothing stopped it."""
    # A connection of its own: reading the app's tables must not delay what has to be written within a second.
    connection = database.another()
    written = Journal(connection, run, fence)
    try:
        yield written
        written.flush()
        journal.finish(connection, run, ended().name.lower())
    except BaseException as failure:
        with suppress(MusicctlError):
            written.flush()
        with suppress(MusicctlError):
            journal.finish(connection, run, _how(failure))
        raise
    finally:
        connection.close()


def _how(failure: BaseException) -> str:
    """Say in one word how a run ended that did not end by itself."""
    return failure.exit.name.lower() if isinstance(failure, MusicctlError) else "interrupted"
