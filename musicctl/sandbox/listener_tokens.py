"""Listeners' tokens in the sandbox: signed with its tenant's own key, as a login there would."""

from collections.abc import Mapping
from pathlib import Path


def sign(folder: Path, claims: Mapping[str, object]) -> str:
    """Return a token with these claims, signed by RS256 with the key of the tenant in `folder`."""
    import jwt

    from musicctl.sandbox.local_tenant import keys
    from musicctl.sandbox.local_tenant.storage import STATE_FILE, Storage

    with Storage.open(folder / STATE_FILE) as storage:
        pair = keys.pairs(storage)[0]
    return jwt.encode(dict(claims), pair.private, algorithm="RS256", headers={"kid": pair.kid})
