"""Keeps the mirror in step with the journal: what our own writes left in the tenant, without asking it."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from musicctl import haste
from musicctl.errors import BusyError, MusicctlError
from musicctl.store.database import Cursor, Database
from musicctl.store.opening import Opening

AT_ONCE, SOON = Opening(settings={"lock_timeout": "50ms"}), Opening(settings={"lock_timeout": "1s"})
ROWS = 500
EVERY = 1.0
"""Seconds that the mirror may be behind while a run writes."""

PATIENCE = 3.0
"""Seconds after which a run ends although the mirror is still behind."""

AGAIN = 0.2

SEEN = "change.state IN ('applied', 'already', 'conflict')"
STATEMENTS = (
    f"""
    UPDATE musicctl.tenant_users AS mirrored
    SET roles = ARRAY(SELECT jsonb_array_elements_text(change.after)), unreadable = NULL
    FROM {{changes}} AS change
    WHERE mirrored.user_id = change.user_id AND change.field = 'roles' AND {SEEN}
          AND change.after IS NOT NULL""",
    """
    UPDATE musicctl.tenant_users AS mirrored SET display_name = change.after #>> '{{}}'
    FROM {changes} AS change
    WHERE mirrored.user_id = change.user_id AND change.field = 'display_name'
          AND change.state IN ('applied', 'already')""",
    """
    UPDATE musicctl.tenant_users AS mirrored SET roles = NULL, unreadable = change.detail
    FROM {changes} AS change
    WHERE mirrored.user_id = change.user_id AND change.field = 'roles' AND change.state = 'conflict'
          AND change.after IS NULL""",
    """
    DELETE FROM musicctl.tenant_users AS mirrored USING {changes} AS change
    WHERE mirrored.user_id = change.user_id AND change.state = 'gone'""",
)
LATEST = """(
    SELECT DISTINCT ON (user_id, field) * FROM musicctl.changes
    WHERE {condition} ORDER BY user_id, field, ended_at DESC, seq DESC)"""
"""A user whom several changes are about is as the last one left it."""


# Whose row somebody else holds is left for later: nobody waits for a copy.
FREE = """
    SELECT user_id FROM musicctl.tenant_users WHERE user_id = ANY(%(users)s) FOR UPDATE SKIP LOCKED"""
THERE = "SELECT user_id FROM musicctl.tenant_users WHERE user_id = ANY(%(users)s)"
OF_THE_RUN = "SELECT seq, user_id FROM musicctl.changes WHERE run = %(run)s AND seq = ANY(%(seqs)s)"
SINCE = """user_id = ANY(%(free)s) AND state IN ('applied', 'already', 'conflict', 'gone')
    AND ended_at >= coalesce((SELECT as_of FROM musicctl.mirror), '-infinity')"""
"""What was done to these users since the mirror was filled: it may have been in there before it was."""


class Behind:
    """What the mirror does not have yet of a run. No write waits for what is only a copy."""

    def __init__(self, database: Database, run: str) -> None:
        self._database = database
        self._run = run
        self._seqs: set[int] = set()
        self._followed_at = 0.0

    def add(self, seqs: Iterable[int]) -> None:
        """Take in changes that have an outcome in the journal."""
        self._seqs.update(seqs)

    def keep_up(self) -> None:
        """Bring the mirror into step if it has been behind for a while, and nobody has to be waited for."""
        if self._seqs and time.monotonic() - self._followed_at >= EVERY:
            with suppress(MusicctlError):  # `catch_up` will
                self._follow(AT_ONCE)

    def catch_up(self) -> None:
        """Bring the mirror into step; a user whose row somebody holds for longer is left behind."""
        deadline = time.monotonic() + PATIENCE
        while self._seqs:
            with suppress(BusyError):
                self._follow(SOON)
            if not self._seqs or time.monotonic() >= deadline or haste.since() is not None:
                return
            time.sleep(AGAIN)

    def _follow(self, opening: Opening) -> None:
        seqs, self._followed_at = sorted(self._seqs), time.monotonic()
        for start in range(0, len(seqs), ROWS):
            self._page(seqs[start : start + ROWS], opening)

    def _page(self, page: Sequence[int], opening: Opening) -> None:
        left = self._database.run(
            lambda cursor: follow_free(cursor, self._run, page),
            doing="keep the mirror in step",
            opening=opening,
        )
        self._seqs -= set(page).difference(left)


def follow(cursor: Cursor, condition: str, values: Mapping[str, object]) -> None:
    """Bring the mirror into step with the changes that meet `condition`, SQL over musicctl.changes."""
    changes = LATEST.format(condition=condition)
    for statement in STATEMENTS:
        cursor.execute(statement.format(changes=changes), values)


def follow_free(cursor: Cursor, run: str, seqs: Sequence[int]) -> list[int]:
    """Bring the mirror into step with these changes of a run, and return those whose users others hold."""
    values = {"run": run, "seqs": list(seqs)}
    cursor.execute(OF_THE_RUN, values)
    user_of = dict(cursor.fetchall())
    free, held = _free(cursor, user_of.values())
    these = "run = %(run)s AND seq = ANY(%(seqs)s) AND user_id = ANY(%(free)s)"
    follow(cursor, these, {**values, "free": free})
    return [seq for seq, user_id in user_of.items() if user_id in held]


def follow_users(cursor: Cursor, user_ids: Iterable[str]) -> None:
    """Bring the mirror into step with what was done to these users since it was filled, where free."""
    free, _ = _free(cursor, user_ids)
    follow(cursor, SINCE, {"free": free})


def _free(cursor: Cursor, user_ids: Iterable[str]) -> tuple[list[str], set[str]]:
    """Lock the users of the mirror that nobody else holds; return them, and those that somebody holds."""
    values = {"users": list(user_ids)}
    cursor.execute(FREE, values)
    free = [user_id for (user_id,) in cursor.fetchall()]
    cursor.execute(THERE, values)
    return free, {user_id for (user_id,) in cursor.fetchall()}.difference(free)
