"""How a transaction begins: one string, sent at once, after which the names in our SQL mean what we mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from musicctl import haste

READING = {"lock_timeout": "30s"}
"""How long a reader waits for who changes a whole table."""

PAUSE = 3
"""Seconds that a writer may pause in a transaction."""

WRITING = {"lock_timeout": "5s", "idle_in_transaction_session_timeout": f"{PAUSE}s"}
"""How long a writer waits for a lock, and how long it may pause while it holds some itself.

A process that is frozen in a transaction is ended by the server sooner than another gives up its wait.
"""

HURRIED = {"lock_timeout": "100ms"}
"""The same once a signal has told this process to end: the next run finds out what could not be said."""

# What counts as kept must survive a crash of the server, whatever was set for speed; more than that may be.
LASTING = """\
SELECT pg_catalog.set_config('synchronous_commit', 'on', true)
WHERE pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.<>) 'remote_apply'"""

READ_COMMITTED = "READ COMMITTED"
REPEATABLE_READ = "REPEATABLE READ"

PATH = "musicctl.path"
"""Where the account would look for a table: a setting of the transaction's own, an array of schemas."""

ACCOUNTS = "musicctl.search_path"
"""The account's search path as it stands."""

# What others may have set for the account, or for the database, and what would then change what our
# statements mean, or what comes back: names in quotes, `= NULL`, the last digits of a number, dates, bytes.
# Not standard_conforming_strings: the driver quotes by what it was when the connection was made.
MEANING = {
    "quote_all_identifiers": "off",
    "transform_null_equals": "off",
    "extra_float_digits": "1",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
}

TO_ACCOUNTS = f"pg_catalog.set_config('search_path', pg_catalog.current_setting('{ACCOUNTS}'), true)"

# The account's path is kept before it is left: what these lines name, they name in full. pg_temp is said,
# and last, since Postgres looks there for tables first where it is not.
OURS = f"""\
SELECT pg_catalog.set_config('{PATH}', pg_catalog.current_schemas(false)::pg_catalog.text, true),
    pg_catalog.set_config('{ACCOUNTS}', pg_catalog.current_setting('search_path'), true);
SET LOCAL search_path = pg_catalog, pg_temp"""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a transaction begins with, whatever the server, the database or the account has as its default.

    `settings` are for this transaction alone, and come before READING and WRITING. With `own_path`, names
    mean what they mean to the account: for SQL that a person wrote, and for no other. It is never told to
    write: a server may let nobody do that.
    """

    read_only: bool = False
    isolation: str = READ_COMMITTED
    settings: Mapping[str, str] = field(default_factory=dict)
    own_path: bool = False

    @property
    def unfiltered(self) -> "Opening":
        """The same, but that Postgres refuses a read of which a policy would hide rows."""
        return replace(self, settings={**self.settings, "row_security": "off"})

    @property
    def statement(self) -> str:
        """The SQL, which goes to the server in one piece and costs one round trip, also through a pooler."""
        begin = f"BEGIN ISOLATION LEVEL {self.isolation}{' READ ONLY' if self.read_only else ''}"
        settings = {**(READING if self.read_only else WRITING), **self.settings}
        settings |= {} if haste.since() is None else HURRIED
        settings = settings if self.own_path else {**MEANING, **settings}
        local = [f"SET LOCAL {name} = '{value}'" for name, value in settings.items()]
        lasting = [] if self.read_only else [LASTING]
        return ";\n".join([begin, *local, *lasting, *([] if self.own_path else [OURS])])

    @property
    def end(self) -> str:
        """What keeps what was written; triggers of the app's that wait for it find what they name."""
        return "COMMIT" if self.own_path or self.read_only else f"SELECT {TO_ACCOUNTS};\nCOMMIT"
