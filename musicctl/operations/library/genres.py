"""The favourite genre of one listener."""

from dataclasses import dataclass

from musicctl.errors import UsageError
from musicctl.operations.who import Who
from musicctl.store import genres, journal
from musicctl.store.database import Cursor, Database


@dataclass(frozen=True, slots=True)
class Set:
    """A genre that was set: the listener as `show` returns it, what was there before, and the run.

    `before` is a list where the listener has several rows that differed.
    """

    shown: dict[str, object]
    before: genres.Replaced
    run: str


def show(database: Database, user_id: str) -> dict[str, object]:
    """Return `user_id` and `fav_genre`, which is None when none is known."""
    return {"user_id": user_id, "fav_genre": genres.of_user(database, user_id)}


def set_genre(database: Database, user_id: str, genre: str, *, who: Who) -> Set:
    """Record the genre, as a run of the journal; raises UsageError when it is empty."""
    wanted = genre.strip()
    if not wanted:
        raise UsageError("the genre is empty", hint="name one, such as 'shoegaze'")

    def record(cursor: Cursor, before: genres.Replaced) -> str:
        intent = (0, user_id, "fav_genre", None, "set", None)
        return journal.record(cursor, who.run("genres set"), [(intent, before, wanted)])

    before, run = genres.set_genre(database, user_id, wanted, journal=record)
    return Set({"user_id": user_id, "fav_genre": wanted, "run": run}, before, run)
