"""Keeps the mirror in step with the journal: what our own writes left in the tenant, without asking it."""

from collections.abc import Mapping

from musicctl.store.database import Cursor

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


def follow(cursor: Cursor, condition: str, values: Mapping[str, object]) -> None:
    """Bring the mirror into step with the changes that meet `condition`, SQL over musicctl.changes."""
    changes = LATEST.format(condition=condition)
    for statement in STATEMENTS:
        cursor.execute(statement.format(changes=changes), values)
