"""RSA keys that can be factored, since the library of a maker of chips drew their primes from too few (ROCA).

Nemec, Sys, Svenda, Klinec, Matyas: The Return of Coppersmith's Attack, ACM CCS 2017, section 3. Each prime is
k * M + (65537 ** a mod M) there, where M is the product of the first primes, 39 of them at least: so the
modulus too is a power of 65537 modulo M. One that was drawn at random is so once in 2 ** 154.
"""

from math import gcd

GENERATOR = 65537
PRIMES = tuple(
    number for number in range(2, 168) if all(number % each for each in range(2, int(number**0.5) + 1))
)
"""The first 39."""


def is_weak(modulus: int) -> bool:
    """Tell whether there is one exponent with which 65537 leaves what the modulus does, for every prime."""
    exponent, period = 0, 1
    for prime in PRIMES:
        own, turns = _logarithm(modulus % prime, prime)
        shared = gcd(period, turns)
        if own is None or (own - exponent) % shared:
            return False
        # Both hold (the Chinese remainder theorem, for periods that share a factor).
        step = (own - exponent) // shared * pow(period // shared, -1, turns // shared)
        exponent, period = exponent + period * step, period * turns // shared
        exponent %= period
    return True


def _logarithm(rest: int, prime: int) -> tuple[int | None, int]:
    """Return with which exponent 65537 leaves this modulo a prime, if with any, and when it starts again."""
    powers = [1]
    while (following := powers[-1] * GENERATOR % prime) != 1:
        powers.append(following)
    return (powers.index(rest) if rest in powers else None), len(powers)
