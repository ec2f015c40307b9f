"""Listeners' tokens: verified as the app's API should, shown unverified, and issued for tests of that API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from musicctl.errors import RefusedError, UsageError
from musicctl.operations.roles.held import list_roles
from musicctl.policy import claims as policy
from musicctl.policy import jws
from musicctl.policy.claims import Expected
from musicctl.policy.jws import Token
from musicctl.tenant.user_ids import checked

if TYPE_CHECKING:
    from musicctl.secret import Secret
    from musicctl.tenant.client import Tenant

LONGEST_LIFE = 600 * 60
"""Seconds: as long as the old Rule's tokens lived."""

NO_LISTENER = "the token is not a listener's"
FORM = "a token is three parts in base64url with dots between them, and nothing else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose tokens are taken; `signature_reasons` says what speaks against a token's signature.

    `namespace` is what the roles claim is called before `/roles`, None when nobody said.
    """

    expected: Expected
    namespace: str | None
    signature_reasons: Callable[[Token], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of a token: every reason against it, or who it is, what it carries and when it ends.

    `exp` is in seconds since 1970. `roles` is None when the claim's name is not known. `readable` says
    whether there is anything that `decode` could show.
    """

    reasons: tuple[str, ...]
    readable: bool = True
    sub: str | None = None
    roles: tuple[str, ...] | None = None
    exp: int | None = None

    @property
    def valid(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons


def by_tenant(base_url: str, *, audience: str, namespace: str | None, cache: Path | None) -> Trust:
    """Trust what the tenant signs with its own keys (RS256), which are kept in the folder `cache`."""
    from musicctl.tenant.jwks import KeySet
    from musicctl.tenant.signatures import signed_by_key

    expected = Expected(issuer=_issuer(base_url), audience=audience, algorithm="RS256")
    keys = KeySet(base_url, cache)

    def reasons(token: Token) -> list[str]:
        assert token.header is not None
        kid = str(token.header["kid"])
        key = keys.find(kid)
        if key is None:
            return [f"the tenant has no key {jws.quoted(kid)}"]
        unfit = list(policy.key_reasons(key, expected))
        return unfit or ([] if signed_by_key(token.text, key) else ["the signature is wrong"])

    return Trust(expected=expected, namespace=namespace, signature_reasons=reasons)


def by_secret(
    base_url: str, secret: "Secret", *, base64url: bool, audience: str, namespace: str | None
) -> Trust:
    """Trust what is signed with an application's secret (HS256), as tokens of legacy applications are.

    Raises ConfigError when the secret should be base64url and is not.
    """
    from musicctl.tenant.signatures import SharedSecret

    shared = SharedSecret(secret, base64url=base64url)

    def reasons(token: Token) -> list[str]:
        unfit = shared.unfit()
        if unfit is not None:
            return [unfit]
        return [] if shared.signed(token.text) else ["the signature is wrong"]

    expected = Expected(issuer=_issuer(base_url), audience=audience, algorithm="HS256")
    return Trust(expected=expected, namespace=namespace, signature_reasons=reasons)


def verify(text: str, trust: Trust, *, now: float) -> Judged:
    """Judge a token at `now`, in seconds since 1970, and collect every reason against it.

    Raises UnavailableError when the tenant's keys are needed and cannot be read.
    """
    token = jws.parse(text)
    reasons = list(token.reasons)
    if token.header is not None:
        reasons += policy.header_reasons(token.header, trust.expected)
    # With a broken form or another algorithm there is no signature that could be right.
    if not reasons:
        reasons += trust.signature_reasons(token)
    if token.claims is not None:
        reasons += policy.claim_reasons(token.claims, trust.expected, now)
    return _judged(token, trust, reasons)


def stale(tenant: "Tenant", judged: Judged) -> bool:
    """Tell whether the roles in a valid token are others than the listener holds in the tenant now.

    Raises RefusedError for a token that is no listener's, NotFoundError when the tenant has no such user.
    """
    now = list_roles(tenant, listener(judged))["roles"]
    assert isinstance(now, list)
    return set(now) != set(judged.roles or ())


def listener(judged: Judged) -> str:
    """Return the user id that a token was issued to; raises RefusedError, with every reason against it."""
    if judged.sub is None:
        raise refusal(judged)
    try:
        return checked(judged.sub)
    except UsageError:
        raise RefusedError(
            f"{NO_LISTENER}: its sub is {jws.quoted(judged.sub)}",
            hint="it was issued to an application; take one that a listener logged in with",
        ) from None


def refusal(judged: Judged) -> RefusedError:
    """Return the error that says why a token is refused."""
    return RefusedError(
        f"the token is refused: {'; '.join(judged.reasons)}",
        hint="musicctl token decode shows what it says of itself" if judged.readable else FORM,
        details={"reasons": list(judged.reasons)},
    )


def decode(text: str) -> dict[str, object]:
    """Return `verified` (False), the `header` and the `claims` of a token, and what is `odd` about its form.

    Raises RefusedError when it is no token at all.
    """
    token = jws.parse(text)
    if not _is_readable(token):
        raise RefusedError(
            f"nothing can be read: {'; '.join(token.reasons)}",
            hint=FORM,
        )
    return {"verified": False, "header": token.header, "claims": token.claims, "odd": list(token.reasons)}


def claims_for(
    user_id: str, *, base_url: str, audience: str, lifetime: float, now: float
) -> dict[str, object]:
    """Return the claims of a token for a listener, as the old Rule made them, for `lifetime` seconds.

    Raises UsageError when it would live longer than 600 minutes, or not at all.
    """
    if not 1 <= lifetime <= LONGEST_LIFE:
        raise UsageError("a token lives from 1 second to 600 minutes", hint="--ttl 60m is the default")
    begin = int(now)
    return {
        "iss": _issuer(base_url),
        "sub": user_id,
        "aud": audience,
        "iat": begin,
        "exp": begin + int(lifetime),
    }


def sign(claims: Mapping[str, object], secret: "Secret", *, base64url: bool) -> str:
    """Return a token signed with an application's secret (HS256); raises ConfigError for an unfit one."""
    from musicctl.tenant.signatures import SharedSecret

    return SharedSecret(secret, base64url=base64url).sign(claims)


def _issuer(base_url: str) -> str:
    return f"{base_url}/"


def _is_readable(token: Token) -> bool:
    return token.header is not None or token.claims is not None


def _judged(token: Token, trust: Trust, reasons: list[str]) -> Judged:
    """Tell who a token is only when nothing speaks against it."""
    roles = None
    if token.claims is not None and trust.namespace is not None:
        roles = policy.read_claimed_roles(token.claims, trust.namespace)
        if roles is None:
            reasons.append(f"{trust.namespace}/roles is no list of texts")
    if reasons or token.claims is None:
        return Judged(reasons=tuple(reasons), readable=_is_readable(token))
    sub, exp = token.claims["sub"], token.claims["exp"]
    assert isinstance(sub, str)
    assert isinstance(exp, int)
    return Judged(reasons=(), sub=sub, roles=roles, exp=exp)
