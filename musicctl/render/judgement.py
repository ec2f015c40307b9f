"""What the rule says of the users named, for people and as the documents that machines read."""

from collections.abc import Sequence

from musicctl.policy.judgement import Judgement
from musicctl.render.text import safe, wrapped

ON_A_TERMINAL = 15
"""Users shown to a person; on a pipe all are."""


def judgement_documents(users: Sequence[Judgement]) -> list[dict[str, object]]:
    """Return each judgement with the keys that scripts rely on."""
    return [
        {"user_id": each.user_id, "plays": each.plays, "verdict": each.verdict.value, "why": each.why}
        for each in users
    ]


def judgements_text(users: Sequence[Judgement], *, terminal: int | None) -> str:
    """Return a line for each user; `terminal` is how many columns there are, None for a pipe."""
    shown = users if terminal is None else users[:ON_A_TERMINAL]
    lines = [wrapped(f"{safe(each.user_id)}: {safe(each.why)}", terminal) for each in shown]
    left_out = len(users) - len(shown)
    more = [f"… and {left_out:,} more; `--json` shows all"] if left_out else []
    return "".join(f"{line}\n" for line in (*lines, *more))
