"""Tokens: how they are issued and refused, and how every management endpoint checks them."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from musicctl.sandbox.local_tenant.app import ROUTES
from musicctl.sandbox.local_tenant.settings import SCOPES, TenantSettings
from musicctl.sandbox.local_tenant.signing import KEY
from tests.sandbox.tenant_fixtures import Reply, RunningTenant

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
GUARDED = [route for route in ROUTES if route.scopes]
UNAUTHORIZED = {"error": "access_denied", "error_description": "Unauthorized"}


def ask(tenant: RunningTenant, body: object, headers: dict[str, str] = JSON) -> Reply:
    return tenant.send("POST", "/oauth/token", body, headers=headers)


def signed(tenant: RunningTenant, key: str = "", /, **other: object) -> str:
    """A token like the tenant's own, but for what is given; None leaves a claim out."""
    claims = {
        "iss": f"{tenant.url}/",
        "sub": f"{tenant.state.auth0_client_id}@clients",
        "aud": tenant.state.auth0_audience,
        "iat": int(time.time()) - 7200,
        "exp": int(time.time()) + 3600,
        "scope": SCOPES,
        **other,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key or own_key(tenant), algorithm="RS256", headers={"kid": "any"})


def own_key(tenant: RunningTenant) -> str:
    return tenant.storage.document(KEY, lambda: pytest.fail("the tenant has no key"))


def read_someone(tenant: RunningTenant, authorization: str | None) -> Reply:
    headers = {} if authorization is None else {"Authorization": authorization}
    return tenant.send("GET", "/api/v2/users/auth0%7Cnobody", headers=headers)


@pytest.mark.parametrize("extra", [{}, {"organization": None}], ids=["plain", "null organization"])
@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
def test_issues_a_token(tenant: RunningTenant, form: bool, extra: dict[str, object]) -> None:
    asked = tenant.credentials(**extra)
    if form:
        asked = {name: "" if value is None else value for name, value in asked.items()}
    body = urlencode(asked).encode() if form else json.dumps(asked).encode()
    reply = ask(tenant, body, FORM if form else JSON)
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    assert {name: value for name, value in reply.json.items() if name != "access_token"} == {
        "scope": SCOPES,
        "expires_in": 86400,
        "token_type": "Bearer",
    }
    assert read_someone(tenant, f"Bearer {reply.json['access_token']}").status == 404


def test_the_token_says_who_and_for_what_and_is_signed_with_the_published_key(tenant: RunningTenant) -> None:
    token = tenant.token()
    [key] = tenant.send("GET", "/.well-known/jwks.json", headers={}).json["keys"]
    assert set(key) == {"kty", "use", "n", "e", "kid", "alg"}
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "kid": key["kid"], "typ": "JWT"}
    claims = jwt.decode(token, jwt.PyJWK(key), algorithms=["RS256"], audience=tenant.state.auth0_audience)
    begins = claims.pop("iat")
    assert claims.pop("exp") - begins == 86400
    assert abs(begins - time.time()) < 60
    assert claims == {
        "iss": f"http://127.0.0.1:{tenant.state.port}/",
        "sub": "sandbox-client@clients",
        "aud": f"http://127.0.0.1:{tenant.state.port}/api/v2/",
        "azp": "sandbox-client",
        "gty": "client-credentials",
        "scope": SCOPES,
    }


@pytest.mark.parametrize(
    ("changed", "status", "body"),
    [
        ({"client_secret": "wrong"}, 401, UNAUTHORIZED),
        ({"client_secret": None}, 401, UNAUTHORIZED),
        ({"client_secret": 7}, 401, UNAUTHORIZED),
        ({"client_secret": "\ud800"}, 400, None),
        ({"client_id": "another"}, 401, UNAUTHORIZED),
        (
            {"audience": "https://other/api/v2/"},
            403,
            {
                "error": "access_denied",
                "error_description": 'Client is not authorized to access "https://other/api/v2/". You need to'
                ' create a "client-grant" associated to this API. See:'
                " https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants",
            },
        ),
        (
            {"audience": None},
            403,
            {
                "error": "access_denied",
                "error_description": "No audience parameter was provided, and no default audience has been"
                " configured",
            },
        ),
        (
            {"grant_type": None},
            400,
            {"error": "invalid_request", "error_description": "Missing required parameter: grant_type"},
        ),
        ({"grant_type": "password"}, 501, None),
        ({"client_secret": None, "client_assertion": "a.b.c"}, 501, None),
    ],
)
def test_refuses_to_issue(
    tenant: RunningTenant, changed: dict[str, object], status: int, body: dict[str, str] | None
) -> None:
    reply = ask(tenant, tenant.credentials(**changed))
    assert reply.status == status
    assert body is None or reply.json == body


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b""])
def test_refuses_a_request_that_is_no_object(tenant: RunningTenant, body: bytes) -> None:
    assert ask(tenant, body).status == 400


def unauthorized(message: str) -> dict[str, Any]:
    return {
        "statusCode": 401,
        "error": "Unauthorized",
        "message": message,
        "attributes": {"error": message},
    }


NONE = {"statusCode": 401, "error": "Unauthorized", "message": "Missing authentication"}
MALFORMED = {
    "statusCode": 400,
    "error": "Bad Request",
    "message": "Bad HTTP authentication header format",
    "errorCode": "Bearer",
}


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (None, NONE),
        ("", NONE),
        ("Basic dXNlcjpwYXNz", NONE),
        ("Bearer", MALFORMED),
        ("Bearer one two", MALFORMED),
        ("Bearer opaque-token", MALFORMED),
        ("Bearer a.b", MALFORMED),
        ("Bearer é.b.c", MALFORMED),
        ("Bearer a.b.c", unauthorized("Invalid token")),
        ("Bearer " + "W" * 6000 + ".b.c", unauthorized("Invalid token")),
    ],
)
def test_refuses_what_is_no_token(tenant: RunningTenant, header: str | None, body: dict[str, object]) -> None:
    reply = read_someone(tenant, header)
    assert (reply.status, reply.json) == (body["statusCode"], body)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"exp": 1_600_000_000}, "Expired token received for JSON Web Token validation"),
        ({"aud": "https://other/"}, "Bad audience: https://other/"),
        ({"aud": ["https://a/", "https://b/"]}, "Bad audience: https://a/, https://b/"),
        ({"aud": None}, "Invalid token"),
        ({"exp": None}, "Invalid token"),
        ({"iss": "https://other/"}, "Invalid token"),
    ],
)
def test_refuses_tokens_of_its_own_that_do_not_fit(
    tenant: RunningTenant, other: dict[str, object], message: str
) -> None:
    for _ in range(2):  # what was refused once is not remembered as good
        reply = read_someone(tenant, f"Bearer {signed(tenant, **other)}")
        assert (reply.status, reply.json) == (401, unauthorized(message))


def test_refuses_other_signatures(tenant: RunningTenant) -> None:
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    foreign = signed(tenant, generate_private_key(65537, 2048).private_bytes(*pem).decode())
    own = signed(tenant)
    bad = unauthorized("Invalid signature received for JSON Web Token validation")
    assert read_someone(tenant, f"Bearer {foreign}").json == bad
    assert read_someone(tenant, f"Bearer {own[:-8]}AAAAAAAA").json == bad
    assert read_someone(tenant, f"Bearer {own}").status == 404


def test_refuses_other_algorithms(tenant: RunningTenant) -> None:
    claims = jwt.decode(tenant.token(), options={"verify_signature": False})
    for token in (
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode(claims, "k" * 32, algorithm="HS256"),
    ):
        assert read_someone(tenant, f"Bearer {token}").json == unauthorized("Invalid token")


def test_a_token_that_was_good_still_ends(tenant: RunningTenant) -> None:
    for lifetime in (1, 4, 16):  # a busy machine may need longer for the first request
        token = signed(tenant, exp=int(time.time()) + lifetime)
        if read_someone(tenant, f"Bearer {token}").status == 404:
            break
    while (reply := read_someone(tenant, f"Bearer {token}")).status == 404:
        time.sleep(0.1)
    assert reply.json == unauthorized("Expired token received for JSON Web Token validation")


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
def test_every_management_endpoint_wants_a_token_with_one_of_its_scopes(
    tenant: RunningTenant, route: Any
) -> None:
    path = route.path.replace("*", "auth0%7Cnobody")
    body: object = {} if route.method in ("POST", "PATCH") else None
    assert tenant.send(route.method, path, body, headers={}).json == NONE
    other = {"Authorization": f"Bearer {signed(tenant, scope='read:clients delete:users')}"}
    reply = tenant.send(route.method, path, body, headers=other)
    assert reply.status == 403
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.json == {
        "statusCode": 403,
        "error": "Forbidden",
        "message": f"Insufficient scope, expected any of: {','.join(route.scopes)}",
        "errorCode": "insufficient_scope",
    }
    for scope in route.scopes:
        one = {"Authorization": f"Bearer {signed(tenant, scope=scope)}"}
        assert tenant.send(route.method, path, body, headers=one).status not in (401, 403)


def test_every_management_endpoint_is_guarded() -> None:
    assert {route.path for route in ROUTES if not route.scopes} == {
        "/oauth/token",
        "/.well-known/jwks.json",
        "/exports/*",
    }


def test_the_granted_scopes_and_the_lifetime_are_settings(tenant: RunningTenant) -> None:
    tenant.storage.change_settings(TenantSettings(scopes="read:users", token_lifetime=60))
    reply = ask(tenant, tenant.credentials())
    assert (reply.json["scope"], reply.json["expires_in"]) == ("read:users", 60)
    narrow = {"Authorization": f"Bearer {reply.json['access_token']}"}
    assert tenant.send("GET", "/api/v2/users/auth0%7Cnobody", headers=narrow).status == 404
    assert tenant.send("PATCH", "/api/v2/users/auth0%7Cnobody", {}, headers=narrow).status == 403
