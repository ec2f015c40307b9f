"""Tokens that nobody should take, through the whole program: refused with the reason, and never repeated."""

import io
import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from musicctl.sandbox.local_tenant import keys as tenant_keys
from tests.operations.mutants import mutants
from tests.program import Program, Sandbox
from tests.signing import DROP, Key, assembled, by_secret, changed, part

Forge = Callable[[Key, dict[str, object]], str]
MUTANTS = int(os.environ.get("MUTANTS", "200"))
"""How many go through the whole program; 20,000 take minutes, and `--timeout 0`."""


def header(**changes: object) -> Forge:
    return lambda key, said: assembled(key.header(**changes), said, key.sign)


def says(**changes: object) -> Forge:
    return lambda key, said: assembled(key.header(), changed(said, changes), key.sign)


def raw(claims: bytes) -> Forge:
    return lambda key, _: assembled(key.header(), claims, key.sign)


def unsigned(key: Key, said: dict[str, object]) -> str:
    return f"{part(key.header(alg='none'))}.{part(said)}."


def with_the_public_key(key: Key, said: dict[str, object]) -> str:
    return assembled(key.header(alg="HS256"), said, by_secret(key.pem))


def by_a_stranger(key: Key, said: dict[str, object]) -> str:
    stranger = Key.made(key.kid)
    return assembled(stranger.header(jwk=stranger.jwk()), said, stranger.sign)


def now(seconds: int) -> int:
    return int(time.time()) + seconds


def past_its_end(seconds: int) -> Forge:
    return says(exp=now(-seconds))


def to_come(name: str) -> Forge:
    return says(**{name: now(36_000)})


FORGED: dict[str, tuple[Forge, str]] = {
    "alg none": (unsigned, "alg is none, and the settings want RS256"),
    "the public key as a secret": (with_the_public_key, "alg is HS256, and the settings want RS256"),
    "another algorithm": (header(alg="RS384"), "alg is RS384, and the settings want RS256"),
    "another key": (by_a_stranger, "the signature is wrong"),
    "no such key": (header(kid="nobody's"), "the tenant has no key nobody's"),
    "no key named": (header(kid=DROP), "kid is missing, which names no key"),
    "wrong type": (header(typ="logout+jwt"), "typ is logout+jwt, and neither JWT nor at+jwt"),
    "an extension": (header(crit=["exp"]), "crit asks for an extension, and none is known here"),
    "a bare payload": (header(b64=False), "b64 is not for tokens"),
    "no end": (says(exp=DROP), "exp is missing: it would never end"),
    "no audience": (says(aud=DROP), "aud is missing, which names no audience"),
    "another audience": (says(aud="https://other.example.com"), "aud is https://other.example.com, and not "),
    "no issuer": (says(iss=DROP), "iss is missing, and not http://127.0.0.1:"),
    "another issuer": (
        says(iss="https://other.eu.auth0.com/"),
        "iss is https://other.eu.auth0.com/, and not ",
    ),
    "nobody": (says(sub=DROP), "sub is missing, which names nobody"),
    "a number as subject": (says(sub=7), "sub is 7, which names nobody"),
    "past its end by a second": (past_its_end(31), "it ended "),
    "from the future": (to_come("iat"), "it comes from the future: issued "),
    "not yet good": (to_come("nbf"), "it is not good before "),
    "infinity": (says(exp=1e400), "the claims: not JSON"),
    "more than a float holds": (raw(b'{"exp": 1e400}'), "exp is inf, which is no time in whole seconds"),
    "half a second": (says(exp=4_000_000_000.5), "exp is 4000000000.5, which is no time in whole seconds"),
    "said twice": (
        raw(b'{"sub": "auth0|ada", "sub": "auth0|bob"}'),
        "the claims: the key sub is there twice",
    ),
    "half a pair": (raw(b'{"sub": "\\ud800"}'), "the claims: has half a surrogate pair"),
    "deep": (raw(b'{"a": ' * 900 + b"1" + b"}" * 900), "the claims: nested more than 16 levels deep"),
    "bottomless": (raw(b"[" * 100_000), "the claims: not JSON"),
    "a list": (raw(b"[]"), "the claims: no JSON object"),
    "1 MB": (says(x="x" * 1_000_000), "it has more than 200,000 characters"),
    "garbage": (lambda *_: "\x00\x1b[2J garbage", "it is no signed token: it has 1 part in place of three"),
    "encrypted": (lambda *_: "a.b.c.d.e", "it is encrypted: it has five parts"),
    "nothing": (lambda *_: "", "it is empty"),
}


def good(sandbox: Sandbox) -> dict[str, object]:
    """Return the claims of a token that the sandbox's profile takes."""
    state = sandbox.state
    return {
        "iss": f"{state.auth0_domain}/",
        "sub": "auth0|ada",
        "aud": state.auth0_client_id,
        "iat": now(0),
        "exp": now(600),
    }


def key_of(sandbox: Sandbox) -> Key:
    pair = tenant_keys.pairs(sandbox.tenant)[0]
    return Key(pair.private, pair.kid)


def test_what_is_forged_below_would_be_taken_as_it_is(
    sandbox: Sandbox, program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(says()(key_of(sandbox), good(sandbox)))
    taken = program("token", "verify", f"@{file}", "--json")
    assert (taken.code, taken.err) == (0, "")
    file.write_text(past_its_end(1)(key_of(sandbox), good(sandbox)))
    assert program("token", "verify", f"@{file}").code == 0


@pytest.mark.parametrize(("forge", "reason"), FORGED.values(), ids=FORGED)
def test_a_forged_token_is_refused_with_the_reason(
    sandbox: Sandbox, program: Program, tmp_path: Path, forge: Forge, reason: str
) -> None:
    token, file = forge(key_of(sandbox), good(sandbox)), tmp_path / "token"
    file.write_text(token)
    refused = program("token", "verify", f"@{file}", "--json")
    error = refused.error
    assert (refused.code, error["code"], error["exit"]) == (4, "refused", 4)
    assert any(each.startswith(reason) for each in refused.json["reasons"]), refused.json
    assert error["reasons"] == refused.json["reasons"]
    assert refused.json | {"reasons": 0} == {
        "valid": False,
        "reasons": 0,
        "sub": None,
        "roles": None,
        "exp": None,
        "stale": None,
    }
    for_people = program("token", "verify", f"@{file}")
    assert (for_people.code, for_people.out) == (4, "")
    assert program("token", "decode", f"@{file}").code == (0 if "token decode" in error["hint"] else 4)
    assert "\x1b" not in for_people.err
    signature = token.rpartition(".")[2]
    assert len(signature) < 20 or signature not in refused.out + refused.err + for_people.err


@pytest.mark.parametrize(("forge", "reason"), FORGED.values(), ids=FORGED)
def test_a_forged_token_answers_for_nobody(
    sandbox: Sandbox,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    forge: Forge,
    reason: str,
) -> None:
    sandbox.query("INSERT INTO songs VALUES ('1', 'So What', 'auth0|ada')")
    monkeypatch.setattr("sys.stdin", io.StringIO(forge(key_of(sandbox), good(sandbox))))
    refused = program("songs", "list", "--token", "-", "--json")
    assert (refused.code, refused.out) == (4, "")
    assert any(each.startswith(reason) for each in refused.error["reasons"])


def test_mutants_are_refused_in_words(sandbox: Sandbox, program: Program, tmp_path: Path) -> None:
    token, file = says()(key_of(sandbox), good(sandbox)), tmp_path / "token"
    for place, mutant in enumerate(mutants(token, MUTANTS, random.Random(26))):
        if mutant.strip() == token:
            continue  # blanks around a token in a file are no part of it
        file.write_text(mutant, encoding="utf-8", errors="surrogatepass")
        refused = program("token", "verify", f"@{file}", *(["--json"] if place % 2 else []))
        assert (refused.code, "the token is refused: " in refused.err) == (4, True), mutant


def test_every_reason_is_given(sandbox: Sandbox, program: Program, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{part({'alg': 'none'})}.{part({})}.")
    reasons = program("token", "verify", f"@{file}", "--json").json["reasons"]
    assert [reason.split()[0] for reason in reasons] == [
        "it", "alg", "typ", "kid", "sub", "iss", "aud", "exp"
    ]  # fmt: skip


def test_bytes_that_are_no_text_are_refused(
    sandbox: Sandbox, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"\xff\x00\xfe" * 100)
    assert program("token", "verify", f"@{file}").code == 4
    with io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        refused = program("token", "verify", "-", "--json")
    assert (refused.code, json.loads(refused.out)["valid"]) == (4, False)
