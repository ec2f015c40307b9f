"""Keeps an access token in the user's cache folder between runs, for the eyes of its owner alone."""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from musicctl.secret import Secret
from musicctl.tenant import private_file
from musicctl.tenant.lenient_json import UNREADABLE, reader

LOCK_WAIT = 20.0
"""Seconds to wait for another process that is asking for the same token; then we ask too."""

LOCK_PAUSE = 0.02
LARGEST = 2**16
"""Bytes that are read of a token; none is that long."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and when it ends, in seconds of the wall clock."""

    secret: Secret
    ends: float


class _Kept(msgspec.Struct):
    access_token: str
    expires_at: float


_kept = reader(_Kept)


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
            kept = _kept(private_file.read(self._path, LARGEST) or b"")
        except UNREADABLE:
            return None
        return Token(Secret(kept.access_token), kept.expires_at) if sendable(kept.access_token) else None

    def write(self, token: Token) -> None:
        """Keep `token` in place of the old one, in one step."""
        if self._path is None:
            return
        private_file.write(self._path, msgspec.json.encode(_Kept(token.secret.reveal(), token.ends)))

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
            private_file.make_folder(self._path.parent)
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


def sendable(token: str) -> bool:
    """Tell whether a text can stand in a header at all."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token
