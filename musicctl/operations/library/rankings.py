"""Listeners by their plays: those with the most, and those who are about to cross the bar."""

from collections.abc import Callable
from typing import TypeVar

from musicctl.operations.question import Question
from musicctl.store import rankings
from musicctl.store.database import Database
from musicctl.store.streaming import Rows

TOP_COLUMNS = rankings.TOP_COLUMNS
NEAR_COLUMNS = rankings.NEAR_COLUMNS
T = TypeVar("T")


def top(database: Database, question: Question, *, limit: int, use: Callable[[Rows], T]) -> T:
    """Return what `use` makes of the listeners with the most plays, rows of TOP_COLUMNS."""
    return rankings.top(database, question.plays_query, limit=limit, use=use)


def near(database: Database, question: Question, *, within: int, use: Callable[[Rows], T]) -> T:
    """Return what `use` makes of those at most `within` plays from the bar, rows of NEAR_COLUMNS."""
    return rankings.near(
        database, question.plays_query, threshold=question.rule.threshold, within=within, use=use
    )
