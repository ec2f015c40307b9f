"""When a tenant counts as down, over what its replies tell."""

import time

import pytest

from musicctl.tenant import outage
from musicctl.tenant.border import LostReplyError, UncertainError
from musicctl.tenant.outage import Outage, OutageError
from musicctl.tenant.pacer import Kind

LOST = UncertainError("the reply was lost")


@pytest.fixture
def down() -> Outage:
    """An outage of writes alone."""
    found = Outage()
    long_ago = time.monotonic() - outage.SILENT_KIND - 1
    for user in ("auth0|a", "auth0|b"):
        found.failed(Kind.WRITE_USERS, user, long_ago, LOST)
    return found


def test_reads_that_are_answered_do_not_hide_that_no_write_is(down: Outage) -> None:
    for _ in range(3):
        down.answered(Kind.READ_USERS)
        with pytest.raises(OutageError, match="the reply was lost"):
            down.require()


def test_a_write_that_is_answered_ends_it(down: Outage) -> None:
    down.answered(Kind.WRITE_USERS)
    down.require()
    down.failed(Kind.WRITE_USERS, "auth0|a", time.monotonic(), LOST)
    down.require()


def test_one_user_alone_is_no_outage() -> None:
    found, long_ago = Outage(), time.monotonic() - 1000
    for _ in range(3):
        found.failed(Kind.READ_USERS, "auth0|a", long_ago, LostReplyError("no reply in time"))
    found.require()
