"""The editor rule: what a user's plays, roles and pin say should happen to the role."""

from dataclasses import dataclass
from enum import Enum

from musicctl.errors import ConfigError
from musicctl.policy.roles import Roles, with_role, without_role


class Verdict(Enum):
    """What is to be done about one user's role."""

    GRANT = "grant"
    REVOKE = "revoke"
    KEEP = "keep"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"

    @property
    def changes(self) -> bool:
        """Tell whether this verdict asks for a write."""
        return self in (Verdict.GRANT, Verdict.REVOKE)


class Pin(Enum):
    """What staff decided for one user, above the plays, for as long as the pin is in force."""

    GRANTED = "granted"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Rule:
    """The role that is earned, and the plays that earn it: exactly `threshold` is enough."""

    role: str
    threshold: int

    def __post_init__(self) -> None:
        if self.threshold < 1:
            raise ConfigError(
                f"the threshold is {self.threshold} plays, but must be 1 or more",
                hint="with 0 everyone would hold the role; set `threshold` in the profile",
            )

    def decide(self, plays: int | None, roles: Roles | None, pin: Pin | None = None) -> Verdict:
        """Judge one user of the tenant.

        `plays` is None when the plays source has no number for the user, which is not zero plays. `roles`
        is None when they are unreadable, which wins over a pin. A pin in force wins over the plays.
        """
        if roles is None:
            return Verdict.UNREADABLE
        holds = self.role in roles
        if pin is not None:
            return _between(holds, pin is Pin.GRANTED)
        if plays is None:
            return Verdict.UNKNOWN if holds else Verdict.KEEP
        return _between(holds, plays >= self.threshold)

    def standing(self, plays: int | None, roles: Roles | None, pin: Pin | None = None) -> str:
        """Say in one word where a user stands: the `standing` of `users show`."""
        verdict = self.decide(plays, roles, pin)
        if roles is None:
            return verdict.value
        if pin is not None:
            return "pinned"
        if plays is None:
            return "unknown"
        if verdict.changes:
            return "earned" if verdict is Verdict.GRANT else "lapsing"
        return "editor" if self.role in roles else "below"

    def apply(self, verdict: Verdict, roles: Roles) -> Roles:
        """Return the roles array that `verdict` leaves behind."""
        if verdict is Verdict.GRANT:
            return with_role(roles, self.role)
        if verdict is Verdict.REVOKE:
            return without_role(roles, self.role)
        return roles


def _between(holds: bool, should: bool) -> Verdict:
    """Return what takes a user from holding the role or not to how it should be."""
    if holds == should:
        return Verdict.KEEP
    return Verdict.GRANT if should else Verdict.REVOKE
