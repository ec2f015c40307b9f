"""What the user search knows of late writes: until they are indexed, the users as they were before."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import msgspec

from musicctl.sandbox.local_tenant.records import StoredUser
from musicctl.sandbox.local_tenant.storage import Storage, milliseconds

Overlay: TypeAlias = Mapping[str, StoredUser | None]
"""The users whose last writes are not indexed, as they were; None for one who was not there."""


def remember(storage: Storage, user_id: str) -> None:
    """Keep a user as the index has it; belongs before the write, into its transaction."""
    delay = _delay(storage)
    if not delay:
        return
    now = milliseconds()
    prior = msgspec.json.encode(storage.get_user(user_id)).decode()
    storage.write("DELETE FROM unindexed WHERE at <= ?", now - delay)
    storage.write("INSERT INTO unindexed (user_id, at, prior) VALUES (?, ?, ?)", user_id, now, prior)


def overlay(storage: Storage) -> Overlay:
    """Return what the index has instead of the users as they are."""
    since = milliseconds() - _delay(storage)
    # The oldest comes last, and stays: that is what was there before all of the late writes.
    rows = storage.rows("SELECT user_id, prior FROM unindexed WHERE at > ? ORDER BY seq DESC", since)
    return {user_id: msgspec.json.decode(prior, type=StoredUser | None) for user_id, prior in rows}


def indexed(users: Iterable[StoredUser], late: Overlay) -> Iterator[StoredUser]:
    """Yield users as the index has them; those that are gone, or came in between, at the end."""
    left = dict(late)
    for user in users:
        found = left.pop(user.user_id, user)
        if found is not None:
            yield found
    yield from (user for user in left.values() if user is not None)


def count(storage: Storage, late: Overlay) -> int:
    """Return how many users the index has."""
    changed = ((prior is not None) - bool(storage.get_user(user_id)) for user_id, prior in late.items())
    return storage.count_users() + sum(changed)


def _delay(storage: Storage) -> int:
    return int(storage.settings().index_delay * 1000)
