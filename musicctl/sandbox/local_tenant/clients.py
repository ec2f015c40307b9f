"""Who asks for a token: the sandbox's client, by its secret or by an assertion that its key signed."""

import base64
import binascii
import hmac
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from musicctl.errors import ConfigError
from musicctl.sandbox.local_tenant import refusals
from musicctl.sandbox.local_tenant.calls import Call
from musicctl.sandbox.local_tenant.storage import Storage

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ["RS256", "RS384", "PS256"]
LONGEST_LIFE = 300
"""Seconds from now on that an assertion may be good for."""


def register_key(storage: Storage, pem: str) -> None:
    """Take signatures of this RSA key for the client's own; an earlier key is replaced, the secret stays.

    Raises ConfigError when `pem` is no public RSA key.
    """
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except ValueError:
        key = None
    if not isinstance(key, RSAPublicKey):
        raise ConfigError(
            "the client's key is no public RSA key in PEM", hint="openssl rsa -in KEY -pubout makes one"
        )
    with storage.writing():
        storage.write("DELETE FROM client_keys")
        storage.write("INSERT INTO client_keys (pem) VALUES (?)", pem)


def authenticate(call: Call, asked: Mapping[str, object]) -> None:
    """Refuse whoever is not the sandbox's client."""
    if "client_assertion" in asked or "client_assertion_type" in asked:
        _check_assertion(call, asked)
        return
    state = call.services.state
    given = {**_basic(call.request.headers.get("Authorization", "")), **asked}
    known = same(given.get("client_id"), state.auth0_client_id)
    if not (known and same(given.get("client_secret"), state.auth0_client_secret)):
        raise refusals.denied(401, "Unauthorized")


def same(given: object, wanted: str) -> bool:
    """Compare what a client sent with what it should be, in constant time."""
    return isinstance(given, str) and hmac.compare_digest(given.encode(errors="replace"), wanted.encode())


def _basic(header: str) -> dict[str, str]:
    kind, _, text = header.partition(" ")
    if kind.lower() != "basic":
        return {}
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise refusals.denied(401, "Unauthorized") from None
    return {"client_id": unquote(name), "client_secret": unquote(secret)}


def _check_assertion(call: Call, asked: Mapping[str, object]) -> None:
    if asked.get("client_assertion_type") != ASSERTION:
        raise refusals.bad_token_request("invalid_request", "Invalid client_assertion_type")
    claims = _claims(call, asked.get("client_assertion"))
    client_id = call.services.state.auth0_client_id
    if not claims["iss"] == claims["sub"] == asked.get("client_id", client_id) == client_id:
        raise _invalid("iss and sub must be the client_id")
    issuer = call.services.signer.issuer
    # auth0-python 6.8 writes https into the audience even where it is told to speak http.
    if claims["aud"] not in (issuer, issuer.replace("http:", "https:")):
        raise _invalid("aud must be the issuer of the tenant, as a single string")
    if claims["exp"] > time.time() + LONGEST_LIFE:
        raise _invalid(f"exp must be within {LONGEST_LIFE} seconds")
    _use_up(call.services.storage, claims["jti"], claims["exp"])


def _claims(call: Call, assertion: object) -> dict[str, Any]:
    found = call.services.storage.rows("SELECT pem FROM client_keys")
    if not found:
        raise _invalid("the client has no key")
    options: jwt.types.Options = {"require": ["iss", "sub", "aud", "exp", "jti"], "verify_aud": False}
    try:
        return jwt.decode(str(assertion), found[0][0], algorithms=ALGORITHMS, options=options)
    except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise _invalid(str(error)) from None


def _use_up(storage: Storage, jti: str, ends: float) -> None:
    """Refuse an assertion that was here before; it is remembered until it would have ended anyway."""
    with storage.writing():
        storage.write("DELETE FROM assertions WHERE ends < ?", time.time())
        if storage.rows("SELECT 1 FROM assertions WHERE jti = ?", jti):
            raise _invalid("jti was used before")
        storage.write("INSERT INTO assertions (jti, ends) VALUES (?, ?)", jti, ends)


def _invalid(reason: str) -> refusals.Refusal:
    """Return the refusal of an assertion. Its wording is not documented."""
    description = f"Client assertion validation failed: {reason}"
    return refusals.Refusal(401, {"error": "invalid_client", "error_description": description})
