"""Who holds a role, as the mirror has it."""

import math
from collections.abc import Callable
from typing import TypeVar

from musicctl.operations import mirror as mirrors
from musicctl.operations.question import Question
from musicctl.store import holders, mirror
from musicctl.store.database import Database
from musicctl.store.streaming import Rows
from musicctl.tenant.client import Tenant

COLUMNS = holders.COLUMNS
T = TypeVar("T")


def each(
    database: Database,
    domain: str,
    tenant: Callable[[], Tenant],
    question: Question,
    *,
    role: str | None,
    use: Callable[[Rows], T],
    say: Callable[[str], None],
) -> T:
    """Return what `use` makes of the holders of `role`, by default the rule's, as rows of COLUMNS.

    The tenant, whose base URL is `domain`, is asked only when the mirror was never filled.
    """
    state = mirror.claim(database, domain)
    if state.as_of is None:
        mirrors.fresh(database, tenant(), max_age=math.inf, refresh=False, actor=question.actor, say=say)
    else:
        say(f"the tenant as of {state.as_of:%Y-%m-%d %H:%M %Z}")
    return holders.each(database, question.plays_query, role=role or question.rule.role, use=use)
