"""The tenant's signing key: access tokens are issued and checked here, by RS256."""

import hashlib
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm
from jwt.types import Options

from musicctl.sandbox.local_tenant import refusals
from musicctl.sandbox.local_tenant.storage import Storage
from musicctl.settings.sandbox_state import SandboxState

KEY = "signing-key"
EXPIRED = "Expired token received for JSON Web Token validation"
BAD_SIGNATURE = "Invalid signature received for JSON Web Token validation"
REMEMBERED = 64
"""Tokens whose signature was found good; checking one again would cost a fifth of a request."""


class Signer:
    """Signs and checks with the key pair in storage, which is made at first use."""

    def __init__(self, storage: Storage, state: SandboxState) -> None:
        self._private = _private_key(storage.document(KEY, _new_key))
        self._public = self._private.public_key()
        self._client_id = state.auth0_client_id
        self._audience = state.auth0_audience
        self._issuer = f"http://127.0.0.1:{state.port}/"
        self._good: dict[str, tuple[float, frozenset[str]]] = {}

    def issue(self, scopes: str, lifetime: int) -> str:
        """Return an access token for the sandbox's client, good for `lifetime` seconds."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "sub": f"{self._client_id}@clients",
            "aud": self._audience,
            "iat": now,
            "exp": now + lifetime,
            "scope": scopes,
            "gty": "client-credentials",
            "azp": self._client_id,
        }
        return jwt.encode(claims, self._private, algorithm="RS256", headers={"kid": self.kid})

    def key_set(self) -> dict[str, object]:
        """Return the public key as a JSON Web Key Set."""
        key = RSAAlgorithm.to_jwk(self._public, as_dict=True)
        shown = {"kty": key["kty"], "use": "sig", "n": key["n"], "e": key["e"]}
        return {"keys": [{**shown, "kid": self.kid, "alg": "RS256"}]}

    @property
    def kid(self) -> str:
        """The key's name: the start of the hash of its public half."""
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        public = self._public.public_bytes(serialization.Encoding.DER, kind)
        return hashlib.sha256(public).hexdigest()[:24]

    def scopes_of(self, header: str | None) -> frozenset[str]:
        """Return the scopes that an Authorization header carries; refuses it as Auth0 does."""
        token = _bearer(header)
        ends, scopes = self._good.get(token) or self._checked(token)
        if ends <= time.time():
            raise refusals.unauthorized(EXPIRED)
        return scopes

    def _checked(self, token: str) -> tuple[float, frozenset[str]]:
        claims = self._claims(token)
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if self._audience not in audiences:
            raise refusals.unauthorized(f"Bad audience: {', '.join(map(str, audiences))}")
        found = float(claims["exp"]), frozenset(str(claims.get("scope", "")).split())
        if len(self._good) >= REMEMBERED:
            self._good.clear()
        self._good[token] = found
        return found

    def _claims(self, token: str) -> dict[str, Any]:
        """Return the claims of a token of ours; its audience, which the refusal names, is the caller's."""
        options: Options = {"require": ["exp", "aud"], "verify_aud": False}
        try:
            return jwt.decode(token, self._public, algorithms=["RS256"], issuer=self._issuer, options=options)
        except jwt.InvalidSignatureError:
            raise refusals.unauthorized(BAD_SIGNATURE) from None
        except jwt.ExpiredSignatureError:
            raise refusals.unauthorized(EXPIRED) from None
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            raise refusals.unauthorized("Invalid token") from None


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


def _new_key() -> str:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _private_key(text: str) -> RSAPrivateKey:
    key = serialization.load_pem_private_key(text.encode(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key
