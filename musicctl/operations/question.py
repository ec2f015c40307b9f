"""What a plan answers, made once from plain settings."""

from dataclasses import dataclass

from musicctl.policy.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The rule, where plays come from (None: the playlists), and how old the mirror may be.

    `max_age` is in seconds; `refresh` asks for a new mirror in any case. `actor` is who asks, as
    account@host.
    """

    rule: Rule
    plays_query: str | None
    max_age: float
    actor: str
    refresh: bool = False


def question(
    *, role: str, threshold: int, plays_query: str | None, max_age: float, actor: str, refresh: bool
) -> Question:
    """Return the question; raises ConfigError when the threshold is below 1."""
    return Question(
        rule=Rule(role, threshold), plays_query=plays_query, max_age=max_age, actor=actor, refresh=refresh
    )
