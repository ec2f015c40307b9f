"""Dates as people write them on the command line, in the zone in which they are shown them."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from enum import Enum

from musicctl.errors import UsageError
from musicctl.store import mirror
from musicctl.store.database import Database

LAST_YEAR = 9998
"""In some zone of the world, a later moment is in the year 10000, which Python does not know."""

FORMS = "2026-12-31, 2026-12-31 18:00, 2026-12-31T18:00+01:00, 18:00, friday, yesterday, 7d or in 3 weeks"
"""Examples for whoever wrote something else."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
NAMED_UNITS = {"second": "s", "minute": "min", "hour": "h", "day": "d", "week": "w"}

PRINTED = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d[ t]\d\d:\d\d(?::\d\d)?) (?P<zone>[a-z]{1,6}|[+-]\d\d(?:\d\d)?)"
)
CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")
SPAN = re.compile(r"(?P<number>\d{1,6}) ?(?P<unit>s|m|min|h|d|w)")
SPELLED = re.compile(
    r"(?P<ahead>in )?(?P<number>\d{1,6}|an?) (?P<unit>second|minute|hour|day|week)s?(?P<ago> ago)?"
)


class Side(Enum):
    """On which side of now a date is meant that could be on both: `friday` is the last one, or the next."""

    PAST = -1
    AHEAD = 1


def moment(text: str, side: Side = Side.PAST, *, now: datetime | None = None) -> datetime:
    """Return the moment that `text` means, in UTC; a day is its beginning. Raises UsageError.

    Without a zone it is the local one, as in what is printed: ISO 8601, the form that tables print, or
    everyday words, which `side` settles. `now` is the local time; None reads the clock.
    """
    return _in_utc(text, _meant(text, side, now))


def end(database: Database, text: str | None) -> datetime | None:
    """Return the moment at which something is to end; raises UsageError when that is over."""
    if text is None:
        return None
    until = moment(text, Side.AHEAD)
    if until <= mirror.now(database):
        raise UsageError(f"{text} is over: it was {shown(until)}", hint=f"write a later one, as {FORMS}")
    return until


def shown(moment: datetime) -> str:
    """Return a moment as people are shown it: in their zone, which it names."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M %Z")


def _meant(text: str, side: Side, now: datetime | None) -> datetime:
    said = " ".join(text.split())
    here = (now or datetime.now()).replace(tzinfo=None)
    try:
        found = next(filter(None, (read(said.lower(), here, side) for read in READERS)), None)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise UsageError(f"{text!r} is not a date", hint=f"write it as {FORMS}")
    return found


def _in_utc(text: str, at: datetime) -> datetime:
    try:
        utc = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is not a date", hint=f"write it as {FORMS}") from None
    if utc.year > LAST_YEAR:
        raise UsageError(f"{text} is too far away", hint="leave it out for something without an end")
    return utc


def _iso(said: str, _now: datetime, _side: Side) -> datetime | None:
    if not said[:4].isdigit():
        return None
    with suppress(ValueError):
        return datetime.fromisoformat(said.upper())
    return None


def _printed(said: str, _now: datetime, _side: Side) -> datetime | None:
    """Read the form that tables print; its zone is UTC, or the local one by its name at that time."""
    found = PRINTED.fullmatch(said)
    if found is None:
        return None
    local = datetime.fromisoformat(found["date"])
    zone = found["zone"].upper()
    if zone in ("UTC", "GMT", "Z"):
        return local.replace(tzinfo=UTC)
    for fold in (0, 1):  # an hour that the clock goes through twice has two names
        aware = local.replace(fold=fold).astimezone()
        if zone in ((aware.tzname() or "").upper(), aware.strftime("%z").upper()[: len(zone)]):
            return aware
    return None


def _clock(said: str, now: datetime, side: Side) -> datetime | None:
    if CLOCK.fullmatch(said) is None:
        return None
    at = datetime.combine(now, time.fromisoformat(said.rjust(max(5, len(said)), "0")))
    if side is Side.PAST:
        return at if at <= now else at - timedelta(days=1)
    return at if at > now else at + timedelta(days=1)


def _day(said: str, now: datetime, side: Side) -> datetime | None:
    today = datetime.combine(now, time())
    if said == "now":
        return now
    if said in DAYS:
        return today + timedelta(days=DAYS[said])
    if said not in WEEKDAYS:
        return None
    away = (WEEKDAYS.index(said) - today.weekday()) % 7
    return today + timedelta(days=(away or 7) if side is Side.AHEAD else away - 7 * (away > 0))


def _span(said: str, now: datetime, side: Side) -> datetime | None:
    """Read a time from now: `7d` is ago or ahead as the option wants it, `in 3 weeks` says which."""
    found = SPAN.fullmatch(said) or SPELLED.fullmatch(said)
    if found is None:
        return None
    named = found.groupdict()
    if named.get("ago") and named.get("ahead"):
        return None
    number = 1 if named["number"] in ("a", "an") else int(named["number"])
    ahead = bool(named.get("ahead")) or (side is Side.AHEAD and not named.get("ago"))
    away = timedelta(seconds=number * UNITS[NAMED_UNITS.get(named["unit"], named["unit"])])
    # Over the clock of the world: seven days from now are 168 hours, also where summer time ends.
    return now.astimezone(UTC) + (away if ahead else -away)


READERS: tuple[Callable[[str, datetime, Side], datetime | None], ...] = (_iso, _printed, _clock, _day, _span)
