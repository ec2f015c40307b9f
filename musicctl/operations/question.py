"""What a plan answers, made once from plain settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from musicctl.policy.guards import Limit, Limits
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
    limits: Limits
    refresh: bool = False


def question(
    *,
    role: str,
    threshold: int,
    plays_query: str | None,
    max_age: float,
    actor: str,
    limits: Mapping[str, tuple[float, bool]],
    refresh: bool,
) -> Question:
    """Return the question; raises ConfigError when the threshold is below 1.

    `limits` are those of the guards by name, each a number and whether it is a percentage.
    """
    return Question(
        rule=Rule(role, threshold),
        plays_query=plays_query,
        max_age=max_age,
        actor=actor,
        limits=Limits(
            **{name: Limit(round(number * 1000), share) for name, (number, share) in limits.items()}
        ),
        refresh=refresh,
    )
