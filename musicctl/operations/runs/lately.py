"""The order in which a run tries its changes: whoever could not be changed in the last runs comes last."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from musicctl.policy import turns
from musicctl.policy.turns import Grouped
from musicctl.store import lately
from musicctl.store.database import Database
from musicctl.store.journal import NewRun

C = TypeVar("C", bound=Grouped)


def in_turn(database: Database, changes: Sequence[C], new: NewRun, say: Callable[[str], None]) -> Sequence[C]:
    """Return the changes of a new run in the order to try them in; `say` is told who goes last."""
    if not changes:
        return changes
    late = lately.failed(database, command=new.command, role=new.role)
    if told := turns.said(turns.goes_last(changes, late)):
        say(told)
    return turns.in_turn(changes, late)
