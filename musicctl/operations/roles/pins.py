"""Pins a user's role, above the plays, and takes pins away."""

from musicctl.errors import NotFoundError
from musicctl.operations import dates
from musicctl.policy.reasons import reason as checked
from musicctl.store import pins
from musicctl.store.database import Database
from musicctl.store.pins import Pin

COLUMNS = pins.COLUMNS


def pin(
    database: Database, role: str, user_id: str, *, state: str, until: str | None, reason: str, actor: str
) -> tuple[dict[str, object], str | None]:
    """Pin the role as granted or revoked until a date, and return the pin and what was in force before.

    Raises UsageError for a date that is none or is over, and for a reason that is empty or has control
    characters.
    """
    wanted = Pin(
        user_id=user_id,
        role=role,
        state=state,
        until=dates.end(database, until),
        reason=checked(reason),
        actor=actor,
    )
    before = pins.put(database, wanted)
    return document(wanted), None if before is None else words(before)


def unpin(database: Database, role: str, user_id: str) -> dict[str, object]:
    """Take the pin away and return it; raises NotFoundError when there is none."""
    removed = pins.remove(database, role, user_id)
    if removed is None:
        raise NotFoundError(
            f"{user_id} has no pin of the role {role}", hint="musicctl roles pins lists those that there are"
        )
    return document(removed)


def list_pins(database: Database, role: str, *, ended: bool) -> list[tuple[object, ...]]:
    """Return the pins of the role as rows of COLUMNS; with `ended` also those that have expired."""
    return pins.of_role(database, role, ended=ended)


def lapsed(database: Database, role: str) -> str | None:
    """Say how many pins of the role have expired since its last completed sync, or None when none have."""
    count = pins.lapsed(database, role)
    if not count:
        return None
    have = "1 pin has" if count == 1 else f"{count:,} pins have"
    return f"{have} expired since the last sync; musicctl roles pins --all shows which"


def document(found: Pin) -> dict[str, object]:
    """Return a pin with COLUMNS as its keys."""
    return {column: getattr(found, column) for column in COLUMNS}


def words(found: Pin) -> str:
    """Return a pin as part of a sentence."""
    end = "" if found.until is None else f" until {dates.shown(found.until)}"
    return f"{found.state}{end} by {found.actor}: {found.reason}"
