"""The access token for the Management API, by client credentials, kept until a minute before it ends."""

import secrets
import threading
import time
from dataclasses import dataclass

from musicctl.errors import ConfigError, MusicctlError
from musicctl.secret import Secret
from musicctl.tenant.http import Http
from musicctl.tenant.speaking import refused, speaking

RENEW_BEFORE = 60.0
"""Seconds before its end at which a token is replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The machine-to-machine application: who we are, and for which API. One of secret and key is set."""

    client_id: str
    audience: str
    client_secret: Secret | None = None
    private_key: Secret | None = None


class TokenSource:
    """Hands out a valid token to any thread; asks the tenant for one when there is none."""

    def __init__(self, base_url: str, credentials: Credentials, http: Http) -> None:
        self._base_url = base_url
        self._credentials = credentials
        self._http = http
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._ends = 0.0

    def __call__(self) -> str:
        """Return the token; raises DeniedError when the tenant refuses the credentials."""
        with self._lock:
            if self._token is None or time.monotonic() >= self._ends - RENEW_BEFORE:
                self._token, lifetime = self._ask()
                self._ends = time.monotonic() + lifetime
            return self._token.reveal()

    def _ask(self) -> tuple[Secret, float]:
        doing = "get an access token"
        with speaking(doing, self._base_url):
            reply = self._http.client.post(f"{self._base_url}/oauth/token", json=self._request())
        try:
            body = reply.json()
        except ValueError:
            body = reply.text
        if reply.status_code != 200:
            raise refused(reply.status_code, body, doing, self._base_url)
        try:
            return Secret(str(body["access_token"])), float(body["expires_in"])
        except (TypeError, KeyError, ValueError):
            raise MusicctlError(
                f"could not {doing}: {self._base_url} sent a reply without a token",
                hint="check auth0_domain",
            ) from None

    def _request(self) -> dict[str, str]:
        request = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "audience": self._credentials.audience,
        }
        if self._credentials.private_key is not None:
            return request | self._assertion(self._credentials.private_key)
        assert self._credentials.client_secret is not None
        return request | {"client_secret": self._credentials.client_secret.reveal()}

    def _assertion(self, private_key: Secret) -> dict[str, str]:
        """Sign who we are, as RFC 7523 has it; Auth0 takes the tenant's URL with a slash as audience."""
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": self._credentials.client_id,
            "sub": self._credentials.client_id,
            "aud": f"{self._base_url}/",
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_urlsafe(24),
        }
        return {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": _signed(claims, private_key),
        }


def _signed(claims: dict[str, object], private_key: Secret) -> str:
    import jwt

    try:
        return jwt.encode(claims, private_key.reveal(), algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        raise ConfigError(
            "auth0_private_key is not an RSA private key in PEM form", hint="give the file as file:PATH"
        ) from None
