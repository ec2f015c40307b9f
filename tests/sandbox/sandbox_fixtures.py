"""What the tests of a whole sandbox share."""

from pathlib import Path

from musicctl.sandbox.postgres import cluster
from musicctl.settings import sandbox_state
from musicctl.settings.sandbox_state import SandboxState
from tests.program import query


def hush(text: str) -> None:
    """Take what the sandbox says about its work, where a test does not ask for it."""


def ask(state: SandboxState, sql: str) -> list[tuple[object, ...]]:
    """Run one statement in the sandbox's database and return its rows."""
    return query(state.database_url, sql)


def data(state: SandboxState) -> Path:
    [found] = cluster.data_folders(Path(state.cluster))
    return found


def is_up(home: Path) -> bool:
    return sandbox_state.is_up(home, sandbox_state.read(home))
