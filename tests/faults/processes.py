"""The program in processes of its own, over the stores of a sandbox, with settings of the test's choosing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from musicctl.store.database import Database
from tests import hints
from tests.program import Sandbox

EDITOR = "playlist editor"
LONG = 120.0
"""Seconds, for what should take a few."""


def settings(sandbox: Sandbox, *, domain: str | None = None, **others: str) -> dict[str, str]:
    """Return the environment of a profile `env` over the sandbox: others are settings by name."""
    state = sandbox.state
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("MUSICCTL_")},
        "DATABASE_URL": state.database_url,
        "AUTH0_DOMAIN": domain or state.auth0_domain,
        "AUTH0_CLIENT_ID": state.auth0_client_id,
        "AUTH0_CLIENT_SECRET": state.auth0_client_secret,
        "AUTH0_AUDIENCE": state.auth0_audience,
        **{f"MUSICCTL_{name.upper()}": value for name, value in others.items()},
    }


@contextmanager
def running(
    environment: dict[str, str], *arguments: str, module: Sequence[str] = ("musicctl",)
) -> Iterator[subprocess.Popen[str]]:
    """Run the program for the block, without a terminal; what is left of it afterwards is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", *module, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for a process and return its exit code, stdout and stderr."""
    out, err = process.communicate(timeout=LONG)
    assert "Traceback" not in err, err
    hints.check(err)
    return process.returncode, out, err


def run(environment: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    """Run the program to its end."""
    with running(environment, *arguments) as process:
        return ended(process)


def listeners(sandbox: Sandbox, count: int) -> list[str]:
    """Make users who are about to get the role, and return their ids."""
    users = [f"auth0|u{number:03}" for number in range(count)]
    for user_id in users:
        sandbox.add_user(user_id, app_metadata={"roles": ["other"]}, plays=100)
    return users


def effects(sandbox: Sandbox) -> list[tuple[str | None, object]]:
    """Return who was written, and the roles that were: the tenant's own log."""
    return [(effect.user_id, json.loads(effect.body)["app_metadata"]["roles"]) for effect in sandbox.writes()]


def expire(database: Database) -> None:
    """Let every lease run out."""
    database.run(
        lambda cursor: cursor.execute("UPDATE musicctl.lease SET expires_at = clock_timestamp()"),
        doing="expire the lease",
    )


def require_truth(sandbox: Sandbox) -> None:
    """Check that the journal claims nothing that the tenant has not done, and forgets nothing that it has."""
    done = {effect.correlation_id for effect in sandbox.writes()}
    rows = sandbox.query("SELECT run || '/' || seq, state FROM musicctl.changes")
    assert {name for name, state in rows if state == "applied"} <= done
    assert done <= {name for name, state in rows if state in {"applied", "sent", "unknown"}}


def require_free(sandbox: Sandbox) -> None:
    """Check that nobody has a lease any more."""
    assert sandbox.query("SELECT name FROM musicctl.lease WHERE NOT released") == []
