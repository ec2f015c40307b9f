"""How the value of each setting is read: durations, rates, limits, domains, and plain ones."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

LONGEST_FRESH = 60.0
"""Seconds beyond which nothing that was read may be called fresh."""

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MOST_THREADS = 64
MOST_PLAYS = 2**63 - 1
"""The largest number that Postgres' bigint, and so a sum of plays, can be."""

LEAST_RATE = 0.05
"""Requests a second with which a change, of two requests, waits 40 s for the one before it."""

LEAST_SHARE = 1
LONGEST_SETTLE = 600
LONGEST_MAX_AGE = 365 * 86400
MOST_CHANGES = 10**12 - 1
NEVER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters that no setting may have, and what is left of bytes that are not UTF-8."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit as a percentage, which keeps its floor, or as a plain number."""

    number: float
    percent: bool

    def __str__(self) -> str:
        return f"{self.number:g}%" if self.percent else f"{self.number:g}"


def text(value: object) -> str:
    """Return a text that is not blank; of the control characters it may have line ends and tabs."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text that is not empty")
    if NEVER.search(value):
        raise ValueError("has a control character, or is not UTF-8")
    return value


def line(value: object) -> str:
    """Return a text of one line, that is not blank and has no control character."""
    found = text(value)
    if re.search(r"[\t\r\n]", found):
        raise ValueError("has a control character")
    return found


def duration(value: object) -> float:
    """Return the seconds of a duration such as 30s, 15m, 24h or 7d."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd])", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be a duration such as 30s, 15m, 24h or 7d")
    return float(match[1]) * UNITS[match[2]]


def freshness(value: object) -> float:
    """Return the seconds of a duration within which a read counts as fresh."""
    seconds = duration(value)
    if not 0.0 < seconds <= LONGEST_FRESH:
        raise ValueError(f"must be more than 0s and at most {LONGEST_FRESH:.0f}s")
    return seconds


def settle(value: object) -> float:
    """Return the seconds to wait before a write whose reply was lost is looked at: no run waits for days."""
    found = duration(value)
    if found > LONGEST_SETTLE:
        raise ValueError("must be at most 10m")
    return found


def max_age(value: object) -> float:
    """Return the seconds for which the mirror is believed."""
    found = duration(value)
    if found > LONGEST_MAX_AGE:
        raise ValueError("must be at most 365d")
    return found


def whole(value: object) -> int:
    """Return a whole number, written as a number or as its digits."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,30}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("must be a whole number")


def threshold(value: object) -> int:
    """Return a number of plays, 1 or more."""
    number = whole(value)
    if number < 1:
        raise ValueError("must be 1 or more: with 0 everyone would hold the role")
    if number > MOST_PLAYS:
        raise ValueError(f"must be at most {MOST_PLAYS:,}: no playlist can have more plays")
    return number


def threads(value: object) -> int:
    """Return how many requests may be under way at once."""
    number = whole(value)
    if not 1 <= number <= MOST_THREADS:
        raise ValueError(f"must be from 1 to {MOST_THREADS}")
    return number


def limit(value: object) -> Limit:
    """Return a percentage such as "10%", or a number, 0 or more."""
    match = re.fullmatch(r"([0-9]{1,30}(?:\.[0-9]{1,3})?)(%?)", str(value).strip())
    if match is None or isinstance(value, bool):
        raise ValueError('must be a percentage such as "10%", or a number')
    if match[2] and float(match[1]) > 100:
        raise ValueError("must be at most 100%")
    if float(match[1]) > MOST_CHANGES:
        raise ValueError(f'must be at most {MOST_CHANGES:,}; "100%" switches a guard off')
    return Limit(float(match[1]), bool(match[2]))


def rate(value: object) -> Limit:
    """Return a share of the tenant's limit such as "80%", or requests a second; above 0."""
    found = limit(value)
    if found.number <= 0:
        raise ValueError("must be above 0")
    if found.percent and found.number < LEAST_SHARE:
        raise ValueError(f"must be at least {LEAST_SHARE}%: of less a run would take hours")
    if not found.percent and found.number < LEAST_RATE:
        raise ValueError(
            f"must be at least {LEAST_RATE:g} requests a second: a change takes two, and none is to wait for"
            " longer than a minute"
        )
    return found


def boolean(value: object) -> bool:
    """Return true or false, written so or as a TOML boolean."""
    words = {"true": True, "false": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise ValueError("must be true or false")


def switch(value: object) -> bool:
    """Return whether something is on, written so, or as a boolean is."""
    words = {"on": True, "off": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    try:
        return boolean(value)
    except ValueError:
        raise ValueError("must be on or off") from None


def algorithm(value: object) -> str:
    """Return the algorithm that listeners' tokens are signed with."""
    if value not in ("RS256", "HS256"):
        raise ValueError("must be RS256 or HS256")
    return str(value)


def domain(value: object) -> str:
    """Return the tenant's base URL, without a slash at the end, from a domain or a whole URL."""
    given = line(value).strip()
    try:
        parts = urlsplit(given if "://" in given else f"https://{given}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("is no domain") from None
    if parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be a domain such as tenant.eu.auth0.com, and nothing more")
    if not re.fullmatch(r"[A-Za-z0-9.-]+|[0-9a-fA-F:]+", host):
        raise ValueError("is no domain")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError("must be https; http is for loopback only")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
