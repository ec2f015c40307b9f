"""The access token for the Management API, by client credentials: kept, renewed in time and when refused."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from musicctl.errors import ConfigError, MusicctlError
from musicctl.redaction import hide
from musicctl.secret import Secret
from musicctl.tenant import ratelimit
from musicctl.tenant.border import LostReplyError, UnreachableError, refused, speaking
from musicctl.tenant.http import Http
from musicctl.tenant.lenient_json import UNREADABLE, reader
from musicctl.tenant.outage import OutageError
from musicctl.tenant.retries import Resend
from musicctl.tenant.token_cache import Token, TokenCache, sendable

RENEW_BEFORE = 60.0
"""Seconds before its end at which a token is replaced; half its life, if that is shorter."""

LONGEST_LIFE = 30 * 86400.0
"""Seconds that Auth0 lets a token live: what is to last longer was kept under a wrong clock."""

DOING = "get an access token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The machine-to-machine application: who we are, and for which API. One of secret and key is set."""

    client_id: str
    audience: str
    client_secret: Secret | None = None
    private_key: Secret | None = None


class _Issued(msgspec.Struct):
    access_token: str
    expires_in: float


_issued = reader(_Issued)


class TokenSource:
    """Hands out a valid token to any thread; asks the tenant when neither we nor the cache have one."""

    def __init__(self, base_url: str, credentials: Credentials, http: Http, cache: Path | None) -> None:
        self._base_url = base_url
        self._credentials = credentials
        self._http = http
        kind = "secret" if credentials.private_key is None else "key"
        self._cache = TokenCache(cache, base_url, credentials.client_id, credentials.audience, kind)
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._renew_at = 0.0
        self._renewed_at: float | None = None
        self._down: OutageError | None = None
        self._down_at = 0.0

    @property
    def at_hand(self) -> bool:
        """Tell whether there is a token that need not be waited for."""
        return self._token is not None and time.time() < self._renew_at

    def __call__(self) -> str:
        """Return the token; raises DeniedError when the tenant refuses the credentials."""
        with self._turn():
            if self._token is None or time.time() >= self._renew_at:
                self._get(refused_one=None)
            assert self._token is not None
            return self._token.secret.reveal()

    def renew(self, used: str) -> bool:
        """Replace the token `used`, which the tenant refused; False when one was a minute ago.

        A token that was asked for because another was refused, and is refused too, stays: asking on and on
        helps nobody.
        """
        with self._turn():
            if self._token is not None and self._token.secret.reveal() != used:
                return True  # another thread was faster
            now = time.monotonic()
            if self._renewed_at is not None and now < self._renewed_at + RENEW_BEFORE:
                return False
            self._get(refused_one=used)
            self._renewed_at = now
            return True

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let one thread after another ask; who waited for one that had no answer would have none either."""
        since = time.monotonic()
        with self._lock:
            if self._down is not None and self._down_at >= since:
                raise self._down
            yield

    def _get(self, *, refused_one: str | None) -> None:
        """Take the token from the cache, unless it is the refused one, or ask; one process at a time asks."""
        if self._take(refused_one):
            return
        with self._cache.alone():
            if self._take(refused_one):
                return
            self._cache.forget()
            token, lifetime = self._ask()
            self._keep(token, lifetime)
            self._cache.write(token)

    def _take(self, refused_one: str | None) -> bool:
        kept, now = self._cache.read(), time.time()
        if kept is None or kept.secret.reveal() == refused_one:
            return False
        if not now + RENEW_BEFORE < kept.ends <= now + LONGEST_LIFE:
            return False
        self._keep(kept, kept.ends - now)
        return True

    def _keep(self, token: Token, lifetime: float) -> None:
        self._token, self._down = token, None
        self._renew_at = token.ends - min(RENEW_BEFORE, lifetime / 2)

    def _ask(self) -> tuple[Token, float]:
        try:
            issued = self._http.persistently(self._post, Resend.ALWAYS)
        except (UnreachableError, LostReplyError) as error:
            # Patience has ended: who needed the token would begin it once more.
            self._down, self._down_at = OutageError.of(error), time.monotonic()
            raise self._down from None
        return Token(Secret(issued.access_token), time.time() + issued.expires_in), issued.expires_in

    def _post(self) -> _Issued:
        request = self._request()
        with speaking(DOING, self._base_url):
            reply = self._http.client.post(f"{self._base_url}/oauth/token", json=request)
        if reply.status_code != 200:
            wait = ratelimit.read(reply.headers).wait
            raise refused(reply, reply.content, DOING, self._base_url, wait=wait)
        return self._read(reply.content)

    def _read(self, body: bytes) -> _Issued:
        try:
            issued = _issued(body)
            if not sendable(issued.access_token):
                raise msgspec.ValidationError
        except UNREADABLE as error:
            is_json = isinstance(error, msgspec.ValidationError) and body.lstrip().startswith(b"{")
            kind, sent = (
                (MusicctlError, "without a token") if is_json else (LostReplyError, "that is not JSON")
            )
            raise kind(
                f"could not {DOING}: {self._base_url} sent a reply {sent}", hint="check auth0_domain"
            ) from None
        return issued

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
        assertion = jwt.encode(claims, private_key.reveal(), algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        raise ConfigError(
            "auth0_private_key is not an RSA private key in PEM form", hint="give the file as file:PATH"
        ) from None
    hide(assertion)
    return assertion
