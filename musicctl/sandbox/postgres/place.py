"""Where a cluster lives: in the sandbox's folder, or in a temporary folder that lasts where it must."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from musicctl.errors import ConfigError
from musicctl.sandbox.postgres.account import can_enter, owns
from musicctl.sandbox.process import Account
from musicctl.settings.sandbox_state import POSTGRES_SOCKET

NAME = "musicctl"
"""The role that owns the database of the same name; it is no superuser, `postgres` is."""

PORT = 5432
INSIDE = "postgres"
"""The cluster's folder in the sandbox's, where it can be there."""

SOCKET_PATH_LIMIT = 104
"""Bytes of a socket's path with its closing zero: 104 on macOS and the BSDs, 108 on Linux."""

SYSTEM_FOLDERS = ("/tmp", "/var/tmp")  # noqa: S108 -- what is made there is made by mkdtemp
LASTING = ("/var/tmp", "/tmp")  # noqa: S108 -- as above; the first one outlives a restart of the machine


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of a cluster (its data, its log) and the folder of its socket, often the same."""

    folder: Path
    socket: Path

    def url(self, database: str = NAME, user: str = NAME) -> str:
        """Return the URL of a database; the user `postgres` may create and drop others."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket), safe='')}&port={PORT}"

    def outside(self, sandbox: Path) -> list[Path]:
        """Return those of the two that lie outside the sandbox's folder."""
        return [path for path in sorted({self.folder, self.socket}) if not path.is_relative_to(sandbox)]


def choose(sandbox: Path, account: Account | None, recorded: Place | None) -> Place:
    """Return where the cluster of the sandbox lives, keeping to what is recorded as long as it is there.

    The folders exist afterwards, belong to the server's account, and nobody else may enter them.
    """
    folder = _folder(sandbox, account, recorded)
    if _fits(folder):
        return Place(folder, folder)
    if recorded and recorded.socket != recorded.folder and owns(account, recorded.socket):
        return Place(folder, recorded.socket)
    return Place(folder, temporary(account))


def temporary(account: Account | None, parent: Path | None = None) -> Path:
    """Make a folder of the account's in `parent`, else in the system's temporary folder.

    Raises ConfigError when the account can enter none, or a socket's path in it would be too long.
    """
    return _made(account, (str(parent or tempfile.gettempdir()), *SYSTEM_FOLDERS))


def lasting(account: Account) -> Path:
    """Make a folder of the account's for data to keep: /var/tmp lasts, but one that TMPDIR names is kept to.

    Raises ConfigError as `temporary` does.
    """
    named = tempfile.gettempdir()
    return _made(account, LASTING if named in SYSTEM_FOLDERS else (named, *LASTING))


def _made(account: Account | None, candidates: Sequence[str]) -> Path:
    for candidate in candidates:
        if account is None or can_enter(account, Path(candidate)):
            folder = Path(tempfile.mkdtemp(prefix="musicctl-", dir=candidate)).resolve()
            if _fits(folder):
                return _handed_over(folder, account)
            folder.rmdir()
    raise ConfigError(
        "no temporary folder will do for the sandbox's Postgres",
        hint="set TMPDIR to a short path that everyone may enter",
    )


def _folder(sandbox: Path, account: Account | None, recorded: Place | None) -> Path:
    if account is None or can_enter(account, sandbox):
        folder = sandbox / INSIDE
        folder.mkdir(mode=0o700, exist_ok=True)
        if account is None and not owns(None, folder):
            raise ConfigError(
                f"{folder} is a link, another account's, or open to others", hint=f"remove it: rm -r {folder}"
            )
        return _handed_over(folder, account)
    if recorded and owns(account, recorded.folder):
        return recorded.folder
    return lasting(account)


def _handed_over(folder: Path, account: Account | None) -> Path:
    if account is not None:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    return folder


def _fits(folder: Path) -> bool:
    """Tell whether a socket's path fits the system's limit; libpq takes a comma for the next host's name."""
    return len(os.fsencode(folder / POSTGRES_SOCKET)) < SOCKET_PATH_LIMIT and "," not in str(folder)
