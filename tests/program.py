"""The program as tests run it, and a sandbox to run it on."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from musicctl.cli import main
from musicctl.sandbox.local_tenant.records import Effect, NewUser
from musicctl.sandbox.local_tenant.storage import Storage
from musicctl.settings import sandbox_state
from musicctl.settings.sandbox_state import SandboxState
from tests import hints


@dataclass(frozen=True)
class Ended:
    """How one command ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The JSON error on the last line of stderr."""
        return json.loads(self.err.splitlines()[-1])["error"]


class Program:
    """Runs commands through `main`, as the script does."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Ended:
        self._capsys.readouterr()
        code = main(arguments)
        written = self._capsys.readouterr()
        assert "Traceback" not in written.err, written.err
        hints.check(written.err)
        return Ended(code, written.out, written.err)


@dataclass(frozen=True)
class Sandbox:
    """Both stores of a running sandbox, to prepare and to look into behind the program's back."""

    state: SandboxState
    tenant: Storage

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator["Sandbox"]:
        state = sandbox_state.read(folder)
        assert state is not None
        with Storage.open(folder / "tenant.sqlite") as tenant:
            yield cls(state, tenant)

    def clear(self) -> None:
        """Empty both stores."""
        self.tenant.clear()
        self.query(
            "TRUNCATE songs, artists, playlists, user_data, musicctl.tenant_users, musicctl.plans,"
            " musicctl.mirror, musicctl.runs, musicctl.changes, musicctl.lease, musicctl.holds,"
            " musicctl.pins, musicctl.missing"
        )

    def query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run one statement in the sandbox's Postgres."""
        return query(self.state.database_url, sql, parameters)

    def add_user(
        self,
        user_id: str,
        *,
        plays: int | None = None,
        app_metadata: object = None,
        user_metadata: object = None,
    ) -> None:
        """Make a user of the tenant, with a playlist of so many plays."""

        def text(value: object) -> str | None:
            return None if value is None else json.dumps(value)

        email = f"{user_id.partition('|')[2]}@example.com"
        user = NewUser(user_id, email, text(app_metadata), text(user_metadata))
        self.tenant.add_missing_users([user])
        if plays is not None:
            self.set_plays(user_id, plays)

    def set_plays(self, user_id: str, plays: int) -> None:
        """Give a user one playlist with so many plays."""
        self.query("DELETE FROM playlists WHERE user_id = %s", user_id)
        self.query("INSERT INTO playlists VALUES (%s, %s, 'Mix', %s)", f"of {user_id}", user_id, plays)

    def profile(self, user_id: str) -> dict[str, Any]:
        """Return a user as the tenant keeps it: `app_metadata` and `user_metadata`, decoded."""
        user = self.tenant.get_user(user_id)
        assert user is not None
        return {
            "app_metadata": json.loads(user.app_metadata or "null"),
            "user_metadata": json.loads(user.user_metadata or "null"),
            "root": user.root,
            "email": user.email,
        }

    def roles(self, user_id: str) -> Any:
        """Return what stands under `roles` in a user's app_metadata."""
        return (self.profile(user_id)["app_metadata"] or {}).get("roles")

    def writes(self) -> list[Effect]:
        """Return the writes that took effect over HTTP: the tenant's own log."""
        return self.tenant.effects()

    def requests(self) -> list[str]:
        """Return the requests that the tenant answered, as method and path."""
        return [f"{request.method} {request.path}" for request in self.tenant.requests()]


def query(url: str, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
    """Run SQL in a transaction of its own and return the rows, if there are any."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall() if cursor.description else []
