"""Users' passwords: those that were set over the API, salted and hashed, and one for all the others."""

import hashlib
import hmac
import secrets

from musicctl.sandbox.local_tenant.storage import Storage

COMMON = "sandbox-password"
"""The password of every user who was given none: the sandbox's users protect nothing."""

COST = 1 << 12
"""Of scrypt, a quarter of what is usual: a server that does one thing at a time has to wait for it."""


def keep(storage: Storage, user_id: str, password: object) -> None:
    """Set a user's password; anything but text changes nothing."""
    if isinstance(password, str):
        salt = secrets.token_bytes(16)
        kept = "INSERT OR REPLACE INTO passwords (user_id, salt, hash) VALUES (?, ?, ?)"
        storage.write(kept, user_id, salt, _hash(password, salt))


def forget(storage: Storage, user_id: str) -> None:
    """Drop the password of a user who is gone."""
    storage.write("DELETE FROM passwords WHERE user_id = ?", user_id)


def fits(storage: Storage, user_id: str, given: str) -> bool:
    """Tell whether this is the user's password."""
    found = storage.rows("SELECT salt, hash FROM passwords WHERE user_id = ?", user_id)
    if not found:
        return given == COMMON
    salt, wanted = found[0]
    return hmac.compare_digest(_hash(given, salt), wanted)


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(errors="surrogatepass"), salt=salt, n=COST, r=8, p=1)
