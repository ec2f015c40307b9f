"""What a listener's token must say to be taken: its header, its key and its claims; every reason is given."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from musicctl.policy import roca
from musicctl.policy.jws import decoded, quoted
from musicctl.policy.roles import Roles, read_roles

LEEWAY = 30
"""Seconds by which the clocks of the tenant and of this machine may differ."""

TYPES = ("jwt", "at+jwt")
"""Auth0's ID tokens and access tokens; RFC 8725 3.11 warns of taking, say, a logout token for one."""

SHORTEST_RSA = 2048
"""Bits, as RFC 7518 3.3 has it for RS256."""

YEAR_10000 = 253_402_300_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Whose tokens are taken, for whom, and how they are signed: from the settings, never from a token."""

    issuer: str
    audience: str
    algorithm: str


def header_reasons(header: Mapping[str, object], expected: Expected) -> Iterator[str]:
    """Yield what speaks against a header. Keys in it, and addresses of keys, are nobody's business."""
    if header.get("alg") != expected.algorithm:
        yield f"alg is {_shown(header, 'alg')}, and the settings want {expected.algorithm}"
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in TYPES:
        yield f"typ is {_shown(header, 'typ')}, and neither JWT nor at+jwt"
    if "crit" in header:
        yield "crit asks for an extension, and none is known here"
    if "b64" in header:
        yield "b64 is not for tokens"
    kid = header.get("kid")
    if expected.algorithm == "RS256" and not (isinstance(kid, str) and kid):
        yield f"kid is {_shown(header, 'kid')}, which names no key"


def key_reasons(key: Mapping[str, object], expected: Expected) -> Iterator[str]:
    """Yield what speaks against a public key of the tenant's, as a JSON Web Key (RFC 7517)."""
    if key.get("kty") != "RSA":
        yield f"the key's kty is {_shown(key, 'kty')}, and not RSA"
        return
    if key.get("use", "sig") != "sig":
        yield f"the key is for {quoted(key.get('use'))}, and not for signatures"
    operations = key.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        yield f"the key is for {quoted(operations)}, and not to verify with"
    if key.get("alg", expected.algorithm) != expected.algorithm:
        yield f"the key is for {quoted(key.get('alg'))}, and not for {expected.algorithm}"
    modulus = _modulus(key.get("n"))
    bits = modulus.bit_length()
    if bits < SHORTEST_RSA:
        yield f"the key has {bits} bits, and needs {SHORTEST_RSA} at least"
    elif roca.is_weak(modulus):
        yield "the key can be factored: it is of the kind called ROCA (CVE-2017-15361)"


def claim_reasons(claims: Mapping[str, object], expected: Expected, now: float) -> Iterator[str]:
    """Yield what speaks against the claims at `now`, in seconds since 1970."""
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        yield f"sub is {_shown(claims, 'sub')}, which names nobody"
    if claims.get("iss") != expected.issuer:
        yield f"iss is {_shown(claims, 'iss')}, and not {expected.issuer}"
    yield from _audience_reasons(claims, expected.audience)
    yield from _time_reasons(claims, now)


def read_claimed_roles(claims: Mapping[str, object], namespace: str) -> Roles | None:
    """Return the roles that a token carries, or None when they cannot be read; no claim is no roles."""
    return read_roles({"roles": claims.get(f"{namespace}/roles")})


def _audience_reasons(claims: Mapping[str, object], audience: str) -> Iterator[str]:
    found = claims.get("aud")
    named = found if isinstance(found, list) else [found]
    if not all(isinstance(each, str) for each in named):
        yield f"aud is {_shown(claims, 'aud')}, which names no audience"
    elif audience not in named:
        yield f"aud is {_shown(claims, 'aud')}, and not {audience}"


def _time_reasons(claims: Mapping[str, object], now: float) -> Iterator[str]:
    times = {name: _seconds(claims[name]) for name in ("exp", "nbf", "iat") if name in claims}
    if "exp" not in claims:
        yield "exp is missing: it would never end"
    for name, seconds in times.items():
        if seconds is None:
            yield f"{name} is {_shown(claims, name)}, which is no time in whole seconds"
        elif name == "exp" and seconds <= now - LEEWAY:
            yield f"it ended {now - seconds:,.0f} s ago"
        elif name == "nbf" and seconds > now + LEEWAY:
            yield f"it is not good before {seconds - now:,.0f} s from now (nbf)"
        elif name == "iat" and seconds > now + LEEWAY:
            yield f"it comes from the future: issued {seconds - now:,.0f} s from now (iat)"


def _seconds(value: object) -> int | None:
    """Return a time of a token's, which is a whole number from 1970 to 9999, or None."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < YEAR_10000 else None  # type: ignore[operator, return-value]


def _shown(said: Mapping[str, object], name: str) -> str:
    return quoted(said[name]) if name in said else "missing"


def _modulus(written: object) -> int:
    raw = decoded(written) if isinstance(written, str) else None
    return int.from_bytes(raw or b"", "big")
