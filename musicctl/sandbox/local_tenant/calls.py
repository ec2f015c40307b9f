"""What an endpoint is given and how it is declared: Call, Route, and the JSON reply."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import msgspec
from aiohttp import web

from musicctl.sandbox.local_tenant import refusals
from musicctl.sandbox.local_tenant.faults import Struck
from musicctl.sandbox.local_tenant.signing import Signer
from musicctl.sandbox.local_tenant.storage import Storage
from musicctl.settings.sandbox_state import SandboxState

JSON_TYPE = "application/json; charset=utf-8"
LARGEST_BODY = 1 << 20
"""Bytes; Auth0's limit for every endpoint."""


@dataclass(frozen=True, slots=True)
class Services:
    """What every endpoint works on."""

    storage: Storage
    signer: Signer
    state: SandboxState


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its path's arguments and its query, decoded, and the scopes of its bearer token.

    `struck` are the faults that strike it.
    """

    request: web.BaseRequest
    services: Services
    arguments: tuple[str, ...]
    query: Mapping[str, str]
    scopes: frozenset[str]
    struck: Struck = field(default_factory=dict)

    @property
    def correlation_id(self) -> str | None:
        """The caller's own name for this request, which a tenant's log repeats."""
        return self.request.headers.get("X-Correlation-ID")

    async def body(self) -> bytes:
        """Return the request's body; refuses one that is too large, before reading it where it says so."""
        if (self.request.content_length or 0) > LARGEST_BODY:
            raise refusals.too_large(LARGEST_BODY)
        try:
            return await self.request.read()
        except web.HTTPRequestEntityTooLarge:
            raise refusals.too_large(LARGEST_BODY) from None

    async def json_object(self) -> dict[str, object]:
        """Return the request's body as a JSON object; refuses anything else as Auth0 does."""
        try:
            payload = msgspec.json.decode(await self.body())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise refusals.bad_request("Invalid request payload JSON format") from None
        if not isinstance(payload, dict):
            raise refusals.wrong_type("object", payload, "", "Payload")
        return payload


Handler: TypeAlias = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Route:
    """An endpoint: `*` in the path stands for one segment; without scopes no token is needed."""

    method: str
    path: str
    handler: Handler
    scopes: tuple[str, ...] = ()

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The path, cut at its slashes."""
        return tuple(self.path.split("/"))


def reply(body: object, status: int = 200) -> web.Response:
    """Return `body` as the JSON reply of an endpoint."""
    return web.Response(body=msgspec.json.encode(body), status=status, headers={"Content-Type": JSON_TYPE})
