"""Replies of a tenant that is not well: statuses with the bodies that Auth0 has for them, and HTML pages."""

import time
from collections.abc import Sequence
from http import HTTPStatus

from aiohttp import web

from musicctl.sandbox.local_tenant import limits, refusals
from musicctl.sandbox.local_tenant.refusals import Refusal

EDGE = frozenset({502, 504})
"""Statuses of the servers before Auth0, which answer in HTML."""

WAIT = 2
"""Seconds until the reset that a 429 tells."""

PAGE = """<html>
<head><title>{title}</title></head>
<body><center><h1>{title}</h1></center></body>
</html>
"""
STORE = {403: "AccessDenied", 503: "SlowDown"}
"""The file store's words for statuses; for all others it has an internal error."""


def page(status: int = 200) -> web.Response:
    """Return an HTML page in place of what was asked for."""
    title = "Just a moment..." if status == 200 else f"{status} {HTTPStatus(status).phrase}"
    return web.Response(text=PAGE.format(title=title), status=status, content_type="text/html")


def response(status: int, path: str, scopes: Sequence[str]) -> web.Response:
    """Return a failure of the endpoint with this path and these scopes."""
    if status in EDGE:
        return page(status)
    failed = _refusal(status, path, scopes).response()
    if status == 429:
        failed.headers[limits.LIMIT] = str(limits.PLANS["enterprise"][limits.MANAGEMENT].size)
        failed.headers[limits.REMAINING] = "0"
        failed.headers[limits.RESET] = str(int(time.time()) + WAIT)
    return failed


def _refusal(status: int, path: str, scopes: Sequence[str]) -> Refusal:
    if path.startswith("/exports"):
        return refusals.link_denied(STORE.get(status, "InternalError"), HTTPStatus(status).phrase, status)
    if status == 429:
        return limits.too_many(limits.GLOBAL, path)
    if path == "/oauth/token":
        return Refusal(status, {"error": "access_denied", "error_description": HTTPStatus(status).phrase})
    return _of_management(status, scopes)


def _of_management(status: int, scopes: Sequence[str]) -> Refusal:
    if status == 401:
        return refusals.unauthorized("Invalid token")
    if status == 403:
        return refusals.insufficient_scope(scopes)
    return refusals.refusal(status, "Internal error." if status == 500 else HTTPStatus(status).phrase)
