"""Why a user holds a role or does not, and what the next sync will do about it, in words."""

from dataclasses import dataclass
from datetime import datetime

from musicctl.policy.roles import Roles
from musicctl.policy.rule import Pin, Rule, Verdict

DOES = {Verdict.GRANT: "grants the role", Verdict.REVOKE: "takes the role away"}
WOULD = {Verdict.GRANT: "grant it", Verdict.REVOKE: "take it away"}


def against_the_bar(plays: int, rule: Rule) -> str:
    """Say how many plays there are, and how far from the bar: "99 plays, 1 below the bar of 100"."""
    distance = plays - rule.threshold
    side = "below" if distance < 0 else "above"
    said = f"{abs(distance):,} {side}" if distance else "at"
    return f"{'1 play' if plays == 1 else f'{plays:,} plays'}, {said} the bar of {rule.threshold:,}"


@dataclass(frozen=True, slots=True)
class Seen:
    """A user's roles as the tenant or the mirror has them; without roles, `unreadable` says why."""

    roles: Roles | None
    unreadable: str | None


@dataclass(frozen=True, slots=True)
class Playlist:
    """One playlist that a user's plays come from."""

    playlist_id: object
    name: str | None
    total_plays: int | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What staff decided, a pin or a hold: `what` it is, until when (None: for good), and who said why."""

    what: str
    until: datetime | None
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class Change:
    """The last change of the role that the journal has."""

    run: str
    command: str
    actor: str
    verdict: str
    state: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that is known about one user and the role.

    `playlists` is None where plays come from a query of one's own. `mirror` is None when the mirror, true as
    of `mirror_as_of`, lacks the user; `renewed` says that the next sync reads the tenant anew. `asked_again`
    is when a sync asks for the user by id, where the tenant did not have it a short while ago.
    """

    user_id: str
    email: str | None
    display_name: str | None
    rule: Rule
    plays: int | None
    playlists: tuple[Playlist, ...] | None
    tenant: Seen
    mirror: Seen | None
    mirror_as_of: datetime | None
    renewed: bool
    asked_again: datetime | None = None
    pin: Decision | None = None
    hold: Decision | None = None
    last_change: Change | None = None

    @property
    def distance(self) -> int | None:
        """Plays above the bar, below 0 when there are too few; None when they are unknown."""
        return None if self.plays is None else self.plays - self.rule.threshold

    @property
    def standing(self) -> str:
        """The `standing` of `users show`."""
        return self.rule.standing(self.plays, self.tenant.roles, self._pin)

    @property
    def next(self) -> str:
        """What the next sync will have done to the role: grant, revoke, keep, unknown or unreadable."""
        wanted = self._wanted
        done = not wanted.changes or self._planned is wanted
        return wanted.value if done else Verdict.KEEP.value

    @property
    def words(self) -> str:
        """What the next sync will do, and why, in one or two sentences."""
        if self.hold is None:
            return f"The next sync {self._does}."
        return f"No sync writes while it is held back ({self.hold.reason}); after that, it {self._does}."

    @property
    def _pin(self) -> Pin | None:
        return None if self.pin is None else Pin(self.pin.what)

    @property
    def _wanted(self) -> Verdict:
        """What the rule says of the tenant as it is now."""
        return self.rule.decide(self.plays, self.tenant.roles, self._pin)

    @property
    def _planned(self) -> Verdict:
        """What the next sync plans, which sees the tenant through the mirror."""
        # A sync reads those by id who are at the bar and not in the mirror, unless that was in vain lately.
        if self.renewed or (self.mirror is None and self._at_the_bar and self.asked_again is None):
            return self._wanted
        if self.mirror is None:
            return Verdict.KEEP
        return self.rule.decide(self.plays, self.mirror.roles, self._pin)

    @property
    def _at_the_bar(self) -> bool:
        return self.plays is not None and self.plays >= self.rule.threshold

    @property
    def _does(self) -> str:
        planned, wanted = self._planned, self._wanted
        if wanted.changes and planned is not wanted:
            return (
                f"leaves the role as it is, for {self._lags};"
                f" `musicctl promote` would {WOULD[wanted]} now, {self._why}"
            )
        if wanted is Verdict.UNREADABLE:
            return f"does not touch the role: {self.tenant.unreadable}"
        if wanted.changes:
            return f"{DOES[wanted]}, {self._why}"
        how = "keeps the role" if self._holds else "leaves the user without the role"
        return f"{how}, {self._why}"

    @property
    def _lags(self) -> str:
        """Why a sync does not know of the tenant as it is now."""
        if self.mirror is not None:
            return "the mirror has not seen the tenant since"
        if self.asked_again is None:
            return "the mirror does not have the user yet"
        when = self.asked_again.strftime("%Y-%m-%d %H:%M %Z")
        return f"the tenant had no such user when it was asked, and is asked again after {when}"

    @property
    def _holds(self) -> bool:
        return self.rule.role in (self.tenant.roles or ())

    @property
    def _why(self) -> str:
        if self.pin is not None:
            return f"being pinned as {self.pin.what}, whatever the plays"
        if self.plays is None:
            return "with plays unknown, which is not the same as none"
        return f"with {against_the_bar(self.plays, self.rule)}"
