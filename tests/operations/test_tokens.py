"""Tokens judged with real keys: who is taken, every reason against the others, and 20,000 mutants."""

import base64
import random
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from musicctl.errors import ConfigError, RefusedError, UsageError
from musicctl.operations import tokens
from musicctl.operations.tokens import Judged, Trust
from musicctl.secret import Secret
from tests.operations.mutants import mutants
from tests.signing import (
    AUDIENCE,
    DROP,
    NAMESPACE,
    SECRET,
    Key,
    KeyServer,
    assembled,
    base64url,
    by_secret,
    claims,
    json_of,
    key_server,
    part,
)

ONE, TWO, WEAK = Key.made("one"), Key.made("two"), Key.made("weak", 1024)
ISSUER = "https://tenant.eu.auth0.com/"
HS256 = {"alg": "HS256", "typ": "JWT"}


@pytest.fixture(scope="module")
def server() -> Iterator[KeyServer]:
    with key_server(json_of({"keys": [ONE.jwk(), WEAK.jwk(), TWO.jwk(kid="enc", use="enc")]})) as running:
        yield running


@pytest.fixture(scope="module")
def trust(server: KeyServer, tmp_path_factory: pytest.TempPathFactory) -> Trust:
    cache = tmp_path_factory.mktemp("cache")
    return tokens.by_tenant(server.url, audience=AUDIENCE, namespace=NAMESPACE, cache=cache)


def with_secret(secret: str = SECRET, *, base64url: bool = False) -> Trust:
    return tokens.by_secret(
        ISSUER.rstrip("/"), Secret(secret), base64url=base64url, audience=AUDIENCE, namespace=NAMESPACE
    )


def verified(text: str, trust: Trust, later: float = 0.0) -> Judged:
    return tokens.verify(text, trust, now=time.time() + later)


def test_a_token_of_the_tenant_is_taken(server: KeyServer, trust: Trust) -> None:
    text = ONE.token(server.issuer, also={f"{NAMESPACE}/roles": ["playlist editor"]}, exp=4_000_000_000)
    judged = verified(text, trust)
    assert judged == Judged(reasons=(), sub="auth0|ada", roles=("playlist editor",), exp=4_000_000_000)
    assert judged.valid


def test_a_token_of_pyjwt_is_taken(server: KeyServer, trust: Trust) -> None:
    text = jwt.encode(claims(server.issuer), ONE.private, algorithm="RS256", headers={"kid": "one"})
    assert verified(text, trust).valid
    assert verified(jwt.encode(claims(ISSUER), SECRET, algorithm="HS256"), with_secret()).valid


def test_the_leeway_is_30_seconds(server: KeyServer, trust: Trust) -> None:
    text = ONE.token(server.issuer, iat=1000, nbf=1000, exp=1600)
    assert [tokens.verify(text, trust, now=now).reasons for now in (970, 1000, 1629.9)] == [(), (), ()]
    assert tokens.verify(text, trust, now=1630).reasons == ("it ended 30 s ago",)
    assert len(tokens.verify(text, trust, now=969).reasons) == 2


def test_a_token_by_another_key_is_refused(server: KeyServer, trust: Trust) -> None:
    text = assembled(ONE.header(), claims(server.issuer), TWO.sign)
    assert verified(text, trust).reasons == ("the signature is wrong",)
    assert verified(TWO.token(server.issuer), trust).reasons == ("the tenant has no key two",)
    assert verified(WEAK.token(server.issuer), trust).reasons == (
        "the key has 1024 bits, and needs 2048 at least",
    )
    assert verified(TWO.token(server.issuer, {"kid": "enc"}), trust).reasons == (
        "the key is for enc, and not for signatures",
    )


def test_keys_that_a_token_brings_along_are_not_used(server: KeyServer, trust: Trust) -> None:
    brought = {"jwk": TWO.jwk(kid="one"), "jku": f"{server.url}/mine", "x5u": f"{server.url}/mine"}
    asked = len(server.asked)
    text = assembled(ONE.header(**brought), claims(server.issuer), TWO.sign)
    assert verified(text, trust).reasons == ("the signature is wrong",)
    assert not any("mine" in path for path in server.asked[asked:])


@pytest.mark.parametrize("secret", [ONE.pem, ONE.pem.strip(), ONE.pem.replace(b"\n", b"\r\n")])
def test_the_public_key_is_no_secret(server: KeyServer, trust: Trust, secret: bytes) -> None:
    text = assembled(HS256 | {"kid": "one"}, claims(server.issuer), by_secret(secret))
    assert verified(text, trust).reasons == ("alg is HS256, and the settings want RS256",)
    text = assembled(HS256, claims(ISSUER), by_secret(secret))
    assert verified(text, with_secret(secret.decode())).reasons == (
        "token_secret is a public key or a certificate, which everybody knows",
    )


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, DROP])
def test_nobody_goes_unsigned(server: KeyServer, trust: Trust, algorithm: object) -> None:
    header = ONE.header(alg=algorithm)
    bare = f"{part(header)}.{part(claims(server.issuer))}."
    signed = assembled(header, claims(server.issuer), ONE.sign)
    for text in (bare, signed):
        assert any("alg is" in reason for reason in verified(text, trust).reasons)
    assert "it has no signature" in verified(bare, trust).reasons


def test_every_reason_is_given(trust: Trust) -> None:
    text = f"{part({'alg': 'none', 'crit': []})}.{part({'exp': 5, 'sub': 7})}."
    assert len(verified(text, trust).reasons) == 9


def test_a_wrong_signature_is_told_beside_what_is_wrong_with_the_claims(
    server: KeyServer, trust: Trust
) -> None:
    text = assembled(ONE.header(), claims(server.issuer, aud="another", exp=5), TWO.sign)
    signature, audience, end = verified(text, trust).reasons
    assert (signature, audience[:3], end[:8]) == ("the signature is wrong", "aud", "it ended")


def test_of_a_refused_token_nothing_is_believed(server: KeyServer, trust: Trust) -> None:
    judged = verified(ONE.token(server.issuer, also={f"{NAMESPACE}/roles": ["x"]}, exp=5), trust)
    assert (judged.valid, judged.sub, judged.roles, judged.exp) == (False, None, None, None)
    with pytest.raises(RefusedError, match="it ended") as refused:
        tokens.listener(judged)
    assert refused.value.details == {"reasons": list(judged.reasons)}


def test_roles_that_cannot_be_read_are_a_reason(server: KeyServer, trust: Trust) -> None:
    text = ONE.token(server.issuer, also={f"{NAMESPACE}/roles": [1]})
    assert verified(text, trust).reasons == (f"{NAMESPACE}/roles is no list of texts",)
    assert verified(ONE.token(server.issuer), trust).roles == ()


def test_without_a_namespace_the_roles_are_not_known(server: KeyServer, tmp_path: Path) -> None:
    trust = tokens.by_tenant(server.url, audience=AUDIENCE, namespace=None, cache=tmp_path)
    assert verified(ONE.token(server.issuer, roles=["admin"]), trust).roles is None


def test_a_token_by_the_secret_is_taken() -> None:
    assert verified(assembled(HS256, claims(ISSUER), by_secret()), with_secret()).sub == "auth0|ada"
    wrong = assembled(HS256, claims(ISSUER), by_secret(b"another secret of thirty-two bytes"))
    assert verified(wrong, with_secret()).reasons == ("the signature is wrong",)
    assert verified(ONE.token(ISSUER), with_secret()).reasons == (
        "alg is RS256, and the settings want HS256",
    )


def test_a_secret_is_base64url_only_when_the_setting_says_so() -> None:
    raw = bytes(range(200, 240))
    setting = base64.urlsafe_b64encode(raw).decode()
    by_raw = assembled(HS256, claims(ISSUER), by_secret(raw))
    by_text = assembled(HS256, claims(ISSUER), by_secret(setting.encode()))
    for written in (setting, setting.rstrip("=")):
        assert verified(by_raw, with_secret(written, base64url=True)).valid
        assert verified(by_text, with_secret(written, base64url=True)).reasons == ("the signature is wrong",)
    assert verified(by_text, with_secret(setting)).valid
    assert verified(by_raw, with_secret(setting)).reasons == ("the signature is wrong",)
    with pytest.raises(ConfigError, match="not base64url") as refused:
        with_secret("secret!" + SECRET, base64url=True)
    assert SECRET not in refused.value.what + refused.value.hint


def test_a_short_secret_is_a_reason() -> None:
    text = assembled(HS256, claims(ISSUER), by_secret(b"12345678"))
    assert verified(text, with_secret("12345678")).reasons == (
        "token_secret has 8 bytes, and HS256 needs 32 at least",
    )


@pytest.mark.parametrize("exponent", ["", "AA", "AQ", "?", base64url(b"\x02")])
def test_an_odd_public_key_signs_nothing(exponent: str, tmp_path: Path) -> None:
    with key_server(json_of({"keys": [ONE.jwk(e=exponent)]})) as odd:
        trust = tokens.by_tenant(odd.url, audience=AUDIENCE, namespace=None, cache=tmp_path)
        assert verified(ONE.token(odd.issuer), trust).reasons == ("the signature is wrong",)


def test_mutants_of_the_tenants_tokens_are_refused(server: KeyServer, trust: Trust) -> None:
    text = ONE.token(server.issuer)
    assert verified(text, trust).valid
    for mutant in mutants(text, 10_000, random.Random(7)):
        assert not verified(mutant, trust).valid, mutant


def test_mutants_of_tokens_by_the_secret_are_refused() -> None:
    text, trust = assembled(HS256, claims(ISSUER), by_secret()), with_secret()
    assert verified(text, trust).valid
    for mutant in mutants(text, 10_000, random.Random(8)):
        assert not verified(mutant, trust).valid, mutant


def test_decode_shows_what_nobody_has_verified() -> None:
    header, said = {"alg": "none"}, {"sub": "\u202e", "x": 1e400}
    claimed = part(b'{"sub": "\\u202e", "x": 1e400}')
    found = tokens.decode(f"{part(header)}.{claimed}.")
    assert found == {"verified": False, "header": header, "claims": said, "odd": ["it has no signature"]}
    with pytest.raises(RefusedError, match="nothing can be read: it is no signed token"):
        tokens.decode("garbage")
    assert tokens.decode(f"?.{claimed}.AA")["header"] is None


def test_an_issued_token_is_taken() -> None:
    said = tokens.claims_for(
        "auth0|ada", base_url=ISSUER.rstrip("/"), audience=AUDIENCE, lifetime=60, now=time.time()
    )
    assert said | {"iat": 0, "exp": 0} == {
        "iss": ISSUER,
        "sub": "auth0|ada",
        "aud": AUDIENCE,
        "iat": 0,
        "exp": 0,
    }
    text = tokens.sign(said, Secret(SECRET), base64url=False)
    assert verified(text, with_secret()).sub == "auth0|ada"
    assert verified(text, with_secret(), later=95).reasons[0].startswith("it ended")


@pytest.mark.parametrize("lifetime", [0, 0.9, -60, 36_001])
def test_a_token_lives_up_to_600_minutes(lifetime: float) -> None:
    with pytest.raises(UsageError, match="600 minutes"):
        tokens.claims_for("auth0|ada", base_url="https://t", audience="a", lifetime=lifetime, now=0.0)
    longest = tokens.claims_for("auth0|ada", base_url="https://t", audience="a", lifetime=36_000, now=0.0)
    assert longest["exp"] == 36_000


@pytest.mark.parametrize("secret", ["short", ONE.pem.decode()])
def test_nothing_is_signed_with_an_unfit_secret(secret: str) -> None:
    with pytest.raises(ConfigError, match="token_secret"):
        tokens.sign({}, Secret(secret), base64url=False)


@pytest.mark.parametrize("sub", ["client@clients", "auth0|", "x" * 2000, "auth0|\x1b[2J", "|"])
def test_a_token_that_is_no_listeners_answers_for_nobody(sub: str) -> None:
    with pytest.raises(RefusedError, match="not a listener's"):
        tokens.listener(Judged(reasons=(), sub=sub, roles=(), exp=1))
