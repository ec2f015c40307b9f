"""A sandbox of its own for each run of the benchmarks, in a temporary folder that is removed."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from musicctl.sandbox import lifecycle
from musicctl.settings.sandbox_state import SandboxState


@dataclass(frozen=True, slots=True)
class World:
    """A running sandbox, the environment that leads commands to it alone, and how often to measure."""

    state: SandboxState
    environment: Mapping[str, str]
    rounds: int

    @property
    def folder(self) -> Path:
        """The sandbox's folder."""
        return Path(self.environment["MUSICCTL_SANDBOX"])

    def token(self) -> str:
        """Return a new access token for the tenant's API, as the sandbox's own application gets it."""
        state = self.state
        asked = {
            "grant_type": "client_credentials",
            "client_id": state.auth0_client_id,
            "client_secret": state.auth0_client_secret,
            "audience": state.auth0_audience,
        }
        reply = httpx.post(f"{state.auth0_domain}/oauth/token", json=asked).raise_for_status()
        return str(reply.json()["access_token"])

    def profile(self, domain: str | None = None, **settings: str) -> dict[str, str]:
        """Return the environment of a profile over the sandbox's database and tenant, or another."""
        state = self.state
        return {
            **self.environment,
            "MUSICCTL_PROFILE": "env",
            "DATABASE_URL": state.database_url,
            "AUTH0_DOMAIN": domain or state.auth0_domain,
            "AUTH0_CLIENT_ID": state.auth0_client_id,
            "AUTH0_CLIENT_SECRET": state.auth0_client_secret,
            "AUTH0_AUDIENCE": state.auth0_audience,
            **{f"MUSICCTL_{name.upper()}": value for name, value in settings.items()},
        }


@contextmanager
def world(rounds: int) -> Iterator[World]:
    """Bring a sandbox up in a temporary folder; afterwards no process and no file of it is left."""
    home = Path(tempfile.mkdtemp(prefix="musicctl-bench-"))
    folder = home / "sandbox"
    try:
        state = lifecycle.up(folder, lambda _line: None)
        yield World(state, _environment(home, folder), rounds)
    finally:
        lifecycle.remove(folder, lambda _line: None)
        shutil.rmtree(home)


def _environment(home: Path, folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return kept | {"HOME": str(home), "MUSICCTL_SANDBOX": str(folder), "MUSICCTL_PROFILE": "sandbox"}
