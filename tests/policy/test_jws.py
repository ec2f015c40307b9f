"""A token taken apart: everything odd in its form is told, and nothing raises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl.policy import jws
from tests.signing import base64url, part

HEADER, CLAIMS = {"alg": "RS256"}, {"sub": "auth0|ada"}
GOOD = f"{part(HEADER)}.{part(CLAIMS)}.{base64url(b'signed')}"


def of(header: object = HEADER, claims: object = CLAIMS) -> tuple[str, ...]:
    return jws.parse(f"{part(header)}.{part(claims)}.{base64url(b'signed')}").reasons


def test_a_token_is_taken_apart() -> None:
    assert jws.parse(GOOD) == jws.Token(GOOD, HEADER, CLAIMS, ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("garbage", "it is no signed token: it has 1 part in place of three"),
        ("a.b.c.d", "it is no signed token: it has 4 parts in place of three"),
        ("a.b.c.d.e", "it is encrypted: it has five parts, where a signed token has three"),
        ("x" * 1_000_000, "it has more than 200,000 characters"),
        (GOOD.rpartition(".")[0] + ".", "it has no signature"),
        (GOOD[:-3], "the signature is not base64url"),
        (GOOD + "=", "the signature is not base64url"),
        (GOOD + "\n", "the signature is not base64url"),
        (GOOD.rpartition(".")[0] + ".+/+/", "the signature is not base64url"),
        ("=" + GOOD, "the header: not base64url"),
        ("é" + GOOD, "the header: not base64url"),
    ],
)
def test_what_is_no_signed_token(text: str, reason: str) -> None:
    assert jws.parse(text).reasons == (reason,)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        (b"{", "the claims: not JSON"),
        (b"", "the claims: not JSON"),
        (b"\xff", "the claims: not JSON"),
        (b"\xef\xbb\xbf{}", "the claims: not JSON"),
        (b'{"exp": NaN}', "the claims: not JSON"),
        (b'{"exp": -Infinity}', "the claims: not JSON"),
        (b'{"exp": ' + b"9" * 5000 + b"}", "the claims: not JSON"),
        (b"[" * 50_000 + b"]" * 50_000, "the claims: not JSON"),
        (b'{"a": ' + b"[" * 16 + b"]" * 16 + b"}", "the claims: nested more than 16 levels deep"),
        (b'{"a": ' * 16 + b"{}" + b"}" * 16, "the claims: nested more than 16 levels deep"),
        (b'["sub"]', "the claims: no JSON object"),
        (b"1", "the claims: no JSON object"),
        (b"null", "the claims: no JSON object"),
        (b'{"sub": "a", "sub": "b"}', "the claims: the key sub is there twice"),
        (b'{"a": {"b": 1, "b": 2}}', "the claims: the key b is there twice"),
        (b'{"sub": "\\ud800"}', "the claims: has half a surrogate pair, which is no character"),
        (b'{"\\udfff": 1}', "the claims: has half a surrogate pair, which is no character"),
    ],
)
def test_claims_that_are_odd(claims: bytes, reason: str) -> None:
    assert of(claims=claims) == (reason,)
    assert of(header=claims) == (reason.replace("claims", "header"),)


def test_fifteen_levels_are_no_matter() -> None:
    assert of(claims=b'{"a": ' + b"[" * 15 + b"]" * 15 + b"}") == ()


def test_every_reason_is_told() -> None:
    header, claims = part(b'{"a": 1, "a": 2}'), part(b"[]")
    text = f"{header}.{claims}."
    assert jws.parse(text).reasons == (
        "the header: the key a is there twice",
        "the claims: no JSON object",
        "it has no signature",
    )


def test_the_last_of_two_values_is_shown_and_told_of() -> None:
    claims = part(b'{"sub": "a", "sub": "b"}')
    token = jws.parse(f"{part(HEADER)}.{claims}.AA")
    assert (token.claims, len(token.reasons)) == ({"sub": "b"}, 1)


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    """One byte has four spare bits in its second character: fifteen other characters would decode alike."""
    assert jws.decoded("AQ") == b"\x01"
    assert [jws.decoded(f"A{last}") for last in "RSTf"] == [None] * 4


def test_long_values_are_cut_in_messages() -> None:
    assert jws.quoted("x" * 61) == "x" * 60 + "…"
    assert jws.quoted(["x"]) == "['x']"


@given(
    st.text()
    | st.binary().map(base64url)
    | st.lists(st.binary(), max_size=5).map(lambda parts: ".".join(map(base64url, parts)))
)
def test_nothing_raises(text: str) -> None:
    token = jws.parse(text)
    assert token.reasons or (token.header is not None and token.claims is not None)


@given(st.binary())
def test_decoding_takes_back_encoding(raw: bytes) -> None:
    assert jws.decoded(base64url(raw)) == raw


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values))
def test_what_is_read_is_what_was_written(claims: dict[str, object]) -> None:
    token = jws.parse(f"{part(HEADER)}.{part(claims)}.AA")
    if not token.reasons:
        assert token.claims == json.loads(json.dumps(claims))
