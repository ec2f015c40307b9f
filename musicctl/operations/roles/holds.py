"""Holds back everything that writes roles, and lets it go on."""

import time

from musicctl.operations import dates
from musicctl.operations.runs.lease import holder
from musicctl.policy.reasons import reason as checked
from musicctl.store import holds
from musicctl.store.database import Database
from musicctl.store.holds import Hold
from musicctl.store.lease import Holding

ROLES = "roles"
"""The lease that writers of roles take."""

LOOKED = 0.2
"""Seconds between two looks at whether a run has stopped."""


def hold(
    database: Database, *, reason: str, until: str | None, actor: str
) -> tuple[dict[str, object], str | None]:
    """Hold back the writers of roles until a date; return the hold, and in words the one from before.

    A run that is under way sees it before its next write; `stopped` waits until it has come to its end.

    Raises UsageError for a date that is none or is over, and for a reason that is empty or has control
    characters.
    """
    text = checked(reason)
    put, before = holds.put(database, ROLES, reason=text, actor=actor, until=dates.end(database, until))
    return _document(put, held=True), None if before is None else words(before)


def writing(database: Database, actor: str) -> Holding | None:
    """Return who writes roles now, or None."""
    return holder(database, ROLES, actor)


def stopped(database: Database, actor: str, found: Holding) -> None:
    """Wait until this run has given the lease back, or it has run out: a minute, as nobody renews it now."""
    while True:
        now = holder(database, ROLES, actor)
        if now is None or now.token != found.token:
            return
        time.sleep(LOOKED)


def writer(found: Holding) -> dict[str, object]:
    """Return who was stopped, for machines."""
    process = found.process
    return {"holder": process.holder, "host": process.host, "pid": process.pid, "since": found.since}


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
