"""What the next sync will do about one user, in one word and in words, however far the mirror lags."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl.policy.explanation import Decision, Explanation, Seen
from musicctl.policy.rule import Pin, Rule

ROLE = "playlist editor"
RULE = Rule(ROLE, 100)
HOLDS, LACKS, ODD = Seen((ROLE,), None), Seen((), None), Seen(None, "roles are a number")
GRANTED = Decision("granted", None, "staff", "ann@desk")
BANNED = Decision("revoked", None, "spam", "ann@desk")


def known(
    tenant: Seen,
    plays: int | None,
    *,
    mirror: Seen | None = None,
    renewed: bool = False,
    pin: Decision | None = None,
    hold: Decision | None = None,
) -> Explanation:
    return Explanation(
        user_id="auth0|a",
        email=None,
        display_name=None,
        rule=RULE,
        plays=plays,
        playlists=(),
        tenant=tenant,
        mirror=mirror,
        mirror_as_of=datetime(2026, 11, 23, tzinfo=UTC),
        renewed=renewed,
        pin=pin,
        hold=hold,
    )


@pytest.mark.parametrize(
    ("found", "next_", "words"),
    [
        (
            known(LACKS, 120, mirror=LACKS),
            "grant",
            "The next sync grants the role, with 120 plays, 20 above the bar of 100.",
        ),
        (
            known(LACKS, 100, mirror=LACKS),
            "grant",
            "The next sync grants the role, with 100 plays, at the bar of 100.",
        ),
        (
            known(HOLDS, 1, mirror=HOLDS),
            "revoke",
            "The next sync takes the role away, with 1 play, 99 below the bar of 100.",
        ),
        (
            known(HOLDS, 1200, mirror=HOLDS),
            "keep",
            "The next sync keeps the role, with 1,200 plays, 1,100 above the bar of 100.",
        ),
        (
            known(LACKS, 99, mirror=LACKS),
            "keep",
            "The next sync leaves the user without the role, with 99 plays, 1 below the bar of 100.",
        ),
        (
            known(HOLDS, None, mirror=HOLDS),
            "unknown",
            "The next sync keeps the role, with plays unknown, which is not the same as none.",
        ),
        (
            known(ODD, 120, mirror=LACKS),
            "unreadable",
            "The next sync does not touch the role: roles are a number.",
        ),
        (
            known(LACKS, 0, mirror=LACKS, pin=GRANTED),
            "grant",
            "The next sync grants the role, being pinned as granted, whatever the plays.",
        ),
        (
            known(LACKS, 10_000, mirror=LACKS, pin=BANNED),
            "keep",
            "The next sync leaves the user without the role, being pinned as revoked, whatever the plays.",
        ),
        (
            known(LACKS, 120, mirror=HOLDS),
            "keep",
            "The next sync leaves the role as it is, for the mirror has not seen the tenant since;"
            " `musicctl promote` would grant it now, with 120 plays, 20 above the bar of 100.",
        ),
        (
            known(HOLDS, 99),
            "keep",
            "The next sync leaves the role as it is, for the mirror does not have the user yet;"
            " `musicctl promote` would take it away now, with 99 plays, 1 below the bar of 100.",
        ),
        (
            known(HOLDS, 99, mirror=HOLDS, hold=Decision("held", None, "audit", "ann@desk")),
            "revoke",
            "No sync writes while it is held back (audit); after that, it takes the role away,"
            " with 99 plays, 1 below the bar of 100.",
        ),
    ],
)
def test_what_the_next_sync_will_do(found: Explanation, next_: str, words: str) -> None:
    assert (found.next, found.words) == (next_, words)


def test_who_is_at_the_bar_and_not_in_the_mirror_is_read_by_id() -> None:
    assert known(LACKS, 100).next == "grant"
    assert known(HOLDS, 100).next == "keep"
    assert known(LACKS, 100, pin=BANNED).next == "keep"
    assert known(LACKS, 0, pin=GRANTED).next == "keep"
    assert known(LACKS, 0, pin=GRANTED, renewed=True).next == "grant"


def test_the_distance_is_below_zero_below_the_bar() -> None:
    assert [known(LACKS, plays).distance for plays in (99, 100, 102, None)] == [-1, 0, 2, None]


seen = st.sampled_from([HOLDS, LACKS, ODD])


@given(seen, st.none() | seen, st.none() | st.integers(98, 102), st.sampled_from([None, GRANTED, BANNED]))
def test_a_mirror_that_is_true_or_renewed_leads_to_what_the_rule_says(
    tenant: Seen, mirror: Seen | None, plays: int | None, pin: Decision | None
) -> None:
    verdict = RULE.decide(plays, tenant.roles, Pin(pin.what) if pin else None)
    assert known(tenant, plays, mirror=tenant, pin=pin).next == verdict.value
    assert known(tenant, plays, mirror=mirror, renewed=True, pin=pin).next == verdict.value
    late = known(tenant, plays, mirror=mirror, pin=pin)
    assert late.next in {verdict.value, "keep"}
    assert late.standing == known(tenant, plays, mirror=tenant, pin=pin).standing
