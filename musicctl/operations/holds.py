"""Holds back everything that writes roles, and lets it go on."""

from musicctl.operations import dates
from musicctl.policy.reasons import reason as checked
from musicctl.store import holds
from musicctl.store.database import Database
from musicctl.store.holds import Hold

ROLES = "roles"
"""The lease that writers of roles take."""


def hold(
    database: Database, *, reason: str, until: str | None, actor: str
) -> tuple[dict[str, object], str | None]:
    """Hold back the writers of roles until a date; return the hold, and in words the one from before.

    Raises UsageError for a date that is none or is over, and for a reason that is empty or has control
    characters.
    """
    text = checked(reason)
    put, before = holds.put(database, ROLES, reason=text, actor=actor, until=dates.end(database, until))
    return _document(put, held=True), None if before is None else words(before)


def release(database: Database) -> dict[str, object]:
    """Let the writers of roles go on; return the hold that was in force, all None when there was none."""
    before = holds.release(database, ROLES)
    if before is None:
        return {"held": False, "reason": None, "actor": None, "since": None, "until": None}
    return _document(before, held=False)


def words(found: Hold) -> str:
    """Return a hold as part of a sentence."""
    end = "" if found.until is None else f" until {dates.shown(found.until)}"
    return f"held since {dates.shown(found.since)}{end} by {found.actor}: {found.reason}"


def _document(found: Hold, *, held: bool) -> dict[str, object]:
    return {
        "held": held,
        "reason": found.reason,
        "actor": found.actor,
        "since": found.since,
        "until": found.until,
    }
