"""Patterns of endpoints, such as `PATCH /users`: which requests, and which routes, one stands for."""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

SPELLING = re.compile(r"(?:(GET|POST|PATCH|PUT|DELETE) +)?(/\S*)", re.IGNORECASE)
OUTSIDE = ("/api/v2", "/oauth", "/exports", "/.well-known")
"""How paths begin that are meant as they stand; all others are of the Management API."""


class Pattern(NamedTuple):
    """A method, or none for any, and the beginning of a path in which `*` stands for one segment."""

    method: str
    segments: tuple[str, ...]

    def covers(self, method: str, path: str) -> bool:
        """Tell whether it stands for a request; ids in the path may be percent-encoded or not."""
        return self._fits(method, path, wild=False)

    def overlaps(self, method: str, path: str) -> bool:
        """Tell whether it stands for any request to a route, with `*` in its path."""
        return self._fits(method, path, wild=True)

    def _fits(self, method: str, path: str, *, wild: bool) -> bool:
        segments = [unquote(segment) for segment in path.split("/")]
        if self.method not in ("", method) or len(segments) < len(self.segments):
            return False
        pairs = zip(self.segments, segments, strict=False)
        return all(wanted in ("*", found) or (wild and found == "*") for wanted, found in pairs)


@lru_cache(maxsize=256)
def pattern(text: str) -> Pattern:
    """Read a pattern; raises ValueError when it is none."""
    found = SPELLING.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text} is no endpoint")
    path = found[2] if found[2].startswith(OUTSIDE) else f"/api/v2{found[2]}"
    segments = path.rstrip("/").split("/")
    return Pattern((found[1] or "").upper(), tuple(unquote(segment) for segment in segments))
