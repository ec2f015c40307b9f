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


def link_denied(code: str, message: str, status: int = 403) -> Refusal:
    """Return the file store's refusal of a link, which is XML."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    text = f"{head}<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Refusal(status, text.encode())


def not_emulated(what: str) -> Refusal:
    """Return the refusal for what Auth0 has and the local tenant has not; never one of Auth0's own."""
    return refusal(501, f"The local tenant does not emulate {what}.", "not_emulated")
