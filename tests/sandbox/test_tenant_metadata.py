"""The merge rules, as a table: through the server, as a client sees them."""

import json
from typing import Any

import pytest

from musicctl.sandbox.local_tenant import metadata
from tests.sandbox.tenant_fixtures import RunningTenant

ABSENT = "absent"
ODD = {"n": [1, 2.5, -0.1, True, "é⭐\u0000"], "": 1, "a b": {"c.d": None}}
PATH = "/api/v2/users/auth0%7Cringo"

# What is there, what is sent, and what is left of app_metadata and of user_metadata.
MERGES: list[tuple[Any, Any, Any, Any]] = [
    (ABSENT, {"a": 1}, {"a": 1}, {"a": 1}),
    ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
    ({"a": 1}, {"a": 2}, {"a": 2}, {"a": 2}),
    ({"a": 1, "b": 2}, {"a": None}, {"b": 2}, {"b": 2}),
    ({"baz": 1, "foo": "bar"}, {"baz": None, "foo": "bars"}, {"foo": "bars"}, {"foo": "bars"}),
    ({"a": 1}, {"b": None}, {"a": 1}, {"a": 1}),
    # An empty object removes everything, and leaves a trace in one of the two.
    ({"a": 1}, {}, ABSENT, {}),
    (ABSENT, {}, ABSENT, {}),
    # So does, most likely, the removal of the last key.
    ({"a": 1}, {"a": None}, ABSENT, {}),
    (ABSENT, {"a": None}, ABSENT, {}),
    # Below the first level nothing is merged.
    ({"roles": ["x", "y"]}, {"roles": ["z"]}, {"roles": ["z"]}, {"roles": ["z"]}),
    ({"roles": ["x"]}, {"roles": []}, {"roles": []}, {"roles": []}),
    ({"o": {"a": 1}}, {"o": {"b": 2}}, {"o": {"b": 2}}, {"o": {"b": 2}}),
    ({"o": {"a": 1}}, {"o": {}}, {"o": {}}, {"o": {}}),
    ({"o": 1}, {"o": {"a": None}}, {"o": {"a": None}}, {"o": {"a": None}}),
    # What is there need not be an object, since imports and other programs write it too.
    ("junk", {"a": 1}, {"a": 1}, {"a": 1}),
    (["junk"], {"a": 1}, {"a": 1}, {"a": 1}),
    # Values come back as they were sent.
    (ABSENT, ODD, ODD, ODD),
]


@pytest.mark.parametrize(("before", "patch", "app", "user"), MERGES)
def test_merges(tenant: RunningTenant, before: Any, patch: Any, app: Any, user: Any) -> None:
    stored = None if before == ABSENT else json.dumps(before)
    for kind, after in (("app_metadata", app), ("user_metadata", user)):
        tenant.put("auth0|ringo", app_metadata=stored, user_metadata=stored)
        reply = tenant.send("PATCH", PATH, {kind: patch})
        assert reply.status == 200
        assert reply.json.get(kind, ABSENT) == after
        assert tenant.send("GET", PATH).json == reply.json
        [line] = tenant.exported(fields=[{"name": "user_id"}, {"name": kind}])
        assert line.get(kind, ABSENT) == after
        other = "user_metadata" if kind == "app_metadata" else "app_metadata"
        assert reply.json.get(other, ABSENT) == before


def test_both_at_once(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo", app_metadata='{"a": 1}', user_metadata='{"b": 2}')
    profile = tenant.send("PATCH", PATH, {"user_metadata": {}, "app_metadata": {}}).json
    assert profile["user_metadata"] == {}
    assert "app_metadata" not in profile


@pytest.mark.parametrize(
    ("value", "found"),
    [(None, "null"), ([], "array"), ("text", "string"), (1, "integer"), (1.5, "number"), (True, "boolean")],
)
@pytest.mark.parametrize("kind", metadata.DESCRIPTIONS)
def test_refuses_metadata_that_is_no_object(
    tenant: RunningTenant, kind: str, value: object, found: str
) -> None:
    tenant.put("auth0|ringo", app_metadata='{"a": 1}', user_metadata='{"a": 1}')
    reply = tenant.send("PATCH", PATH, {kind: value})
    assert reply.status == 400
    assert reply.json == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": f"Payload validation error: 'Expected type object but found type {found}'"
        f" on property {kind} ({metadata.DESCRIPTIONS[kind]}).",
        "errorCode": "invalid_body",
    }
    assert tenant.storage.effects() == []


@pytest.mark.parametrize("name", sorted(metadata.RESERVED))
def test_app_metadata_has_reserved_keys(tenant: RunningTenant, name: str) -> None:
    tenant.put("auth0|ringo")
    reply = tenant.send("PATCH", PATH, {"app_metadata": {"fine": 1, name: "x"}})
    assert (reply.status, reply.json["errorCode"]) == (400, "invalid_body")
    assert name in reply.json["message"]
    assert tenant.send("PATCH", PATH, {"user_metadata": {name: "x"}}).status == 200
    assert "app_metadata" not in tenant.send("GET", PATH).json


@pytest.mark.parametrize("name", ["a.b", "$a", "a$"])
@pytest.mark.parametrize("kind", metadata.DESCRIPTIONS)
def test_keys_have_no_dot_and_no_dollar(tenant: RunningTenant, kind: str, name: str) -> None:
    tenant.put("auth0|ringo")
    assert tenant.send("PATCH", PATH, {kind: {name: 1}}).json["errorCode"] == "invalid_body"
    assert tenant.send("PATCH", PATH, {kind: {"outer": {name: 1}}}).status == 200


def test_roles_and_display_names_are_ordinary_keys(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    patch = {"app_metadata": {"roles": ["playlist editor"]}, "user_metadata": {"displayName": "Ringo ⭐"}}
    assert tenant.send("PATCH", PATH, patch).json.items() >= patch.items()
