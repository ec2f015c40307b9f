"""Auth0's error bodies, word for word where they were recorded."""

from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from aiohttp import web

JSON_TYPES = (
    (type(None), "null"),
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
)


OLDER = {413: "Request Entity Too Large", 414: "Request-URI Too Large"}


class Refusal(Exception):  # noqa: N818 -- it is Auth0's answer, not an error of this program
    """An answer other than success; raised wherever it becomes clear."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body

    def response(self) -> web.Response:
        """Return it as an HTTP response: bytes as they stand, which are XML, anything else as JSON."""
        if isinstance(self.body, bytes):
            return web.Response(body=self.body, status=self.status, content_type="application/xml")
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return web.Response(body=msgspec.json.encode(self.body), status=self.status, headers=headers)


def _phrase(status: int) -> str:
    """Return a status in words; Auth0 keeps the older ones, which Python 3.13 has changed."""
    return OLDER.get(status) or HTTPStatus(status).phrase


def refusal(status: int, message: str, code: str | None = None) -> Refusal:
    """Return a refusal in the shape of the Management API; many of its errors have no code."""
    body: dict[str, object] = {"statusCode": status, "error": _phrase(status), "message": message}
    return Refusal(status, body if code is None else body | {"errorCode": code})


def no_such_user() -> Refusal:
    """Return the refusal for an id that no user has."""
    return refusal(404, "The user does not exist.", "inexistent_user")


def no_such_job() -> Refusal:
    """Return the refusal for a job that never was or is a day old."""
    return refusal(404, "Job not found.", "inexistent_job")


def user_exists() -> Refusal:
    """Return the refusal for a new user whose id or email address is taken."""
    return refusal(409, "The user already exists.", "auth0_idp_error")


def unauthorized(message: str) -> Refusal:
    """Return the refusal for a token that is there but will not do."""
    body = {"statusCode": 401, "error": "Unauthorized", "message": message}
    return Refusal(401, body | {"attributes": {"error": message}})


def no_token() -> Refusal:
    """Return the refusal for a request without a bearer token."""
    return refusal(401, "Missing authentication")


def malformed_token() -> Refusal:
    """Return the refusal for a bearer that is not shaped like a JWT."""
    return refusal(400, "Bad HTTP authentication header format", "Bearer")


def insufficient_scope(expected: Sequence[str]) -> Refusal:
    """Return the refusal for a token that has none of the `expected` scopes."""
    listed = ",".join(expected)
    return refusal(403, f"Insufficient scope, expected any of: {listed}", "insufficient_scope")


def bad_request(message: str) -> Refusal:
    """Return the refusal for a body that cannot be accepted."""
    return refusal(400, message, "invalid_body")


def invalid(reason: str, name: str, description: str, part: str = "Payload") -> Refusal:
    """Return the refusal for one property of the payload, or of another `part`: Query or Path."""
    where = f" on property {name} ({description})" if name else ""
    code = {"Payload": "invalid_body", "Query": "invalid_query_string"}[part]
    return refusal(400, f"{part} validation error: '{reason}'{where}.", code)


def wrong_type(expected: str, value: object, name: str, description: str) -> Refusal:
    """Return the refusal for a property of the payload that has another JSON type."""
    return invalid(f"Expected type {expected} but found type {type_name(value)}", name, description)


def type_name(value: object) -> str:
    """Return JSON's name for a value's type."""
    return next((name for kind, name in JSON_TYPES if isinstance(value, kind)), "object")


def too_large(limit: int) -> Refusal:
    """Return the refusal for a body of more than `limit` bytes."""
    return refusal(413, f"Payload content length greater than maximum allowed: {limit}")


def denied(status: int, description: str) -> Refusal:
    """Return the token endpoint's refusal, which has a shape of its own."""
    return Refusal(status, {"error": "access_denied", "error_description": description})


def denied_by(other: Refusal) -> Refusal:
    """Return a refusal in the shape of the Management API as a login that was denied."""
    return denied(403, str(other.body["message"]) if isinstance(other.body, dict) else "")


def bad_token_request(code: str, description: str) -> Refusal:
    """Return the token endpoint's refusal of a request that it cannot understand."""
    return Refusal(400, {"error": code, "error_description": description})


def wrong_password() -> Refusal:
    """Return the refusal of a login with a name or a password that is not known."""
    return Refusal(403, {"error": "invalid_grant", "error_description": "Wrong email or password."})


def user_is_blocked() -> Refusal:
    """Return the refusal of a login of somebody whom an administrator has blocked."""
    return Refusal(401, {"error": "unauthorized", "error_description": "user is blocked"})


def no_node() -> Refusal:
    """Return the refusal of a login where Node, which runs the Actions, cannot be found or started."""
    where = "there was no `node` that works on the PATH of `musicctl sandbox up`"
    return refusal(501, f"The local tenant's logins run Actions in Node, and {where}.", "not_emulated")


def invalid_paging() -> Refusal:
    """Return the refusal of a page beyond the first thousand users of a search."""
    where = "https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation"
    return refusal(400, f"You can only page through the first 1000 records. See {where}", "invalid_paging")


def query_too_slow() -> Refusal:
    """Return the refusal of a search that takes too long."""
    where = "https://auth0.com/docs/best-practices/search-best-practices"
    advice = f"Please try refining your search criteria. See {where}."
    return refusal(503, f"The query exceeded the timeout. {advice}")


def uri_too_long() -> Refusal:
    """Return the refusal of a search whose query is too long."""
    return refusal(414, "Request-URI Too Large")


def no_such_connection() -> Refusal:
    """Return the refusal of an export for a connection that the tenant has not."""
    return refusal(400, "The connection does not exist.", "inexistent_connection")


def no_such_action() -> Refusal:
    """Return the refusal for an id that no Action has."""
    return refusal(404, "That action does not exist.")


def no_such_action_version() -> Refusal:
    """Return the refusal for a version that an Action has not."""
    return refusal(404, "The action version does not exist.")


def action_exists() -> Refusal:
    """Return the refusal for an Action's name that is taken."""
    return refusal(409, "An action with the same name already exists.")


def action_is_bound() -> Refusal:
    """Return the refusal to remove an Action that a trigger runs."""
    return refusal(409, "Unable to delete an action bound to a trigger.")


def action_is_not_built() -> Refusal:
    """Return the refusal to deploy an Action whose draft is not built."""
    return refusal(400, "A draft must be in the 'built' state before it can be deployed.")


def action_is_not_deployed() -> Refusal:
    """Return the refusal to bind an Action that has no version."""
    return refusal(400, "Trying to create a binding for an action that has not been deployed yet")


def wrong_trigger() -> Refusal:
    """Return the refusal to have an Action run by a trigger that it is not made for."""
    return refusal(400, "can't upgrade to this trigger.")


def no_such_trigger(trigger_id: str) -> Refusal:
    """Return the refusal for a path that names a trigger which Auth0 has not."""
    where = "on property triggerId (An actions extensibility point.)"
    return refusal(400, f"Path validation error: 'No enum match for: {trigger_id}' {where}.", "invalid_uri")


def no_such_binding_shape(place: int) -> Refusal:
    """Return the refusal for one entry of a list of bindings that is none."""
    reason = "'Data does not match any schemas from 'oneOf'' on property"
    return bad_request(f"Payload validation error: {reason} bindings[{place}].")


def too_many_entities() -> Refusal:
    """Return the refusal to make one more of what a tenant may have so many of."""
    return refusal(403, "You reached the limit of entities of this type for this tenant.")


def no_such_rule() -> Refusal:
    """Return the refusal for an id that no Rule has."""
    return refusal(404, "Rule not found.", "inexistent_rule")


def retired() -> Refusal:
    """Return the refusal to make or change a Rule."""
    return refusal(403, "Insufficient privileges to use this deprecated feature")


def link_denied(code: str, message: str, status: int = 403) -> Refusal:
    """Return the file store's refusal of a link, which is XML."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    text = f"{head}<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Refusal(status, text.encode())


def not_emulated(what: str) -> Refusal:
    """Return the refusal for what Auth0 has and the local tenant has not; never one of Auth0's own."""
    return refusal(501, f"The local tenant does not emulate {what}.", "not_emulated")
