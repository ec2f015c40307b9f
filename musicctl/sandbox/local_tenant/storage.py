"""The tenant's state in SQLite: users, jobs, documents and logs; several processes may write to it."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from musicctl.errors import MusicctlError
from musicctl.sandbox.local_tenant.records import Effect, Job, LoggedRequest, NewUser, StoredUser
from musicctl.sandbox.local_tenant.schema import EMPTIED, SCHEMA
from musicctl.sandbox.local_tenant.settings import TenantSettings

STATE_FILE = "tenant.sqlite"
"""Its name in the sandbox's folder."""

EXPORTED = {
    "user_id": "json_quote(user_id)",
    "email": "json_quote(email)",
    "app_metadata": "app_metadata",
    "user_metadata": "user_metadata",
}
"""The fields that stand ready in a row, as SQL that makes JSON of them."""

BUSY = 60.0
"""Seconds to wait for another process's write; the longest is the merge of a million new users."""

MERGE_CACHE = 64 * 1024
"""KiB of SQLite's pages in memory during a merge; the 2,000 it has otherwise make it write pages twice."""

PAGE = 2_000
SETTINGS = "settings"

USER = "user_id, email, created_at, updated_at, app_metadata, user_metadata, root"
COLLECTED = "user_id, email, app_metadata, user_metadata"
MERGE = f"""
    INSERT INTO users ({COLLECTED}, created_at, updated_at)
    SELECT {COLLECTED}, ?1, ?1 FROM temp.collected WHERE true ORDER BY user_id, rowid
    ON CONFLICT (user_id) DO NOTHING"""
PUT_USER = f"""
    INSERT INTO users ({USER}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE SET
        email = excluded.email, created_at = excluded.created_at, updated_at = excluded.updated_at,
        app_metadata = excluded.app_metadata, user_metadata = excluded.user_metadata, root = excluded.root"""


class Storage:
    """One connection to the state, for one thread; what a method writes is committed when it returns.

    Every method raises MusicctlError when the state cannot be read or written.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> "Storage":
        """Open the state at `path`, made when it is not there; the caller closes it."""
        with _speaking(path):
            connection = _connect(path)
            with ExitStack() as when_it_fails:
                when_it_fails.callback(connection.close)
                _use_write_ahead_log(connection)
                connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
                when_it_fails.pop_all()
        return cls(path, connection)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def __enter__(self) -> "Storage":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make what the block reads and writes one transaction, undone when it raises; blocks may nest."""
        if self._connection.in_transaction:
            yield
        else:
            with self._transaction("BEGIN IMMEDIATE"):
                yield

    def get_user(self, user_id: str) -> StoredUser | None:
        """Return the user with this id."""
        found = self.rows(f"SELECT {USER} FROM users WHERE user_id = ?", user_id)
        return StoredUser(*found[0]) if found else None

    def users_by_email(self, email: str, *, any_case: bool = False) -> list[StoredUser]:
        """Return every user with this email address, exactly or in any case of ASCII, the oldest first."""
        found = self.rows(f"SELECT {USER} FROM users WHERE email = ? COLLATE NOCASE ORDER BY seq", email)
        users = [StoredUser(*row) for row in found]
        return [user for user in users if any_case or user.email == email]

    def put_user(self, user: StoredUser) -> None:
        """Write one user, new or as a replacement of the one with the same id."""
        self.write(PUT_USER, *user)

    def delete_user(self, user_id: str) -> None:
        """Remove the user with this id."""
        self.write("DELETE FROM users WHERE user_id = ?", user_id)

    def count_users(self) -> int:
        """Return how many users there are."""
        count: int = self.rows("SELECT count(*) FROM users")[0][0]
        return count

    def add_missing_users(self, users: Iterable[NewUser]) -> int:
        """Make the users whose id is not taken, all or none, and return how many; others stay as they are.

        They are collected outside of the state, then merged in the order of their ids: in batches as they
        come, every batch would touch every page of the indexes. A running server waits for the merge.
        """
        with _speaking(self._path):
            self._connection.execute(f"PRAGMA cache_size = -{MERGE_CACHE}")
            self._connection.execute(f"CREATE TEMP TABLE collected ({COLLECTED})")
            try:
                with self._transaction("BEGIN"):
                    self._connection.executemany("INSERT INTO temp.collected VALUES (?, ?, ?, ?)", users)
                with self.writing():
                    return self._connection.execute(MERGE, (milliseconds(),)).rowcount
            finally:
                self._connection.execute("DROP TABLE temp.collected")

    def all_users(self) -> Iterator[list[StoredUser]]:
        """Yield every user, a page at a time; from any thread."""
        for page in self._pages(USER):
            yield [StoredUser(*row) for row in page]

    def all_lines(self, fields: Sequence[tuple[str, str]]) -> Iterator[list[str]]:
        """Yield every user as a JSON object, a page at a time, made by SQLite itself; from any thread.

        `fields` are pairs of a name in EXPORTED and the key to show it under; a field that a user lacks is
        absent.
        """
        parts = [f"CASE WHEN {name} IS NULL THEN '' ELSE ? || {EXPORTED[name]} END" for name, _ in fields]
        keys = [f",{msgspec.json.encode(shown).decode()}:" for _, shown in fields]
        for page in self._pages(f"'{{' || substr({' || '.join(parts)}, 2) || '}}'", *keys):
            yield [line for (line,) in page]

    def clear(self) -> None:
        """Remove every user, job and log, and the settings; the signing key stays, and with it all tokens."""
        with self.writing():
            for table in EMPTIED:
                self.write(f"DELETE FROM {table}")
            self.write("DELETE FROM documents WHERE name = ?", SETTINGS)

    def settings(self) -> TenantSettings:
        """Return how the tenant is set up at this moment."""
        found = self.rows("SELECT value FROM documents WHERE name = ?", SETTINGS)
        return msgspec.json.decode(found[0][0], type=TenantSettings) if found else TenantSettings()

    def change_settings(self, settings: TenantSettings) -> None:
        """Set the tenant up anew; a running server obeys from its next request on."""
        value = msgspec.json.encode(settings).decode()
        self.write("INSERT OR REPLACE INTO documents (name, value) VALUES (?, ?)", SETTINGS, value)

    def document(self, name: str, make: Callable[[], str]) -> str:
        """Return the text kept under `name`, made and kept at first use."""
        read = "SELECT value FROM documents WHERE name = ?"
        with self.writing():
            if not self.rows(read, name):
                self.write("INSERT INTO documents (name, value) VALUES (?, ?)", name, make())
            value: str = self.rows(read, name)[0][0]
        return value

    def add_job(self, job: Job) -> None:
        """Keep an export job."""
        self.write("INSERT INTO jobs (id, body, created_at) VALUES (?, ?, ?)", *job)

    def get_job(self, job_id: str) -> Job | None:
        """Return the export job with this id."""
        found = self.rows("SELECT id, body, created_at FROM jobs WHERE id = ?", job_id)
        return Job(*found[0]) if found else None

    def log_effect(
        self, *, method: str, path: str, user_id: str | None, body: str, correlation_id: str | None
    ) -> None:
        """Record a write that took effect; belongs into its transaction."""
        self.write(
            "INSERT INTO effects (at, method, path, user_id, body, correlation_id) VALUES (?, ?, ?, ?, ?, ?)",
            *(milliseconds(), method, path, user_id, body, correlation_id),
        )

    def log_request(self, method: str, path: str, status: int) -> None:
        """Record a request that was answered."""
        self.write(
            "INSERT INTO requests (at, method, path, status) VALUES (?, ?, ?, ?)",
            *(milliseconds(), method, path, status),
        )

    def effects(self, after: int = 0) -> list[Effect]:
        """Return the writes that took effect, in their order, from the one after `after` on."""
        columns = "seq, at, method, path, user_id, body, correlation_id"
        rows = self.rows(f"SELECT {columns} FROM effects WHERE seq > ? ORDER BY seq", after)
        return [Effect(*row) for row in rows]

    def requests(self, after: int = 0) -> list[LoggedRequest]:
        """Return the requests that were answered, in their order, from the one after `after` on."""
        rows = self.rows(
            "SELECT seq, at, method, path, status FROM requests WHERE seq > ? ORDER BY seq", after
        )
        return [LoggedRequest(*row) for row in rows]

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with _speaking(self._path):
            self._connection.execute(begin)
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.rollback()
                raise

    def _pages(self, columns: str, *values: str) -> Iterator[list[tuple[Any, ...]]]:
        """Read all users over a connection of its own.

        No transaction spans two pages: a slow reader must not keep the write-ahead log from shrinking.
        """
        statement = f"SELECT {columns}, seq FROM users WHERE seq > ? ORDER BY seq LIMIT {PAGE}"
        with _speaking(self._path), closing(_connect(self._path)) as connection:
            last = 0
            while rows := connection.execute(statement, (*values, last)).fetchall():
                last = rows[-1][-1]
                yield [row[:-1] for row in rows]

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows: in the block's transaction, or as one of its own."""
        try:  # what is cheaper than a block counts here: every request comes by several times
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise _unusable(self._path, error) from None

    def write(self, statement: str, *values: object) -> None:
        """Run one statement: in the block's transaction, or as one of its own."""
        with _speaking(self._path):
            self._connection.execute(statement, values)


def milliseconds() -> int:
    """Return the time since the epoch as Auth0 keeps it."""
    return time.time_ns() // 1_000_000


def _connect(path: Path) -> sqlite3.Connection:
    # The signing key is in it. SQLite gives its companion files the same mode. A file that is there must
    # not be opened and closed: that ends every lock of this process on it, and so the write-ahead log.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    try:
        # A committed write outlives kill -9, though not a power cut, and is ten times as fast.
        connection.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch to WAL, which SQLite does not wait for while another process switches at the same moment."""
    deadline = time.monotonic() + BUSY
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


@contextmanager
def _speaking(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _unusable(path, error) from None


def _unusable(path: Path, error: Exception) -> MusicctlError:
    return MusicctlError(
        f"the local tenant's state {path} cannot be used: {error}", hint="musicctl sandbox reset"
    )
