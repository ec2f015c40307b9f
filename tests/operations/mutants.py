"""Tokens that are no longer what was signed: bent in every way that an attacker or a bad line might."""

import base64
import json
import random
import string
from collections.abc import Callable, Iterator

from tests.signing import base64url, part

ALPHABET = string.ascii_letters + string.digits + "-_.=+/ \n\0é\ud800"
ODD: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    1e400,
    10**30,
    "",
    "none",
    "HS256",
    [],
    {},
    ["x"],
    "\ud800",
    1.5,
)
Mutation = Callable[[str, random.Random], str]


def mutants(token: str, count: int, chance: random.Random) -> Iterator[str]:
    """Yield so many tokens that differ from `token`."""
    while count:
        mutant = token
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            mutant = chance.choice(MUTATIONS)(mutant, chance)
        if mutant != token:
            yield mutant
            count -= 1


def _replace(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(ALPHABET) + text[at + 1 :]


def _insert(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(ALPHABET) * chance.choice((1, 1, 2, 4, 9000)) + text[at:]


def _cut(text: str, chance: random.Random) -> str:
    first, last = sorted(chance.randrange(len(text) + 1) for _ in range(2))
    return text[:first] + text[last:]


def _last(text: str, chance: random.Random) -> str:
    """Change the last character of a part alone: its spare bits say nothing."""
    parts = text.split(".")
    at = chance.randrange(len(parts))
    parts[at] = parts[at][:-1] + chance.choice(ALPHABET)
    return ".".join(parts)


def _shuffle(text: str, chance: random.Random) -> str:
    parts = text.split(".")
    return ".".join(chance.choices(parts, k=chance.choice((1, 2, 3, 3, 3, 5))))


def _bits(text: str, chance: random.Random) -> str:
    """Flip a bit of what a part stands for."""
    parts = text.split(".")
    at = chance.randrange(len(parts))
    try:
        raw = bytearray(base64.urlsafe_b64decode(parts[at] + "=="))
    except ValueError:
        return text
    if raw:
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    parts[at] = base64url(bytes(raw))
    return ".".join(parts)


def _say(text: str, chance: random.Random) -> str:
    """Let the header or the claims say something else, or the same in other words."""
    parts = text.split(".")
    at = chance.randrange(min(2, len(parts)))
    try:
        said = json.loads(base64.urlsafe_b64decode(parts[at] + "=="))
    except (ValueError, RecursionError):
        return text
    if isinstance(said, dict) and said:
        name = chance.choice([*said, "crit", "b64", "jwk", "nbf", "zip"])
        said[name] = chance.choice(ODD)
        said = dict(chance.sample(list(said.items()), chance.randrange(1, len(said) + 1)))
    parts[at] = part(said)
    return ".".join(parts)


def _nest(text: str, chance: random.Random) -> str:
    parts = text.split(".")
    depth = chance.choice((10, 20, 900, 1100, 50_000))
    parts[chance.randrange(len(parts))] = base64url(b'{"a":' * depth + b"1" + b"}" * depth)
    return ".".join(parts)


def _unsign(text: str, chance: random.Random) -> str:
    """Drop the signature and say that there is none."""
    header = part({"alg": chance.choice(("none", "None", "HS256", "RS256")), "typ": "JWT", "kid": "one"})
    return f"{header}.{'.'.join(text.split('.')[1:2])}.{chance.choice(('', 'AA', 'AAAA'))}"


MUTATIONS: tuple[Mutation, ...] = (_replace, _insert, _cut, _last, _shuffle, _bits, _say, _nest, _unsign)
