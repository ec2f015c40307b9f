"""Access tokens: issued and checked with the tenant's keys, by RS256."""

import time
from collections.abc import Mapping
from typing import Any

import jwt
from jwt.algorithms import RSAAlgorithm
from jwt.types import Options

from musicctl.sandbox.local_tenant import keys, refusals
from musicctl.sandbox.local_tenant.keys import KeyPair
from musicctl.sandbox.local_tenant.storage import Storage
from musicctl.settings.sandbox_state import SandboxState

EXPIRED = "Expired token received for JSON Web Token validation"
BAD_SIGNATURE = "Invalid signature received for JSON Web Token validation"
REMEMBERED = 64
"""Tokens whose signature was found good; checking one again would cost a fifth of a request."""


class Signer:
    """Signs and checks with the keys in storage as they are at that moment."""

    def __init__(self, storage: Storage, state: SandboxState) -> None:
        self._storage = storage
        self._client_id = state.auth0_client_id
        self._audience = state.auth0_audience
        self.issuer = f"http://127.0.0.1:{state.port}/"
        self._good: dict[str, tuple[float, frozenset[str]]] = {}
        self._versions: tuple[int, ...] = ()
        self._kept: tuple[KeyPair, ...] = keys.pairs(storage)

    def issue(self, scopes: str, lifetime: int) -> str:
        """Return an access token for the sandbox's client, good for `lifetime` seconds."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": f"{self._client_id}@clients",
            "aud": self._audience,
            "iat": now,
            "exp": now + lifetime,
            "scope": scopes,
            "gty": "client-credentials",
            "azp": self._client_id,
        }
        return self.sign(claims)

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return a token with these claims and no others."""
        key = self._pairs()[0]
        return jwt.encode(dict(claims), key.private, algorithm="RS256", headers={"kid": key.kid})

    def key_set(self) -> dict[str, object]:
        """Return the public keys as a JSON Web Key Set, the one that signs first."""
        return {"keys": [_shown(pair) for pair in self._pairs()]}

    def scopes_of(self, header: str | None) -> frozenset[str]:
        """Return the scopes that an Authorization header carries; refuses it as Auth0 does."""
        token = _bearer(header)
        pairs = self._pairs()
        ends, scopes = self._good.get(token) or self._checked(token, pairs)
        if ends <= time.time():
            raise refusals.unauthorized(EXPIRED)
        return scopes

    def _pairs(self) -> tuple[KeyPair, ...]:
        """Return the keys, read anew when another process has changed them."""
        found = keys.versions(self._storage)
        if found != self._versions:
            self._good.clear()
            self._kept = keys.pairs(self._storage)
            self._versions = found
        return self._kept

    def _checked(self, token: str, pairs: tuple[KeyPair, ...]) -> tuple[float, frozenset[str]]:
        claims = self._claims(token, pairs)
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if self._audience not in audiences:
            raise refusals.unauthorized(f"Bad audience: {', '.join(map(str, audiences))}")
        found = float(claims["exp"]), frozenset(str(claims.get("scope", "")).split())
        if len(self._good) >= REMEMBERED:
            self._good.clear()
        self._good[token] = found
        return found

    def _claims(self, token: str, pairs: tuple[KeyPair, ...]) -> dict[str, Any]:
        """Return the claims of a token of ours; its audience, which the refusal names, is the caller's."""
        options: Options = {"require": ["exp", "aud"], "verify_aud": False}
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            # A key that nobody knows has not signed anything of ours.
            key = next((pair for pair in pairs if pair.kid == kid), pairs[0]).public
            return jwt.decode(token, key, algorithms=["RS256"], issuer=self.issuer, options=options)
        except jwt.InvalidSignatureError:
            raise refusals.unauthorized(BAD_SIGNATURE) from None
        except jwt.ExpiredSignatureError:
            raise refusals.unauthorized(EXPIRED) from None
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            raise refusals.unauthorized("Invalid token") from None


def _shown(pair: KeyPair) -> dict[str, object]:
    key = RSAAlgorithm.to_jwk(pair.public, as_dict=True)
    shown = {"kty": key["kty"], "use": "sig", "n": key["n"], "e": key["e"]}
    return {**shown, "kid": pair.kid, "alg": "RS256"}


def _bearer(header: str | None) -> str:
    parts = (header or "").split()
    if not parts:
        raise refusals.no_token()
    if len(parts) != 2:
        raise refusals.malformed_token()
    if parts[0].lower() != "bearer":
        raise refusals.no_token()
    if parts[1].count(".") != 2 or not parts[1].isascii():
        raise refusals.malformed_token()
    return parts[1]
