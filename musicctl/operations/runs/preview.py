"""Where a preview looks: so few are read from the tenant, more from the mirror in batches."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

BY_ID = 100
"""Users up to whom a preview reads everyone from the tenant; beyond that it asks the mirror."""

AT_ONCE = 2000
NOT_THERE = "the tenant has no such user any more"
T = TypeVar("T")


def in_batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the items, so many at once as one question to the database may be about."""
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]
