"""Tokens: POST /oauth/token by client credentials, and the key set that they are checked with."""

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from musicctl.sandbox.local_tenant import refusals
from musicctl.sandbox.local_tenant.calls import Call, Route, reply
from musicctl.settings.sandbox_state import SandboxState

GRANTS = "https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"


async def issue(call: Call) -> web.StreamResponse:
    """Issue an access token for the Management API with the scopes that the client was granted."""
    asked = await _parameters(call)
    if not asked.get("grant_type"):
        missing = {"error": "invalid_request", "error_description": "Missing required parameter: grant_type"}
        raise refusals.Refusal(400, missing)
    if asked["grant_type"] != "client_credentials":
        raise refusals.not_emulated(f"the grant type {asked['grant_type']}")
    if "client_assertion" in asked:
        raise refusals.not_emulated("private_key_jwt")
    _check(asked, call.services.state)
    settings = call.services.storage.settings()
    body = {
        "access_token": call.services.signer.issue(settings.scopes, settings.token_lifetime),
        "scope": settings.scopes,
        "expires_in": settings.token_lifetime,
        "token_type": "Bearer",
    }
    response = reply(body)
    response.headers["Cache-Control"] = "no-store"
    return response


async def key_set(call: Call) -> web.StreamResponse:
    """Show the public signing key."""
    return reply(call.services.signer.key_set())


async def _parameters(call: Call) -> Mapping[str, object]:
    """Return the request's parameters from JSON or a form; null counts as absent."""
    if call.request.content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl((await call.body()).decode(errors="replace")))
    return {name: value for name, value in (await call.json_object()).items() if value is not None}


def _check(asked: Mapping[str, object], state: SandboxState) -> None:
    known = _same(asked.get("client_id"), state.auth0_client_id)
    if not (known and _same(asked.get("client_secret"), state.auth0_client_secret)):
        raise refusals.denied(401, "Unauthorized")
    if "audience" not in asked:
        raise refusals.denied(
            403, "No audience parameter was provided, and no default audience has been configured"
        )
    if not _same(asked["audience"], state.auth0_audience):
        raise refusals.denied(
            403,
            f'Client is not authorized to access "{asked["audience"]}".'
            f' You need to create a "client-grant" associated to this API. See: {GRANTS}',
        )


def _same(given: object, wanted: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(errors="replace"), wanted.encode())


ROUTES = (
    Route("POST", "/oauth/token", issue),
    Route("GET", "/.well-known/jwks.json", key_set),
)
