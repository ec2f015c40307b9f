"""What a token must say: a table of what is taken, and of every reason against what is not."""

import pytest

from musicctl.policy import claims as policy
from musicctl.policy.claims import Expected
from tests.signing import DROP, base64url, changed

NOW = 1_800_000_000.0
RS256 = Expected(issuer="https://t.example.com/", audience="api", algorithm="RS256")
HS256 = Expected(issuer="https://t.example.com/", audience="api", algorithm="HS256")
HEADER: dict[str, object] = {"alg": "RS256", "typ": "JWT", "kid": "one"}
CLAIMS: dict[str, object] = {
    "iss": "https://t.example.com/",
    "sub": "auth0|ada",
    "aud": "api",
    "iat": 1_800_000_000,
    "exp": 1_800_000_600,
}
KEY: dict[str, object] = {"kty": "RSA", "use": "sig", "alg": "RS256", "n": base64url(b"\x80" + bytes(255))}


def header(**changes: object) -> list[str]:
    return list(policy.header_reasons(changed(HEADER, changes), RS256))


def claims(**changes: object) -> list[str]:
    return list(policy.claim_reasons(changed(CLAIMS, changes), RS256, NOW))


def key(**changes: object) -> list[str]:
    return list(policy.key_reasons(changed(KEY, changes), RS256))


def test_good_ones_are_taken() -> None:
    assert (header(), claims(), key()) == ([], [], [])


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
def test_types_that_are_taken(kind: str) -> None:
    assert header(typ=kind) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"alg": "none"}, "alg is none, and the settings want RS256"),
        ({"alg": "None"}, "alg is None, and the settings want RS256"),
        ({"alg": "HS256"}, "alg is HS256, and the settings want RS256"),
        ({"alg": "rs256"}, "alg is rs256, and the settings want RS256"),
        ({"alg": ["RS256"]}, "alg is ['RS256'], and the settings want RS256"),
        ({"alg": DROP}, "alg is missing, and the settings want RS256"),
        ({"typ": "logout+jwt"}, "typ is logout+jwt, and neither JWT nor at+jwt"),
        ({"typ": DROP}, "typ is missing, and neither JWT nor at+jwt"),
        ({"typ": ["JWT"]}, "typ is ['JWT'], and neither JWT nor at+jwt"),
        ({"crit": ["exp"]}, "crit asks for an extension, and none is known here"),
        ({"crit": None}, "crit asks for an extension, and none is known here"),
        ({"b64": True}, "b64 is not for tokens"),
        ({"kid": DROP}, "kid is missing, which names no key"),
        ({"kid": ""}, "kid is '', which names no key"),
        ({"kid": 1}, "kid is 1, which names no key"),
    ],
)
def test_headers_that_are_refused(changes: dict[str, object], reason: str) -> None:
    assert header(**changes) == [reason]


def test_where_a_token_says_keys_are_is_of_no_matter() -> None:
    assert header(jwk={"kty": "oct"}, jku="http://evil.example.com", x5u="http://evil.example.com") == []


def test_a_secret_needs_no_name() -> None:
    assert list(policy.header_reasons({"alg": "HS256", "typ": "JWT"}, HS256)) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kty": "EC"}, "the key's kty is EC, and not RSA"),
        ({"kty": "oct", "k": "c2VjcmV0"}, "the key's kty is oct, and not RSA"),
        ({"kty": DROP}, "the key's kty is missing, and not RSA"),
        ({"use": "enc"}, "the key is for enc, and not for signatures"),
        ({"key_ops": ["encrypt"]}, "the key is for ['encrypt'], and not to verify with"),
        ({"key_ops": "verify"}, "the key is for verify, and not to verify with"),
        ({"alg": "RS512"}, "the key is for RS512, and not for RS256"),
        ({"n": base64url(b"\x7f" + bytes(255))}, "the key has 2047 bits, and needs 2048 at least"),
        ({"n": base64url(bytes(300))}, "the key has 0 bits, and needs 2048 at least"),
        ({"n": "?"}, "the key has 0 bits, and needs 2048 at least"),
        ({"n": 65537}, "the key has 0 bits, and needs 2048 at least"),
    ],
)
def test_keys_that_are_refused(changes: dict[str, object], reason: str) -> None:
    assert key(**changes) == [reason]


def test_a_key_that_says_nothing_of_its_use_is_taken() -> None:
    assert key(use=DROP, alg=DROP) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sub": DROP}, "sub is missing, which names nobody"),
        ({"sub": ""}, "sub is '', which names nobody"),
        ({"sub": 5}, "sub is 5, which names nobody"),
        ({"sub": ["auth0|ada"]}, "sub is ['auth0|ada'], which names nobody"),
        ({"iss": DROP}, "iss is missing, and not https://t.example.com/"),
        ({"iss": "https://t.example.com"}, "iss is https://t.example.com, and not https://t.example.com/"),
        ({"iss": ["https://t.example.com/"]}, None),
        ({"aud": DROP}, "aud is missing, which names no audience"),
        ({"aud": "another"}, "aud is another, and not api"),
        ({"aud": "api/"}, "aud is api/, and not api"),
        ({"aud": []}, "aud is [], and not api"),
        ({"aud": ["another"]}, "aud is ['another'], and not api"),
        ({"aud": ["api", 1]}, "aud is ['api', 1], which names no audience"),
        ({"aud": {"api": 1}}, "aud is {'api': 1}, which names no audience"),
        ({"exp": DROP}, "exp is missing: it would never end"),
        ({"exp": None}, "exp is None, which is no time in whole seconds"),
        ({"exp": True}, "exp is True, which is no time in whole seconds"),
        ({"exp": "1800000600"}, "exp is 1800000600, which is no time in whole seconds"),
        ({"exp": 1_800_000_600.5}, "exp is 1800000600.5, which is no time in whole seconds"),
        ({"exp": float("inf")}, "exp is inf, which is no time in whole seconds"),
        ({"exp": 253_402_300_800}, "exp is 253402300800, which is no time in whole seconds"),
        ({"exp": -1}, "exp is -1, which is no time in whole seconds"),
        ({"exp": 1_799_999_970}, "it ended 30 s ago"),
        ({"exp": 1_799_996_400}, "it ended 3,600 s ago"),
        ({"nbf": 1_800_000_031}, "it is not good before 31 s from now (nbf)"),
        ({"nbf": "now"}, "nbf is now, which is no time in whole seconds"),
        ({"iat": 1_800_000_031}, "it comes from the future: issued 31 s from now (iat)"),
        ({"iat": [1]}, "iat is [1], which is no time in whole seconds"),
    ],
)
def test_claims_that_are_refused(changes: dict[str, object], reason: str | None) -> None:
    found = claims(**changes)
    assert len(found) == 1
    assert reason in (None, found[0])


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1_799_999_971},
        {"nbf": 1_800_000_030},
        {"iat": 1_800_000_030},
        {"iat": DROP},
        {"aud": ["another", "api"]},
        {"exp": 253_402_300_799},
    ],
)
def test_claims_that_are_just_taken(changes: dict[str, object]) -> None:
    assert claims(**changes) == []


def test_every_reason_is_given() -> None:
    assert len(claims(sub=1, iss=1, aud=1, exp=1, nbf=1.5, iat=2_000_000_000)) == 6
    assert len(header(alg="none", typ="x", crit=[], b64=False, kid=None)) == 5
    assert len(key(use="enc", alg="PS256", key_ops=[], n="AQAB")) == 4


@pytest.mark.parametrize(
    ("claim", "roles"),
    [
        (["a", "b"], ("a", "b")),
        ([], ()),
        (None, ()),
        (DROP, ()),
        ("a", ("a",)),
        ([1], None),
        ({"a": 1}, None),
        (7, None),
    ],
)
def test_the_roles_that_a_token_carries(claim: object, roles: tuple[str, ...] | None) -> None:
    carried = changed(CLAIMS, {"https://music.example.com/roles": claim, "roles": ["admin"]})
    assert policy.read_claimed_roles(carried, "https://music.example.com") == roles
