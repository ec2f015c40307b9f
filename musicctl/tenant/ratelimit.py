"""What a reply's headers say about the rate limit; whatever makes no sense there counts as not said."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 60.0
"""Seconds that one wait may take, whatever the tenant says."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The size of the bucket, what was left in it, and in how many seconds more is added; None: not said."""

    limit: int | None = None
    remaining: int | None = None
    wait: float | None = None


def read(headers: Mapping[str, str]) -> RateLimit:
    """Read the headers of a reply; their names are in lower case, or found in any case."""
    limit, remaining = _whole(headers.get("x-ratelimit-limit")), _whole(headers.get("x-ratelimit-remaining"))
    if limit is None or limit < 1:
        limit = remaining = None
    elif remaining is not None:
        remaining = min(max(remaining, 0), limit)
    return RateLimit(limit, remaining, _wait(headers))


def _wait(headers: Mapping[str, str]) -> float | None:
    """Return the wait from 0 to 60 seconds, by the tenant's own clock, so that ours need not be right."""
    reset, sent = _whole(headers.get("x-ratelimit-reset")), _date(headers.get("date"))
    if reset is not None and sent is not None and reset > sent:
        return min(reset - sent, LONGEST_WAIT)
    later = _whole(headers.get("retry-after"))  # told with the quotas for tokens, not with plain limits
    return None if later is None or later <= 0 else min(float(later), LONGEST_WAIT)


def _whole(text: str | None) -> int | None:
    try:
        return None if text is None or len(text) > 20 else int(text)
    except ValueError:
        return None


def _date(text: str | None) -> float | None:
    try:
        return None if text is None else parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
