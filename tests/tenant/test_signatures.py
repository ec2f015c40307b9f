"""Signatures by themselves: one algorithm each, whatever a token or a key says beside it."""

import jwt
import pytest

from musicctl.errors import ConfigError
from musicctl.secret import Secret
from musicctl.tenant.signatures import SharedSecret, signed_by_key
from tests.signing import Key, part

ONE = Key.made("one")
LONG = "0123456789abcdef" * 4


def by_key(algorithm: str) -> str:
    return jwt.encode({}, ONE.private, algorithm=algorithm)


def shared() -> SharedSecret:
    return SharedSecret(Secret(LONG), base64url=False)


def test_a_key_signs_by_one_algorithm() -> None:
    assert signed_by_key(by_key("RS256"), ONE.jwk())
    assert not any(signed_by_key(by_key(other), ONE.jwk()) for other in ("RS384", "RS512", "PS256"))
    assert not signed_by_key(f"{part({'alg': 'none'})}.{part({})}.", ONE.jwk())
    assert not signed_by_key(shared().sign({}), ONE.jwk())


def test_a_secret_signs_by_one_algorithm() -> None:
    assert shared().signed(shared().sign({}))
    assert not any(shared().signed(jwt.encode({}, LONG, algorithm=other)) for other in ("HS384", "HS512"))
    assert not shared().signed(by_key("RS256"))


def test_of_a_key_only_its_public_half_is_used() -> None:
    """PyJWT 2.15 would take what else there is for the private half, and choose an algorithm by it."""
    assert signed_by_key(by_key("RS256"), ONE.jwk(d="AQAB", oth=[{}], alg="RS512", crv="P-256"))
    assert not signed_by_key(by_key("RS256"), {})


@pytest.mark.parametrize("text", ["", "..", "a.b.c", "\ud800.x.y", "." * 1000])
def test_what_is_no_token_is_not_signed(text: str) -> None:
    assert not signed_by_key(text, ONE.jwk())
    assert not shared().signed(text)


def test_an_unfit_secret_does_not_sign() -> None:
    with pytest.raises(ConfigError, match="32 at least"):
        SharedSecret(Secret("short"), base64url=False).sign({})
    assert SharedSecret(Secret("x" * 32), base64url=False).unfit() is None
    assert "x" * 32 not in repr(SharedSecret(Secret("x" * 32), base64url=False))
