"""Users: bodies word for word, ids of every kind, root attributes, and the log of what took effect."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import quote

import pytest

from musicctl.sandbox.local_tenant.storage import Storage
from tests.sandbox.tenant_fixtures import RunningTenant

RINGO = "/api/v2/users/auth0%7Cringo"
JSON_TYPE = "application/json; charset=utf-8"
NOT_THERE = {
    "statusCode": 404,
    "error": "Not Found",
    "message": "The user does not exist.",
    "errorCode": "inexistent_user",
}
DATABASE = "Username-Password-Authentication"


def invalid(message: str, code: str = "invalid_body") -> dict[str, object]:
    return {"statusCode": 400, "error": "Bad Request", "message": message, "errorCode": code}


def test_a_fresh_profile_is_as_recorded(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    reply = tenant.send("GET", RINGO)
    assert reply.headers["content-type"] == JSON_TYPE
    # The hash is of the address; keys that were never set are absent, and none is null.
    assert list(reply.json.items()) == [
        ("created_at", "2023-07-22T04:26:40.000Z"),
        ("email", "ringo@example.com"),
        ("email_verified", False),
        (
            "identities",
            [{"user_id": "ringo", "connection": DATABASE, "provider": "auth0", "isSocial": False}],
        ),
        ("name", "ringo@example.com"),
        ("nickname", "ringo"),
        (
            "picture",
            "https://s.gravatar.com/avatar/5dfe56cb0999cf5d9d9d0edf3700f60d?s=480&r=pg"
            "&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fri.png",
        ),
        ("updated_at", "2023-07-22T04:26:40.000Z"),
        ("user_id", "auth0|ringo"),
    ]


def test_a_social_identity(tenant: RunningTenant) -> None:
    tenant.put("google-oauth2|1003", email=None)
    profile = tenant.send("GET", "/api/v2/users/google-oauth2|1003").json
    assert profile["identities"] == [
        {"user_id": "1003", "connection": "google-oauth2", "provider": "google-oauth2", "isSocial": True}
    ]
    assert set(profile) == {"created_at", "identities", "updated_at", "user_id"}


def test_nobody(tenant: RunningTenant) -> None:
    for method, body in (("GET", None), ("PATCH", {"app_metadata": {"a": 1}}), ("PATCH", {"email": "a@b.c"})):
        reply = tenant.send(method, RINGO, body)
        assert (reply.status, reply.json, reply.headers["content-type"]) == (404, NOT_THERE, JSON_TYPE)
    assert tenant.storage.effects() == []


@pytest.mark.parametrize(
    "user_id",
    [
        "auth0|5f7c8ec7c33c6c004bbafe82",
        "apple|8778c5.66f1fed56d5660823e6b599834f5237a.7dfd",
        "spotify|spotify:user:xyz",
        "auth0|a/b",
        "auth0|../../users",
        "auth0|x?y#z&a=b",
        "auth0|100%",
        "auth0|%7C",
        "auth0|a+b c",
        "samlp|conn|someone@example.com",
        "auth0|é日本⭐",
        "auth0|.",
        "auth0|" + "x" * 1018,
    ],
)
def test_ids_of_every_kind(tenant: RunningTenant, user_id: str) -> None:
    tenant.put(user_id)
    tenant.put("auth0|other")
    path = f"/api/v2/users/{quote(user_id, safe='')}"
    assert tenant.send("GET", path).json["user_id"] == user_id
    assert tenant.send("PATCH", path, {"app_metadata": {"mine": 1}}).json["app_metadata"] == {"mine": 1}
    assert tenant.storage.effects()[-1].user_id == user_id
    # A raw | is what older programs send.
    assert tenant.send("GET", path.replace("%7C", "|", 1)).json["user_id"] == user_id
    assert "app_metadata" not in tenant.send("GET", "/api/v2/users/auth0%7Cother").json


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("fields=user_id,email", {"user_id", "email"}),
        ("fields=user_id&include_fields=true", {"user_id"}),
        ("fields=user_id%2Capp_metadata%2Cuser_metadata", {"user_id", "app_metadata"}),
        ("fields=no_such_field", set()),
        (
            "fields=identities,picture,name,nickname,email,email_verified&include_fields=false",
            {"app_metadata", "created_at", "updated_at", "user_id"},
        ),
    ],
)
def test_fields(tenant: RunningTenant, query: str, keys: set[str]) -> None:
    tenant.put("auth0|ringo", app_metadata='{"roles": []}')
    assert set(tenant.send("GET", f"{RINGO}?{query}").json) == keys
    [found] = tenant.send("GET", f"/api/v2/users-by-email?email=ringo%40example.com&{query}").json
    assert set(found) == keys


def test_empty_fields_are_all_fields(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    assert tenant.send("GET", f"{RINGO}?fields=&include_fields=true").json == tenant.send("GET", RINGO).json


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            f"{RINGO}?include_fields=maybe",
            "Query validation error: 'Expected type boolean but found type string' on property include_fields"
            " (Whether specified fields are to be included (true) or excluded (false)).",
        ),
        (f"{RINGO}?colour=red", "Query validation error: 'Additional properties not allowed: colour'."),
        ("/api/v2/users-by-email", "Query validation error: 'Missing required property: email'."),
    ],
)
def test_refuses_queries(tenant: RunningTenant, path: str, message: str) -> None:
    assert tenant.send("GET", path).json == invalid(message, "invalid_query_string")


def test_finds_every_account_with_an_address_in_exactly_this_case(tenant: RunningTenant) -> None:
    for user_id in ("auth0|b", "google-oauth2|a"):
        tenant.put(user_id)
    tenant.put("auth0|c", email="Ringo@example.com")
    for address, found in (
        ("ringo%40example.com", ["auth0|b", "google-oauth2|a"]),
        ("Ringo@example.com", ["auth0|c"]),
        ("nobody%40example.com", []),
        ("", []),
    ):
        reply = tenant.send("GET", f"/api/v2/users-by-email?email={address}")
        assert (reply.status, [user["user_id"] for user in reply.json]) == (200, found)


def test_makes_a_user(tenant: RunningTenant) -> None:
    body = {
        "connection": DATABASE,
        "email": "Ringo@Example.com",
        "password": "drums-1940",
        "user_id": "ringo",
        "name": "Ringo",
        "app_metadata": {"roles": ["x"], "gone": None},
        "user_metadata": {},
    }
    reply = tenant.send("POST", "/api/v2/users", body)
    assert reply.status == 201
    profile = reply.json
    assert tenant.send("GET", RINGO).json == profile
    assert profile["email"] == "ringo@example.com"
    assert profile["name"] == "Ringo"
    assert profile["app_metadata"] == {"roles": ["x"]}
    assert profile["user_metadata"] == {}
    assert profile["created_at"] == profile["updated_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", profile["created_at"])
    assert "drums-1940" not in json.dumps(profile) + str(tenant.storage.effects())


def test_makes_ids_of_its_own(tenant: RunningTenant) -> None:
    ids = set()
    for name in ("a", "b"):
        body = {"connection": DATABASE, "email": f"{name}@example.com"}
        ids.add(tenant.send("POST", "/api/v2/users", body).json["user_id"])
    assert len(ids) == 2
    assert all(re.fullmatch(r"auth0\|[0-9a-f]{24}", user_id) for user_id in ids)


@pytest.mark.parametrize(
    "body", [{"user_id": "ringo", "email": "new@example.com"}, {"email": "RINGO@example.com"}]
)
def test_refuses_a_user_who_is_there(tenant: RunningTenant, body: dict[str, str]) -> None:
    tenant.put("auth0|ringo")
    before = tenant.send("GET", RINGO).json
    reply = tenant.send("POST", "/api/v2/users", {"connection": DATABASE, **body})
    assert reply.status == 409
    assert reply.json == {
        "statusCode": 409,
        "error": "Conflict",
        "message": "The user already exists.",
        "errorCode": "auth0_idp_error",
    }
    assert tenant.send("GET", RINGO).json == before
    assert tenant.storage.effects() == []


def test_the_same_address_at_another_provider_is_no_conflict(tenant: RunningTenant) -> None:
    tenant.put("google-oauth2|1")
    body = {"connection": DATABASE, "email": "ringo@example.com"}
    assert tenant.send("POST", "/api/v2/users", body).status == 201


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (
            {"email": "a@b.c"},
            "Payload validation error: 'Missing required property: connection'.",
            "invalid_body",
        ),
        (
            {"connection": DATABASE},
            "Payload validation error: 'Missing required property: email'.",
            "invalid_body",
        ),
        (
            {"connection": DATABASE, "email": "nobody"},
            "Payload validation error: 'Object didn't pass validation for format email: nobody'"
            " on property email (Email address of this user).",
            "invalid_body",
        ),
        (
            {"connection": DATABASE, "email": "a@b.c", "colour": 1},
            "Payload validation error: 'Additional properties not allowed: colour'.",
            "invalid_body",
        ),
        (
            {"connection": DATABASE, "email": "a@b.c", "name": ""},
            "Payload validation error: 'String is too short (0 chars), minimum 1' on property name"
            " (Name of this user).",
            "invalid_body",
        ),
        (
            {"connection": "spotify", "email": "a@b.c"},
            "The connection does not exist.",
            "inexistent_connection",
        ),
    ],
)
def test_refuses_to_make(tenant: RunningTenant, body: dict[str, object], message: str, code: str) -> None:
    reply = tenant.send("POST", "/api/v2/users", body)
    assert (reply.status, reply.json) == (400, invalid(message, code))
    assert tenant.storage.count_users() == 0


def test_changes_root_attributes_and_leaves_what_followed_from_the_old_address(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    before = tenant.send("GET", RINGO).json
    tenant.send("PATCH", RINGO, {"email": "starr@example.com", "blocked": True, "verify_email": False})
    after = tenant.send("PATCH", RINGO, {"nickname": "R"}).json
    assert {name: value for name, value in after.items() if before.get(name) != value} == {
        "email": "starr@example.com",
        "blocked": True,
        "nickname": "R",
        "updated_at": after["updated_at"],
    }
    [found] = tenant.send("GET", "/api/v2/users-by-email?email=starr%40example.com").json
    assert found == after


def test_deletes_a_user_also_when_there_is_none(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    tenant.put("auth0|paul", email="paul@example.com")
    named = {**tenant.headers, "X-Correlation-ID": "run-7"}
    reply = tenant.send("DELETE", RINGO, headers=named)
    assert (reply.status, reply.body) == (204, b"")
    assert "content-type" not in reply.headers
    assert tenant.send("GET", RINGO).status == 404
    assert tenant.send("DELETE", RINGO).status == 204
    [effect] = tenant.storage.effects()
    assert (effect.method, effect.path, effect.user_id) == ("DELETE", RINGO, "auth0|ringo")
    assert (effect.body, effect.correlation_id) == ("{}", "run-7")
    assert tenant.storage.count_users() == 1
    # Whoever comes back under the same id is somebody new.
    body = {"connection": DATABASE, "email": "ringo@example.com", "user_id": "ringo"}
    assert tenant.send("POST", "/api/v2/users", body).json["created_at"] > "2024"


@pytest.mark.parametrize(
    "names",
    [
        ("password", "email"),
        ("password", "email_verified"),
        ("username", "email"),
        ("username", "email_verified"),
        ("username", "password"),
    ],
)
def test_some_attributes_are_not_changed_together(tenant: RunningTenant, names: tuple[str, str]) -> None:
    tenant.put("auth0|ringo")
    values = {"password": "x", "email": "a@b.c", "email_verified": True, "username": "r"}
    reply = tenant.send("PATCH", RINGO, {name: values[name] for name in names})
    assert reply.json == invalid(f"Cannot update {names[0]} and {names[1]} simultaneously.")


def test_an_address_is_kept_in_lower_case_and_belongs_to_one(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    tenant.put("auth0|paul", email="paul@example.com")
    tenant.put("spotify|1", email="social@example.com")
    taken = tenant.send("PATCH", RINGO, {"email": "Paul@Example.com"})
    assert (taken.status, taken.json) == (
        400,
        invalid("The specified new email already exists", "auth0_idp_error"),
    )
    assert tenant.send("PATCH", RINGO, {"email": "Social@example.com"}).json["email"] == "social@example.com"
    assert tenant.send("PATCH", RINGO, {"email": "Social@Example.com"}).status == 200
    assert len(tenant.send("GET", "/api/v2/users-by-email?email=social%40example.com").json) == 2


@pytest.mark.parametrize(("name", "longest"), [("name", 300), ("nickname", 300), ("given_name", 150)])
def test_names_have_a_longest(tenant: RunningTenant, name: str, longest: int) -> None:
    tenant.put("auth0|ringo")
    assert tenant.send("PATCH", RINGO, {name: "é" * longest}).json[name] == "é" * longest
    reply = tenant.send("PATCH", RINGO, {name: "é" * (longest + 1)})
    assert reply.json["message"].startswith(
        f"Payload validation error: 'String is too long ({longest + 1} chars), maximum {longest}'"
        f" on property {name} ("
    )


def test_root_attributes_go_by_null_where_the_connection_allows_it(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    tenant.put("spotify|ringo", root='{"given_name": "Richard"}')
    refused = tenant.send("PATCH", RINGO, {"name": None, "nickname": None})
    assert refused.json["message"].startswith(
        "The following user attributes cannot be removed: name, nickname."
    )
    path = "/api/v2/users/spotify%7Cringo"
    changed = tenant.send("PATCH", path, {"name": None, "given_name": None}).json
    assert not {"name", "given_name"} & set(changed)
    assert tenant.send("GET", path).json == changed
    refused = tenant.send("PATCH", path, {"email": "starr@example.com"})
    assert refused.json == invalid("Cannot update email for non-database user.")


def test_every_change_moves_updated_at(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    times = [tenant.send("PATCH", RINGO, {"app_metadata": {"same": 1}}).json["updated_at"] for _ in range(5)]
    assert times == sorted(set(times))
    profile = tenant.send("GET", RINGO).json
    assert profile["updated_at"] == times[-1]
    assert profile["created_at"] == "2023-07-22T04:26:40.000Z"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "Invalid request payload JSON format"),
        (b"", "Invalid request payload JSON format"),
        (b'{"app_metadata": {"a": "\xff"}}', "Invalid request payload JSON format"),
        (b'{"app_metadata": {"a": "\\ud800"}}', "Invalid request payload JSON format"),
        (b'{"app_metadata": ' + b"[" * 100_000, "Invalid request payload JSON format"),
        (b"[]", "Payload validation error: 'Expected type object but found type array'."),
        (b'{"roles": []}', "Payload validation error: 'Additional properties not allowed: roles'."),
        (
            b'{"blocked": "yes"}',
            "Payload validation error: 'Expected type boolean but found type string' on property blocked"
            " (Whether this user was blocked by an administrator).",
        ),
    ],
)
def test_refuses_bodies(tenant: RunningTenant, body: bytes, message: str) -> None:
    tenant.put("auth0|ringo")
    reply = tenant.send("PATCH", RINGO, body)
    assert (reply.status, reply.json) == (400, invalid(message))
    assert tenant.storage.effects() == []


def test_an_empty_body_changes_nothing(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    before = tenant.send("GET", RINGO).json
    assert tenant.send("PATCH", RINGO, {}).json == before
    assert tenant.storage.effects() == []


def test_refuses_more_than_a_megabyte(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    fits = b'{"app_metadata":{"a":"' + b"x" * ((1 << 20) - 25) + b'"}}'
    assert len(fits) == 1 << 20
    assert tenant.send("PATCH", RINGO, fits).status == 200
    reply = tenant.send("PATCH", RINGO, fits + b" ")
    assert reply.status == 413
    assert reply.json == {
        "statusCode": 413,
        "error": "Request Entity Too Large",
        "message": "Payload content length greater than maximum allowed: 1048576",
    }
    assert len(tenant.storage.effects()) == 1


def test_refuses_more_than_a_megabyte_in_pieces(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    connection = HTTPConnection("127.0.0.1", tenant.state.port, timeout=30)
    pieces = (b'{"app_metadata":{"a":"', *(b"x" * 65536 for _ in range(20)), b'"}}')
    try:
        connection.request("PATCH", RINGO, iter(pieces), tenant.headers, encode_chunked=True)
        assert connection.getresponse().status == 413
    finally:
        connection.close()
    assert tenant.storage.effects() == []


def test_the_narrow_scope_changes_app_metadata_alone(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    settings = tenant.storage.settings()
    tenant.storage.change_settings(type(settings)(scopes="update:users_app_metadata"))
    narrow = {"Authorization": f"Bearer {tenant.token()}"}
    assert tenant.send("PATCH", RINGO, {"app_metadata": {"a": 1}}, headers=narrow).status == 200
    reply = tenant.send("PATCH", RINGO, {"user_metadata": {"a": 1}}, headers=narrow)
    assert reply.json["message"] == "Insufficient scope, expected any of: update:users"
    assert tenant.send("GET", RINGO, headers=narrow).status == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/api/v2/users"),
        ("PUT", RINGO),
        ("GET", f"{RINGO}/roles"),
        ("POST", f"{RINGO}/identities"),
        ("GET", "/api/v2/roles"),
        ("GET", "/api/v2/users/auth0%7Ca/b"),
        ("GET", "/oauth/token"),
        ("GET", "/"),
        ("GET", "/api/v2/users/auth0%7Cringo/"),
    ],
)
def test_says_what_is_not_emulated(tenant: RunningTenant, method: str, path: str) -> None:
    tenant.put("auth0|ringo")
    reply = tenant.send(method, path)
    assert reply.status == 501
    assert reply.json == {
        "statusCode": 501,
        "error": "Not Implemented",
        "message": f"The local tenant does not emulate {method} {path.partition('?')[0]}.",
        "errorCode": "not_emulated",
    }


def test_logs_each_write_that_took_effect_and_every_request(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    tenant.send("GET", f"{RINGO}?fields=email")
    named = {**tenant.headers, "X-Correlation-ID": "run-7"}
    tenant.send("PATCH", RINGO, {"app_metadata": {"roles": ["x"]}}, headers=named)
    tenant.send("PATCH", RINGO, {"app_metadata": 7})
    tenant.send("PATCH", "/api/v2/users/auth0|ringo", {"user_metadata": {"displayName": "R ⭐"}})
    first, second = tenant.storage.effects()
    assert (first.method, first.path, first.user_id) == ("PATCH", RINGO, "auth0|ringo")
    assert (json.loads(first.body), first.correlation_id) == ({"app_metadata": {"roles": ["x"]}}, "run-7")
    assert (second.path, second.correlation_id) == ("/api/v2/users/auth0|ringo", None)
    assert json.loads(second.body) == {"user_metadata": {"displayName": "R ⭐"}}
    assert first.seq < second.seq
    assert first.at <= second.at
    assert tenant.storage.effects(after=first.seq) == [second]
    requests = [(request.method, request.path, request.status) for request in tenant.storage.requests()]
    assert requests == [
        ("GET", RINGO, 200),
        ("PATCH", RINGO, 200),
        ("PATCH", RINGO, 400),
        ("PATCH", "/api/v2/users/auth0|ringo", 200),
    ]


def test_two_writers_at_once_lose_nothing(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")

    def patch(number: int) -> int:
        return tenant.send("PATCH", RINGO, {"app_metadata": {f"key{number}": number}}).status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(patch, range(100))) == {200}
    kept = tenant.send("GET", RINGO).json["app_metadata"]
    assert kept == {f"key{number}": number for number in range(100)}
    assert len(tenant.storage.effects()) == 100


def test_sees_at_once_what_another_process_writes(tenant: RunningTenant) -> None:
    assert tenant.send("GET", RINGO).status == 404
    with Storage.open(tenant.folder / "tenant.sqlite") as other:
        tenant.put("auth0|ringo")
        assert tenant.send("GET", RINGO).status == 200
        other.clear()
    assert tenant.send("GET", RINGO).status == 404
