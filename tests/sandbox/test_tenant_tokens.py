"""Tokens: how they are issued and refused, the keys that sign them, and how every endpoint checks them."""

import base64
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import jwt
import pytest
from auth0.authentication import GetToken
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from musicctl.errors import ConfigError
from musicctl.sandbox.local_tenant import clients, keys
from musicctl.sandbox.local_tenant.app import ROUTES
from musicctl.sandbox.local_tenant.settings import SCOPES, TenantSettings
from tests.sandbox.tenant_fixtures import Reply, RunningTenant, running_tenant

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
GUARDED = [route for route in ROUTES if route.scopes]
UNAUTHORIZED = {"error": "access_denied", "error_description": "Unauthorized"}


def ask(tenant: RunningTenant, body: object, headers: dict[str, str] = JSON) -> Reply:
    return tenant.send("POST", "/oauth/token", body, headers=headers)


def signed(tenant: RunningTenant, key: RSAPrivateKey | None = None, /, **other: object) -> str:
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
    own = keys.pairs(tenant.storage)[0]
    return jwt.encode(kept, key or own.private, algorithm="RS256", headers={"kid": own.kid})


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
        ({"grant_type": "refresh_token"}, 501, None),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, 501, None),
        (
            {"grant_type": "client_credential"},
            400,
            {
                "error": "unsupported_grant_type",
                "error_description": "Unsupported grant type: client_credential",
            },
        ),
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
    foreign = signed(tenant, generate_private_key(65537, 2048))
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
    other = {"Authorization": f"Bearer {signed(tenant, scope='read:clients update:clients')}"}
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
        reply = tenant.send(route.method, path, body, headers=one)
        assert reply.status != 401
        assert b"insufficient_scope" not in reply.body


def test_every_management_endpoint_is_guarded() -> None:
    assert {route.path for route in ROUTES if not route.scopes} == {
        "/oauth/token",
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/exports/*",
    }


def test_the_granted_scopes_and_the_lifetime_are_settings(tenant: RunningTenant) -> None:
    tenant.storage.change_settings(TenantSettings(scopes="read:users", token_lifetime=60))
    reply = ask(tenant, tenant.credentials())
    assert (reply.json["scope"], reply.json["expires_in"]) == ("read:users", 60)
    narrow = {"Authorization": f"Bearer {reply.json['access_token']}"}
    assert tenant.send("GET", "/api/v2/users/auth0%7Cnobody", headers=narrow).status == 404
    assert tenant.send("PATCH", "/api/v2/users/auth0%7Cnobody", {}, headers=narrow).status == 403


def test_describes_itself(tenant: RunningTenant) -> None:
    found = tenant.send("GET", "/.well-known/openid-configuration", headers={}).json
    assert found["issuer"] == f"{tenant.url}/"
    assert found["jwks_uri"] == f"{tenant.url}/.well-known/jwks.json"
    assert found["token_endpoint"] == f"{tenant.url}/oauth/token"
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]
    assert "private_key_jwt" in found["token_endpoint_auth_methods_supported"]


def basic(name: str, secret: str) -> dict[str, str]:
    text = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return {**FORM, "Authorization": f"Basic {text}"}


def test_takes_the_secret_from_the_header(tenant: RunningTenant) -> None:
    state = tenant.state
    body = urlencode({"grant_type": "client_credentials", "audience": state.auth0_audience}).encode()
    good = basic(state.auth0_client_id, state.auth0_client_secret.replace("-", "%2D"))
    assert ask(tenant, body, good).json["token_type"] == "Bearer"
    for header in (
        basic(state.auth0_client_id, "wrong"),
        basic("another", state.auth0_client_secret),
        {**FORM, "Authorization": "Basic"},
        {**FORM, "Authorization": "Basic =!="},
        {**FORM, "Authorization": "Basic /w=="},
        {**FORM, "Authorization": "Bearer x.y.z"},
    ):
        reply = ask(tenant, body, header)
        assert (reply.status, reply.json) == (401, UNAUTHORIZED)


CLIENT_KEY = generate_private_key(65537, 2048)
OTHER_KEY = generate_private_key(65537, 2048)


def public(key: RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()


@pytest.fixture
def keyed(tenant: RunningTenant) -> RunningTenant:
    """A tenant that knows a key of the client."""
    clients.register_key(tenant.storage, public(CLIENT_KEY))
    return tenant


def assertion(
    tenant: RunningTenant, key: Any = CLIENT_KEY, algorithm: str = "RS256", **other: object
) -> dict[str, object]:
    """A request for a token by private_key_jwt; None leaves a claim out."""
    client = tenant.state.auth0_client_id
    now = int(time.time())
    claims = {"iss": client, "sub": client, "aud": f"{tenant.url}/", "iat": now, "exp": now + 60}
    claims = {"jti": uuid4().hex, **claims, **other}
    kept = {name: value for name, value in claims.items() if value is not None}
    signed = jwt.encode(kept, key, algorithm=algorithm)
    asked = tenant.credentials(client_assertion=signed, client_assertion_type=clients.ASSERTION)
    return {name: value for name, value in asked.items() if name != "client_secret"}


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "PS256"])
@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
def test_takes_a_signed_assertion(keyed: RunningTenant, algorithm: str, form: bool) -> None:
    asked = assertion(keyed, algorithm=algorithm)
    reply = ask(keyed, urlencode(asked).encode(), FORM) if form else ask(keyed, asked)
    assert reply.status == 200
    assert read_someone(keyed, f"Bearer {reply.json['access_token']}").status == 404


def test_an_assertion_may_leave_the_client_out(keyed: RunningTenant) -> None:
    asked = assertion(keyed)
    del asked["client_id"]
    assert ask(keyed, asked).status == 200


def test_an_assertion_is_good_for_one_token(keyed: RunningTenant) -> None:
    asked = assertion(keyed)
    assert ask(keyed, asked).status == 200
    assert ask(keyed, asked).json == {
        "error": "invalid_client",
        "error_description": "Client assertion validation failed: jti was used before",
    }


@pytest.mark.parametrize(
    "other",
    [
        {"iss": "another"},
        {"sub": "another"},
        {"sub": None},
        {"aud": None},
        {"aud": "https://other.example/"},
        {"jti": None},
        {"jti": 7},
        {"exp": None},
        {"exp": 1_600_000_000},
        {"exp": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"key": OTHER_KEY},
        {"algorithm": "PS384"},
        {"algorithm": "HS256", "key": "k" * 32},
        {"algorithm": "none", "key": None},
    ],
    ids=",".join,
)
def test_refuses_an_assertion(keyed: RunningTenant, other: dict[str, Any]) -> None:
    reply = ask(keyed, assertion(keyed, **other))
    assert (reply.status, reply.json["error"]) == (401, "invalid_client")


def test_the_audience_of_an_assertion_is_the_tenant_as_one_string(keyed: RunningTenant) -> None:
    for wrong in ([f"{keyed.url}/"], keyed.url, f"{keyed.url}/oauth/token", keyed.state.auth0_audience):
        assert ask(keyed, assertion(keyed, aud=wrong)).status == 401
    assert ask(keyed, assertion(keyed, aud=f"{keyed.url}/".replace("http:", "https:"))).status == 200


def test_refuses_an_assertion_that_is_none(keyed: RunningTenant) -> None:
    texts: tuple[object, ...] = ("", "a.b.c", 7, {})
    for text in texts:
        asked = {**assertion(keyed), "client_assertion": text}
        assert ask(keyed, asked).status == 401
    asked = {**assertion(keyed), "client_assertion_type": "another"}
    assert ask(keyed, asked).json["error"] == "invalid_request"
    assert ask(keyed, {**assertion(keyed), "client_id": "another"}).status == 401
    wide = assertion(keyed) | {"audience": "https://other/"}
    assert ask(keyed, wide).status == 403


def test_a_client_without_a_key_makes_no_assertion(tenant: RunningTenant) -> None:
    assert ask(tenant, assertion(tenant)).json["error_description"].endswith("the client has no key")


def test_a_new_key_replaces_the_old_one(keyed: RunningTenant) -> None:
    clients.register_key(keyed.storage, public(OTHER_KEY))
    assert ask(keyed, assertion(keyed)).status == 401
    assert ask(keyed, assertion(keyed, OTHER_KEY)).status == 200


@pytest.mark.parametrize("pem", ["", "nonsense", public(ec.generate_private_key(ec.SECP256R1()))])
def test_only_a_public_rsa_key_is_a_clients_key(tenant: RunningTenant, pem: str) -> None:
    with pytest.raises(ConfigError):
        clients.register_key(tenant.storage, pem)


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_the_sdks_own_assertion_is_good(keyed: RunningTenant) -> None:
    form = serialization.PrivateFormat.PKCS8
    pem = CLIENT_KEY.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    host, client = keyed.url.removeprefix("http://"), keyed.state.auth0_client_id
    for algorithm in clients.ALGORITHMS:
        asking = GetToken(
            host,
            client,
            client_assertion_signing_key=pem,
            client_assertion_signing_alg=algorithm,
            protocol="http",
        )
        assert asking.client_credentials(keyed.state.auth0_audience)["token_type"] == "Bearer"


def published(tenant: RunningTenant) -> list[str]:
    found = tenant.send("GET", "/.well-known/jwks.json", headers={}).json["keys"]
    return [key["kid"] for key in found]


def test_a_running_server_follows_a_rotation_of_its_keys(tmp_path: Path) -> None:
    bad = unauthorized("Invalid signature received for JSON Web Token validation")
    with running_tenant(tmp_path) as tenant:
        old, [first] = f"Bearer {tenant.token()}", published(tenant)
        assert read_someone(tenant, old).status == 404

        keys.rotate(tenant.storage)
        second, previous = published(tenant)
        assert previous == first
        new = tenant.token()
        assert jwt.get_unverified_header(new)["kid"] == second != first
        assert read_someone(tenant, old).status == 404
        assert read_someone(tenant, f"Bearer {new}").status == 404

        keys.revoke(tenant.storage)
        assert published(tenant) == [second]
        # Mid-run, what was issued before is good no more; a fresh token is.
        assert (read_someone(tenant, old).status, read_someone(tenant, old).json) == (401, bad)
        assert read_someone(tenant, f"Bearer {new}").status == 404
        keys.revoke(tenant.storage)
        assert published(tenant) == [second]
