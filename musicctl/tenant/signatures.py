"""Signatures of listeners' tokens: by the tenant's keys (RS256) or by an application's secret (HS256)."""

import base64
import binascii
from collections.abc import Mapping

from musicctl.errors import ConfigError
from musicctl.secret import Secret

SHORTEST_SECRET = 32
"""Bytes, as RFC 7518 3.2 has it for HS256."""


def signed_by_key(token: str, key: Mapping[str, object]) -> bool:
    """Tell whether an RSA key, as a JSON Web Key, has signed this token by RS256."""
    from jwt import PyJWTError
    from jwt.algorithms import RSAAlgorithm

    # Of the key only what makes it a public one: what else stands there must not choose anything.
    public = {"kty": "RSA", "n": str(key.get("n")), "e": str(key.get("e"))}
    try:
        # PyJWT 2.15 lets errors of base64 and of cryptography out as they are.
        return _is_signed(token, RSAAlgorithm.from_jwk(public), "RS256")
    except (PyJWTError, ValueError, TypeError):
        return False


class SharedSecret:
    """An application's client secret, which signs and verifies by HS256."""

    __slots__ = ("_key",)

    def __init__(self, secret: Secret, *, base64url: bool) -> None:
        """Take the setting as it is; raises ConfigError when it should be base64url and is not."""
        self._key = _from_base64url(secret) if base64url else secret.reveal().encode()

    def unfit(self) -> str | None:
        """Say why this is no secret to sign with, or None when it is one."""
        from jwt import InvalidKeyError
        from jwt.algorithms import HMACAlgorithm

        if len(self._key) < SHORTEST_SECRET:
            return f"token_secret has {len(self._key)} bytes, and HS256 needs {SHORTEST_SECRET} at least"
        try:
            HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(self._key)
        except InvalidKeyError:
            return "token_secret is a public key or a certificate, which everybody knows"
        return None

    def signed(self, token: str) -> bool:
        """Tell whether a fit secret has signed this token by HS256."""
        from jwt import PyJWTError

        try:
            return _is_signed(token, self._key, "HS256")
        except (PyJWTError, ValueError, TypeError):
            return False

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return a token with these claims; raises ConfigError when the secret is not fit."""
        import jwt

        unfit = self.unfit()
        if unfit is not None:
            raise ConfigError(unfit, hint="set token_secret to the application's client secret")
        return jwt.encode(dict(claims), self._key, algorithm="HS256")


def _is_signed(token: str, key: object, algorithm: str) -> bool:
    from jwt import PyJWS

    PyJWS().decode_complete(token, key, algorithms=[algorithm])  # type: ignore[arg-type]
    return True


def _from_base64url(secret: Secret) -> bytes:
    text = secret.reveal().strip().rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ConfigError(
            "token_secret is not base64url, as token_secret_base64 says it is",
            hint="unset token_secret_base64: only old applications' secrets are base64url",
        ) from None
