"""What a plan answers, made once from plain settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from musicctl.policy.guards import Limit, Limits
from musicctl.policy.rule import Rule

PLAYLISTS = "playlists"
"""The table that plays come from where no query is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The rule, where plays come from (None: the playlists), and how old the mirror may be.

    `max_age` is in seconds; `refresh` asks for a new mirror in any case. `actor` is who asks, as
    account@host. `promotes` tells whether what unattended runs of promote and the like took away counts.
    """

    rule: Rule
    plays_query: str | None
    max_age: float
    actor: str
    limits: Limits
    refresh: bool = False
    promotes: bool = True

    @property
    def source(self) -> str:
        """Where plays come from, as a plan's fingerprint has it: the query's text, or the table's name."""
        return self.plays_query or PLAYLISTS


def question(
    *,
    role: str,
    threshold: int,
    plays_query: str | None,
    max_age: float,
    actor: str,
    limits: Mapping[str, tuple[float, bool]],
    refresh: bool,
    promotes: bool,
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
        promotes=promotes,
    )
