"""The replies of every endpoint against Auth0's own OpenAPI documents, which are not part of this project.

They are looked for where MUSICCTL_OPENAPI says (the file of the Management API's document), else as
`management-api.openapi.json` in a folder `auth0` of a neighbour of the checkout; the document of the token
endpoint, `oauth-token.openapi.json`, lies beside it. Where they are not, what needs them is skipped.

Where a document disagrees with recorded traffic, the recording wins; `RECORDED` says where.
"""

import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from musicctl.sandbox.local_tenant.app import ROUTES
from tests.sandbox.furnished_tenant import API, EXAMPLES, Example, Furnished, furnished, without_example
from tests.sandbox.tenant_fixtures import RunningTenant

MANAGEMENT = "management-api.openapi.json"
TOKEN = "oauth-token.openapi.json"
CHECKOUT = Path(__file__).parents[2]
NAMED = os.environ.get("MUSICCTL_OPENAPI")

UNDOCUMENTED = frozenset({"/.well-known/jwks.json", "/.well-known/openid-configuration", "/exports/*"})
"""Routes that neither document has: the discovery of OpenID Connect, and the file store of the exports."""

DEPLOY = f"{API}/actions/actions/*/deploy"
RECORDED = {
    ("POST", DEPLOY, 200): 202,
    # Refusals that were met, or that follow from others, and are in no document.
    ("POST", DEPLOY, 404): None,
    ("POST", f"{API}/actions/actions", 409): None,
    ("DELETE", f"{API}/actions/actions/*", 409): None,
    ("GET", f"{API}/jobs/*/errors", 204): None,
    ("DELETE", f"{API}/rules/*", 403): 403,
}
"""Statuses that a recording has in place of the documented one; None where nothing is documented."""

Operations: TypeAlias = dict[tuple[str, str], Any]

formats = FormatChecker(formats=())


@formats.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or (value.endswith("Z") and bool(datetime.fromisoformat(value)))


@pytest.fixture(scope="module")
def documents() -> Operations:
    """Both documents' operations by (method, path), with `*` for each argument."""
    management = _place()
    if management is None:
        pytest.skip(f"Auth0's OpenAPI documents are not here: set MUSICCTL_OPENAPI to {MANAGEMENT}")
    token = management.with_name(TOKEN)
    return {**_operations(management, API), **_operations(token, "")}


@pytest.fixture
def full(tenant: RunningTenant) -> Furnished:
    return furnished(tenant)


def test_every_route_has_an_example() -> None:
    assert without_example((one.method, one.route) for one in EXAMPLES) == set()


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_examples_get_the_status_that_they_are_for(full: Furnished, example: Example) -> None:
    reply = full.send(example)
    assert reply.status == example.status, reply.body
    if example.route.startswith(API) and reply.status >= 400:
        assert list(reply.json)[:3] == ["statusCode", "error", "message"]
        assert reply.json["statusCode"] == reply.status


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.route not in UNDOCUMENTED], ids=str)
def test_replies_are_as_documented(full: Furnished, documents: Operations, example: Example) -> None:
    status = RECORDED.get((example.method, example.route, example.status), example.status)
    operation = documents[(example.method, example.route)]
    reply = full.send(example)
    if status is None:
        return
    assert str(status) in operation["responses"]
    content = operation["responses"][str(status)].get("content", {}).get("application/json")
    if content is None:
        return
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    problems = _problems(content["schema"], operation["components"], _as_documented(example, reply.json))
    assert problems == []


def test_scopes_are_those_documented(documents: Operations) -> None:
    for route in ROUTES:
        if route.path.startswith(API):
            security = documents[(route.method, route.path)]["security"]
            [scopes] = [
                way["oAuth2ClientCredentials"] for way in security if "oAuth2ClientCredentials" in way
            ]
            assert set(route.scopes) == set(scopes), route


def test_a_reply_that_is_not_as_documented_is_noticed(documents: Operations) -> None:
    operation = documents[("GET", f"{API}/actions/actions/*")]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]

    def problems(**body: object) -> list[str]:
        return _problems(schema, operation["components"], body)

    assert problems(id="x", created_at="2026-05-29T10:45:58.888947671Z") == []
    assert problems(id=7) == ["id: 7 is not of type 'string'"]
    assert problems(created_at="yesterday") == ["created_at: 'yesterday' is not a 'date-time'"]
    assert len(problems(status="done")) == 1
    assert len(problems(colour="red")) == 1
    assert problems(secrets=[{"name": None}]) == ["secrets/0/name: None is not of type 'string'"]


def _place() -> Path | None:
    found = [Path(NAMED)] if NAMED else sorted(CHECKOUT.parent.glob(f"*/auth0/{MANAGEMENT}"))
    return next((path for path in found if path.is_file() and path.with_name(TOKEN).is_file()), None)


def _operations(document: Path, prefix: str) -> Operations:
    content = json.loads(document.read_text(encoding="utf-8"))
    return {
        (method.upper(), prefix + re.sub(r"\{\w+\}", "*", path)): {
            **operation,
            "components": content["components"],
        }
        for path, operations in content["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict)
    }


def _problems(schema: dict[str, Any], components: object, body: object) -> list[str]:
    """What is wrong with a body; the schemas of OpenAPI 3.1 are JSON Schema 2020-12, null is a type."""
    validator = Draft202012Validator({**schema, "components": components}, format_checker=formats)
    errors = validator.iter_errors(body)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]


def _as_documented(example: Example, body: Any) -> Any:
    """The body without the two differences that recordings have from the document.

    Actions have a `current_version`, and a job that is not of one connection has no `connection`.
    """
    if example.route == f"{API}/jobs/users-exports" and "connection_id" not in body:
        return {**body, "connection": ""}
    return _without(body, "current_version")


def _without(body: Any, name: str) -> Any:
    if isinstance(body, list):
        return [_without(one, name) for one in body]
    if isinstance(body, dict):
        return {key: _without(value, name) for key, value in body.items() if key != name}
    return body
