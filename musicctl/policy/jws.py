"""A signed token taken apart: everything odd is a reason against it, and nothing in it is trusted."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LONGEST = 200_000
"""Characters of a token that is looked at: Auth0 lets the claims grow to 100 KB."""

DEEPEST = 16
"""Levels of nested JSON; real tokens have three or four."""

ALPHABET = re.compile(r"[A-Za-z0-9_-]*")
SHOWN = 60


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says of itself, None where that cannot be read, and what is wrong with its form."""

    text: str
    header: Mapping[str, object] | None
    claims: Mapping[str, object] | None
    reasons: tuple[str, ...]


def parse(text: str) -> Token:
    """Take a token in compact form apart; never raises, whatever it is given."""
    if len(text) > LONGEST:
        return Token(text, None, None, (f"it has more than {LONGEST:,} characters",))
    parts = text.split(".")
    if len(parts) != 3:
        return Token(text, None, None, (_not_three(len(parts), text),))
    header, claims = _Object.read(parts[0], "header"), _Object.read(parts[1], "claims")
    reasons = (*header.reasons, *claims.reasons, *_signature_reasons(parts[2]))
    return Token(text, header.value, claims.value, reasons)


def decoded(text: str) -> bytes | None:
    """Return the bytes that unpadded base64url stands for; None for any other spelling of them."""
    if not ALPHABET.fullmatch(text) or len(text) % 4 == 1:
        return None
    found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    # The last character may have bits to spare: with another one the token would be new and still signed.
    return found if base64.urlsafe_b64encode(found).rstrip(b"=").decode() == text else None


def quoted(value: object) -> str:
    """Return a value of a token's for a message, cut to a length that can be read."""
    shown = value if isinstance(value, str) and value else repr(value)
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"


def _not_three(count: int, text: str) -> str:
    if not text:
        return "it is empty"
    if count == 5:
        return "it is encrypted: it has five parts, where a signed token has three"
    return f"it is no signed token: it has {count} part{'s' if count > 1 else ''} in place of three"


def _signature_reasons(part: str) -> tuple[str, ...]:
    if not part:
        return ("it has no signature",)
    return ("the signature is not base64url",) if decoded(part) is None else ()


@dataclass(frozen=True, slots=True)
class _Object:
    """One part of a token as a JSON object, and what is wrong with it."""

    value: Mapping[str, object] | None
    reasons: tuple[str, ...]

    @classmethod
    def read(cls, part: str, name: str) -> "_Object":
        raw = decoded(part)
        if raw is None:
            return cls(None, (f"the {name}: not base64url",))
        twice: list[str] = []
        try:
            value = _loaded(raw, twice)
        except (ValueError, RecursionError):  # of which those about UTF-8 and long numbers are some
            return cls(None, (f"the {name}: not JSON",))
        if not isinstance(value, dict):
            return cls(None, (f"the {name}: no JSON object",))
        if _is_too_deep(value):
            return cls(None, (f"the {name}: nested more than {DEEPEST} levels deep",))
        reasons = [f"the {name}: the key {quoted(key)} is there twice" for key in dict.fromkeys(twice)]
        if _has_surrogate(value):
            reasons.append(f"the {name}: has half a surrogate pair, which is no character")
        return cls(value, tuple(reasons))


def _loaded(raw: bytes, twice: list[str]) -> object:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        seen: dict[str, object] = {}
        for key, value in pairs:
            if key in seen:
                twice.append(key)
            seen[key] = value
        return seen

    return json.loads(raw.decode(), object_pairs_hook=unique, parse_constant=_no_constant)


def _no_constant(name: str) -> object:
    """Refuse NaN and the infinities, which Python reads and JSON does not know."""
    raise ValueError(name)


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
    return bool(level)


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _has_surrogate(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
