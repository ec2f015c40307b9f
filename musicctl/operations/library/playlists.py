"""Playlists: those of one listener, and the plays of a single one."""

from musicctl.errors import NotFoundError
from musicctl.operations.who import Who
from musicctl.policy.reasons import reason as checked
from musicctl.store import journal, playlists
from musicctl.store.database import Cursor, Database

COLUMNS = playlists.COLUMNS


def list_playlists(database: Database, user_id: str) -> list[tuple[object, ...]]:
    """Return the listener's playlists as rows of COLUMNS, the most played first."""
    return playlists.of_user(database, user_id)


def set_plays(
    database: Database,
    playlist_id: str,
    plays: int,
    *,
    reason: str | None,
    who: Who,
) -> tuple[dict[str, object], object]:
    """Set the plays of one playlist, as a run of the journal.

    Returns the playlist with COLUMNS as its keys and the `run`, and its plays from before. Raises
    NotFoundError when no playlist has this id, or several have it.
    """

    def record(cursor: Cursor, row: playlists.Row) -> str:
        owner = None if row[1] is None else str(row[1])
        intent = (0, owner, "total_plays", playlist_id, "set", None)
        return journal.record(cursor, who.run("playlists set-plays"), [(intent, row[3], plays)], detail=why)

    why = "" if reason is None else checked(reason)
    before, run = playlists.set_plays(database, playlist_id, plays, journal=record)
    if run is None:
        raise _not_one(playlist_id, before)
    shown = dict(zip(COLUMNS, before[0], strict=True))
    return shown | {"total_plays": plays, "run": run}, shown["total_plays"]


def _not_one(playlist_id: str, rows: list[playlists.Row]) -> NotFoundError:
    if not rows:
        return NotFoundError(
            f"there is no playlist {playlist_id}", hint="musicctl playlists list USER shows the ids"
        )
    owners = sorted({str(row[1]) for row in rows})
    return NotFoundError(
        f"{len(rows)} playlists have the id {playlist_id}, of {', '.join(owners)}; nothing was changed",
        hint="this app's ids are not unique; change it where the app does",
    )
