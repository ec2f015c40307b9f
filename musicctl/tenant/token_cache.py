"""Keeps an access token in the user's cache folder between runs, for the eyes of its owner alone."""

import fcntl
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from musicctl.secret import Secret

LOCK_WAIT = 20.0
"""Seconds to wait for another process that is asking for the same token; then we ask too."""

LOCK_PAUSE = 0.02
OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and when it ends, in seconds of the wall clock."""

    secret: Secret
    ends: float


class _Kept(msgspec.Struct):
    access_token: str
    expires_at: float


_kept = msgspec.json.Decoder(_Kept)


class TokenCache:
    """The place of one token. A folder that cannot be written to is no error: nothing is kept then."""

    def __init__(self, folder: Path | None, *key: str) -> None:
        """Take the folder, or None to keep nothing, and what the token was issued by, to and for."""
        name = hashlib.sha256("\0".join(key).encode()).hexdigest()[:32]
        self._path = None if folder is None else folder / "tokens" / f"{name}.json"

    def read(self) -> Token | None:
        """Return the token that is kept, ended or not; a file that others can read counts for none."""
        if self._path is None:
            return None
        try:
            content = _private(self._path)
        except OSError:
            return None
        try:
            kept = _kept.decode(content)
        except (msgspec.DecodeError, RecursionError):
            return None
        return Token(Secret(kept.access_token), kept.expires_at) if _sendable(kept.access_token) else None

    def write(self, token: Token) -> None:
        """Keep `token` in place of the old one, in one step."""
        if self._path is None:
            return
        content = msgspec.json.encode(_Kept(token.secret.reveal(), token.ends))
        fresh = self._path.with_suffix(f".{os.getpid()}.new")
        with suppress(OSError):
            _make_private(self._path.parent)
            fresh.unlink(missing_ok=True)
            try:
                _create(fresh, content)
                fresh.replace(self._path)
            finally:
                fresh.unlink(missing_ok=True)

    def forget(self) -> None:
        """Keep nothing any more."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold off every other process that wants the same token, for a while at most."""
        lock = self._locked()
        try:
            yield
        finally:
            if lock is not None:
                os.close(lock)

    def _locked(self) -> int | None:
        if self._path is None:
            return None
        try:
            _make_private(self._path.parent)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            lock = os.open(self._path.with_suffix(".lock"), flags, 0o600)
        except OSError:
            return None
        deadline = time.monotonic() + LOCK_WAIT
        while time.monotonic() < deadline:
            with suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(LOCK_PAUSE)
        return lock


def _private(path: Path) -> bytes:
    """Return the content of a file that is ours alone; raises OSError when there is none."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_mode & OTHERS or found.st_uid != os.geteuid():
            raise PermissionError
        return file.read(2**16)


def _make_private(folder: Path) -> None:
    """Make the folder, for us alone; raises OSError when it is somebody else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise PermissionError
    if folder.stat().st_mode & OTHERS:
        folder.chmod(0o700)


def _create(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _sendable(token: str) -> bool:
    """Tell whether a text can stand in a header at all."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token
