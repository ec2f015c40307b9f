"""Finds what imports left in the schema musicctl when they were killed, and removes it."""

from musicctl.operations.runs.lease import is_gone, this_process
from musicctl.store import leftovers
from musicctl.store.database import Database
from musicctl.store.leftovers import Staged


def clear(database: Database, actor: str) -> None:
    """Remove the staging tables of imports of ours whose process has ended, and those that are a day old."""
    names = [each.name for each in leftovers.find(database) if each.ours and _is_left(each, actor)]
    if names:
        leftovers.drop(database, names)


def warnings(database: Database, actor: str) -> list[str]:
    """Say which staging tables are left, and what removes them."""
    return [_said(each) for each in leftovers.find(database) if each.process is None or _is_left(each, actor)]


def _is_left(staged: Staged, actor: str) -> bool:
    if staged.process is None:
        return False
    return staged.old or is_gone(staged.process, this_process(actor))


def _said(staged: Staged) -> str:
    table = f"warning: the table musicctl.{staged.name} is left from an import"
    if staged.process is None:
        return f"{table} that nobody knows; {staged.owner} may drop it"
    whose = f"{table} by {staged.process.holder} that was cut off"
    return f"{whose}; the next import as {staged.owner} removes it"
