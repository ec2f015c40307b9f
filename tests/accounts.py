"""Other accounts of this machine, for what they may plant: files given to them, and code run as them."""

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

NOBODY = pwd.getpwnam("nobody").pw_uid
ONLY_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away and becomes another")


def given_away(path: Path, uid: int = NOBODY) -> Path:
    """Give a file, or a link itself, to another account."""
    os.chown(path, uid, uid, follow_symlinks=False)
    return path


def as_account(work: Callable[[], None], uid: int = NOBODY) -> int:
    """Do something in a process of another account, and return its exit code: 0 when nothing was raised."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
        work()
        code = 0
    finally:
        os._exit(code)
