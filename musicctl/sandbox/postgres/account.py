"""The account that Postgres runs under, since the server refuses root, and what that account may enter."""

import os
import pwd
from contextlib import suppress
from pathlib import Path

from musicctl.errors import ConfigError
from musicctl.sandbox import process
from musicctl.sandbox.process import Account

NAMES = ("postgres", "nobody")
"""initdb wants an account that has a name."""


def server_account() -> Account | None:
    """Return the account to run Postgres under, or None when that is the one we have.

    Raises ConfigError when we are root and no account will do, as in a container with a single user id.
    """
    if os.geteuid() != 0:
        return None
    for name in NAMES:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            account = Account(name, entry.pw_uid, entry.pw_gid)
            if can_enter(account, Path("/")):
                return account
    raise ConfigError(
        f"Postgres does not run as root, and the accounts {' and '.join(NAMES)} cannot be used here",
        hint="run musicctl as an ordinary user",
    )


def can_enter(account: Account, folder: Path) -> bool:
    """Tell whether the account can really enter `folder`: mode bits say little about lists and namespaces."""
    try:
        return process.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], account).returncode == 0
    except OSError:
        return False


def owns(account: Account | None, folder: Path) -> bool:
    """Tell whether `folder` is a real folder of the account (None: of ours) that nobody else may enter.

    A folder in the system's temporary folder may have been cleared away and made again by a stranger.
    """
    try:
        found = folder.lstat()
    except OSError:
        return False
    owner = os.geteuid() if account is None else account.uid
    return (found.st_mode & 0o170777) == 0o040700 and found.st_uid == owner
