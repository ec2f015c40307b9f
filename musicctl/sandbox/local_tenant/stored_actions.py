"""Actions, their versions and bindings as rows: the tables behind the endpoints, over the tenant's storage.

All times are in nanoseconds since the epoch, as Auth0 shows them here and nowhere else.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from musicctl.sandbox.local_tenant.storage import Storage

ACTION = "id, name, created_at, updated_at, content, drafted_at, built_at"
VERSION = "id, action_id, number, content, drafted_at, created_at"
BINDING = "id, trigger_id, action_id, display_name, created_at"


class ActionSecret(msgspec.Struct, frozen=True):
    """A secret of an Action; its value is never shown."""

    name: str
    value: str
    updated_at: int


class Content(msgspec.Struct, frozen=True):
    """What an Action is made of: the part of it that a version keeps as it was."""

    code: str
    runtime: str
    trigger: str
    trigger_version: str
    dependencies: list[dict[str, str]] = []
    secrets: list[ActionSecret] = []


class StoredAction(NamedTuple):
    """An Action with its draft, which was written at `drafted_at` and may be deployed from `built_at` on."""

    id: str
    name: str
    created_at: int
    updated_at: int
    content: Content
    drafted_at: int
    built_at: int


class StoredVersion(NamedTuple):
    """A deployed version, made of the draft of `drafted_at`; the latest of an Action is the one that runs."""

    id: str
    action_id: str
    number: int
    content: Content
    drafted_at: int
    created_at: int


class StoredBinding(NamedTuple):
    """An Action's place in what a trigger runs."""

    id: str
    trigger_id: str
    action_id: str
    display_name: str
    created_at: int


def actions(storage: Storage) -> list[StoredAction]:
    """Return every Action, the oldest first."""
    return [_action(row) for row in storage.rows(f"SELECT {ACTION} FROM actions ORDER BY seq")]


def action(storage: Storage, action_id: str) -> StoredAction | None:
    """Return the Action with this id."""
    found = storage.rows(f"SELECT {ACTION} FROM actions WHERE id = ?", action_id)
    return _action(found[0]) if found else None


def add_action(storage: Storage, new: StoredAction) -> None:
    """Keep a new Action, whose name must be free."""
    storage.write(
        f"INSERT INTO actions ({ACTION}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        *(
            new.id,
            new.name,
            new.created_at,
            new.updated_at,
            _encoded(new.content),
            new.drafted_at,
            new.built_at,
        ),
    )


def change_action(storage: Storage, changed: StoredAction) -> None:
    """Write an Action's name and draft anew."""
    storage.write(
        "UPDATE actions SET name = ?, updated_at = ?, content = ?, drafted_at = ?, built_at = ? WHERE id = ?",
        *(changed.name, changed.updated_at, _encoded(changed.content)),
        *(changed.drafted_at, changed.built_at, changed.id),
    )


def remove_action(storage: Storage, action_id: str) -> None:
    """Remove an Action with its versions and bindings."""
    for table, column in (
        ("action_bindings", "action_id"),
        ("action_versions", "action_id"),
        ("actions", "id"),
    ):
        storage.write(f"DELETE FROM {table} WHERE {column} = ?", action_id)


def versions(storage: Storage, action_id: str, now: int) -> list[StoredVersion]:
    """Return an Action's versions, the latest first; one that is made when a build ends shows only then."""
    found = storage.rows(
        f"SELECT {VERSION} FROM action_versions WHERE action_id = ? AND created_at <= ? ORDER BY number DESC",
        *(action_id, now),
    )
    return [StoredVersion(*row)._replace(content=_content(row[3])) for row in found]


def add_version(storage: Storage, new: StoredVersion) -> None:
    """Keep a new version."""
    storage.write(
        f"INSERT INTO action_versions ({VERSION}) VALUES (?, ?, ?, ?, ?, ?)",
        *(new.id, new.action_id, new.number, _encoded(new.content), new.drafted_at, new.created_at),
    )


def forget_versions_to_come(storage: Storage, action_id: str, now: int) -> None:
    """Drop the version that was to be made of a draft which is replaced before it is built."""
    storage.write("DELETE FROM action_versions WHERE action_id = ? AND created_at > ?", action_id, now)


def bindings(storage: Storage, trigger_id: str) -> list[StoredBinding]:
    """Return a trigger's bindings in the order in which they run."""
    found = storage.rows(
        f"SELECT {BINDING} FROM action_bindings WHERE trigger_id = ? ORDER BY seq", trigger_id
    )
    return [StoredBinding(*row) for row in found]


def is_bound(storage: Storage, action_id: str) -> bool:
    """Tell whether any trigger runs the Action."""
    return bool(storage.rows("SELECT 1 FROM action_bindings WHERE action_id = ? LIMIT 1", action_id))


def replace_bindings(storage: Storage, trigger_id: str, new: Sequence[StoredBinding]) -> None:
    """Bind these to the trigger, in this order, and nothing else."""
    storage.write("DELETE FROM action_bindings WHERE trigger_id = ?", trigger_id)
    for binding in new:
        storage.write(f"INSERT INTO action_bindings ({BINDING}) VALUES (?, ?, ?, ?, ?)", *binding)


def _action(row: tuple[Any, ...]) -> StoredAction:
    return StoredAction(*row)._replace(content=_content(row[4]))


_content = msgspec.json.Decoder(Content).decode


def _encoded(content: Content) -> str:
    return msgspec.json.encode(content).decode()
