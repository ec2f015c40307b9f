"""The guards of a sync: every reason why a plan is dangerous, with its numbers. Whole numbers, and pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from musicctl.policy.rule import Rule

REVOKES_KEPT, GRANTS_KEPT = 5, 50
"""Revokes and grants that a percentage never forbids."""

ORDER = ("max_revoke", "max_grant", "min_source", "min_tenant", "rule", "row_security")
"""The guards' names, in the order in which dangers are told."""

WHOLE = 100_000
"""A hundred percent, in thousandths of a percent."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A percentage, which keeps its floor, or a plain number; `thousandths` of either."""

    thousandths: int
    percent: bool

    @property
    def off(self) -> bool:
        """Tell whether the guard is switched off, which 100 percent does."""
        return self.percent and self.thousandths >= WHOLE

    def of(self, base: int) -> int:
        """Return the percentage of `base`, rounded down, or the plain number."""
        return base * self.thousandths // WHOLE if self.percent else self.thousandths // 1000

    def __str__(self) -> str:
        return f"{self.thousandths / 1000:g}{'%' if self.percent else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of the four guards that have one."""

    max_revoke: Limit
    max_grant: Limit
    min_source: Limit
    min_tenant: Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a plan was made on: where plays come from and how many there are, users of the tenant, holders.

    `source_users` are the users with known plays, `source_plays` their sum; `holders` includes pinned ones
    and those of unknown plays.
    """

    source: str
    source_users: int
    source_plays: int
    tenant_users: int
    holders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What the last completed sync saw, and by which rule it judged."""

    rule: Rule
    source: str
    source_users: int
    source_plays: int
    tenant_users: int


class By(Enum):
    """What took the role from somebody."""

    SYNC = "sync"
    PROMOTE = "promote"
    HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Lost:
    """One user from whom the role was taken in the last 24 hours, however often, and not given back by undo.

    `holds` tells whether the user has the role again. `counts` is False where a person decided it alone,
    which is shown, but held against no later run.
    """

    user_id: str
    by: By
    holds: bool = False
    counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What went before: the last completed sync, and whom the role was taken from in the last 24 hours."""

    last: Baseline | None
    lost: tuple[Lost, ...] = ()


@dataclass(frozen=True, slots=True)
class Danger:
    """One reason: the guard's name, the number that was too large, its limit, and what to tell a person."""

    name: str
    count: int
    limit: int
    message: str

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


def dangers(
    rule: Rule, *, grants: int, revokes: Collection[str], seen: Seen, past: Past, limits: Limits
) -> tuple[Danger, ...]:
    """Return every reason why these changes are dangerous, in ORDER; `revokes` are user ids."""
    found = (
        *changes(grants=grants, revokes=revokes, holders=seen.holders, past=past, limits=limits),
        _source(seen, past.last, limits.min_source),
        _tenant(seen, past.last, limits.min_tenant),
        _rule(rule, seen, past.last),
    )
    return tuple(danger for danger in found if danger is not None)


def hidden_rows() -> Danger:
    """Return the danger of a plan over plays of which row-level security may have hidden some."""
    return Danger(
        "row_security", 1, 0, "row-level security may hide plays from this account: not all of them are known"
    )


def changes(
    *, grants: int, revokes: Collection[str], holders: int, past: Past, limits: Limits
) -> tuple[Danger, ...]:
    """Return the dangers that lie in the number of changes alone."""
    found = (
        _revokes(grants, revokes, holders, past.lost, limits.max_revoke),
        _grants(grants, holders, limits.max_grant),
    )
    return tuple(danger for danger in found if danger is not None)


def beyond(found: tuple[Danger, ...], accepted: Mapping[str, int]) -> tuple[Danger, ...]:
    """Return the dangers that are new, or larger, against those a person accepted: {name: count}."""
    return tuple(danger for danger in found if danger.count > accepted.get(danger.name, -1))


def taken(lost: Collection[Lost]) -> dict[By, int]:
    """Return how many users lost the role in the last 24 hours, by what took it."""
    return {by: sum(each.by is by for each in lost) for by in By}


def _revokes(
    grants: int, revokes: Collection[str], holders: int, lost: Collection[Lost], limit: Limit
) -> Danger | None:
    """Count users, not changes: who loses the role, gets it back and loses it again is one, on both sides."""
    if limit.off or not revokes:
        return None
    counted = [each for each in lost if each.counts]
    base = holders + sum(not each.holds for each in counted)
    count = len({each.user_id for each in counted} | set(revokes))
    allowed = max(REVOKES_KEPT, limit.of(base)) if limit.percent else limit.of(base)
    said = f"{_arithmetic(len(revokes), lost)} of {base:,} holders"
    if count > allowed:
        if count != len(revokes) + len(counted):  # some of them went up and down
            said += f", {count:,} users in all"
        return Danger("max_revoke", count, allowed, f"{said}; at most {allowed:,} may lose the role")
    if holders >= 2 and holders + grants == len(revokes):
        return Danger("max_revoke", count, allowed, f"{said} would leave nobody with the role")
    return None


def _arithmetic(revokes: int, lost: Collection[Lost]) -> str:
    """Say what the revokes come on top of: what counts with them, and what people took away besides."""
    said = f"{revokes:,} revokes"
    if earlier := _by([each for each in lost if each.counts]):
        said += f", after {earlier} of the last 24 hours,"
    if apart := _by([each for each in lost if not each.counts]):
        said += f" (and {apart} that do not count)"
    return said


def _by(lost: Collection[Lost]) -> str:
    words = {By.SYNC: "by syncs", By.PROMOTE: "by promote", By.HAND: "by hand"}
    said = [f"{count:,} {words[by]}" for by, count in taken(lost).items() if count]
    return " and ".join(filter(None, (", ".join(said[:-1]), *said[-1:])))


def _grants(grants: int, holders: int, limit: Limit) -> Danger | None:
    if limit.off:
        return None
    allowed = max(GRANTS_KEPT, limit.of(holders)) if limit.percent else limit.of(holders)
    if grants <= allowed:
        return None
    said = f"{grants:,} grants beside {holders:,} holders; at most {allowed:,} may gain the role"
    return Danger("max_grant", grants, allowed, said)


def _source(seen: Seen, last: Baseline | None, limit: Limit) -> Danger | None:
    if limit.off or (last is None and not seen.holders):
        return None
    said = []
    lost, wanted = 0, 0
    pairs = (
        ("users with known plays", seen.source_users, last.source_users if last else 0),
        ("plays in total", seen.source_plays, last.source_plays if last else 0),
    )
    for what, now, before in pairs:
        least = limit.of(before)
        if now <= 0 or now < least:
            said.append(
                f"{now:,} {what}" + (f", after {before:,}; at least {least:,} are wanted" if last else "")
            )
            lost, wanted = max((lost, wanted), (max(before - now, 1), least))
        if not limit.percent:
            break  # a plain number counts users
    return Danger("min_source", lost, wanted, " and ".join(said)) if said else None


def _tenant(seen: Seen, last: Baseline | None, limit: Limit) -> Danger | None:
    if limit.off:
        return None
    before, now = (last.tenant_users if last else 0), seen.tenant_users
    least = limit.of(before)
    if now > 0 and now >= least:
        return None
    said = f"{now:,} users in the tenant"
    after = f", after {before:,}; at least {least:,} are wanted" if last else ""
    return Danger("min_tenant", max(before - now, 1), least, said + after)


def _rule(rule: Rule, seen: Seen, last: Baseline | None) -> Danger | None:
    if last is None:
        return None
    pairs = {
        "role": (last.rule.role, rule.role),
        "threshold": (f"{last.rule.threshold:,}", f"{rule.threshold:,}"),
        "plays source": (last.source, seen.source),
    }
    said = [f"the {what} was {old} and is {new}" for what, (old, new) in pairs.items() if old != new]
    return Danger("rule", len(said), 0, ", ".join(said)) if said else None
