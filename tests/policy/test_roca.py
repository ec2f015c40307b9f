"""Keys of the form that can be factored are known by their modulus alone; others are not taken for such."""

import random
from math import prod

from musicctl.policy.claims import Expected, key_reasons
from musicctl.policy.roca import PRIMES, is_weak
from tests.signing import Key, base64url

RS256 = Expected(issuer="https://a/", audience="b", algorithm="RS256")
DRAWN = random.Random(7)
SMALL = [each for each in range(2, 720) if all(each % less for less in range(2, int(each**0.5) + 1))]


def weak(bits: int, of: int) -> int:
    """Return a number in the form of that library's primes: `of` small primes go into M."""
    product = prod(SMALL[:of])
    found = (3 << (bits - 2)) | DRAWN.getrandbits(bits - 2)
    return found - found % product + pow(65537, DRAWN.getrandbits(200), product)


def test_the_first_39_primes() -> None:
    assert len(PRIMES) == 39
    assert PRIMES[-1] == 167


def test_weak_keys_are_refused() -> None:
    for bits, of in ((256, 39), (512, 71), (1024, 126)):
        modulus = weak(bits, of) * weak(bits, of)
        assert is_weak(modulus)
    key = {"kty": "RSA", "e": "AQAB", "n": base64url(modulus.to_bytes(256, "big"))}
    assert any("can be factored" in reason for reason in key_reasons(key, RS256))


def test_one_weak_prime_does_not_make_a_weak_modulus() -> None:
    good = Key.made("x").private.private_numbers()
    assert not is_weak(weak(1024, 126) * good.p)


def test_other_keys_are_taken() -> None:
    assert list(key_reasons(Key.made("x").jwk(), RS256)) == []
    assert not any(is_weak(DRAWN.getrandbits(2048) | 1) for _ in range(3000))
    # Near misses: a power of 65537 for every prime, but not the same one.
    product = prod(PRIMES)
    rest = pow(65537, 11, product // 167)
    near = (rest + each * (product // 167) for each in range(167))
    assert not is_weak(next(each for each in near if each % 167 == pow(65537, 12, 167)))
    assert is_weak(pow(65537, 11, product))
