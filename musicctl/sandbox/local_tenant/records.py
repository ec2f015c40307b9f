"""The rows of the tenant's state, as the storage reads and writes them."""

from typing import NamedTuple


class StoredUser(NamedTuple):
    """A user as a row: times in milliseconds; metadata and root attributes are JSON, None when absent.

    `root` holds the attributes that do not follow from id and email address.
    """

    user_id: str
    email: str | None
    created_at: int
    updated_at: int
    app_metadata: str | None = None
    user_metadata: str | None = None
    root: str | None = None


class NewUser(NamedTuple):
    """A user to make unless the id is taken; metadata is JSON."""

    user_id: str
    email: str | None
    app_metadata: str | None = None
    user_metadata: str | None = None


class Job(NamedTuple):
    """An export job: what was asked for, as JSON, and when, in milliseconds."""

    id: str
    body: str
    created_at: int


class Effect(NamedTuple):
    """A write that took effect, in the order of `seq`: what was applied, as JSON, and in whose name."""

    seq: int
    at: int
    method: str
    path: str
    user_id: str | None
    body: str
    correlation_id: str | None


class LoggedRequest(NamedTuple):
    """A request that was answered; its path is without the query."""

    seq: int
    at: int
    method: str
    path: str
    status: int
