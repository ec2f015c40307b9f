"""Tokens: POST /oauth/token by client credentials or a password, and what is published to check them."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from musicctl.sandbox.local_tenant import clients, login, refusals
from musicctl.sandbox.local_tenant.calls import Call, Route, reply

GRANTS = "https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
OTHER_GRANTS = ("authorization_code", "refresh_token", "urn:", "http://auth0.com/")
"""How Auth0's other grant types are called, or begin."""


async def issue(call: Call) -> web.StreamResponse:
    """Issue an access token for the Management API to the client, or the tokens of a login to a listener."""
    asked = await _parameters(call)
    grant = asked.get("grant_type")
    _check_grant(grant)
    clients.authenticate(call, asked)
    response = reply(await login.log_in(call, asked) if grant in login.GRANTS else _for_client(call, asked))
    response.headers["Cache-Control"] = "no-store"
    return response


async def key_set(call: Call) -> web.StreamResponse:
    """Show the public signing keys."""
    return reply(call.services.signer.key_set())


async def configuration(call: Call) -> web.StreamResponse:
    """Show the tenant's endpoints and abilities, as OpenID Connect wants them described."""
    issuer = call.services.signer.issuer
    return reply(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}authorize",
            "token_endpoint": f"{issuer}oauth/token",
            "userinfo_endpoint": f"{issuer}userinfo",
            "jwks_uri": f"{issuer}.well-known/jwks.json",
            "response_types_supported": ["code", "token", "id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": [
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt",
            ],
            "token_endpoint_auth_signing_alg_values_supported": clients.ALGORITHMS,
        }
    )


def _for_client(call: Call, asked: Mapping[str, object]) -> dict[str, object]:
    """Return a token for the Management API, with the scopes that the client was granted."""
    _check_audience(asked, call.services.state.auth0_audience)
    settings = call.services.storage.settings()
    return {
        "access_token": call.services.signer.issue(settings.scopes, settings.token_lifetime),
        "scope": settings.scopes,
        "expires_in": settings.token_lifetime,
        "token_type": "Bearer",
    }


async def _parameters(call: Call) -> Mapping[str, object]:
    """Return the request's parameters from JSON or a form; null counts as absent."""
    if call.request.content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl((await call.body()).decode(errors="replace")))
    return {name: value for name, value in (await call.json_object()).items() if value is not None}


def _check_grant(grant: object) -> None:
    if not grant:
        raise refusals.bad_token_request("invalid_request", "Missing required parameter: grant_type")
    if grant in ("client_credentials", *login.GRANTS):
        return
    if str(grant).startswith(OTHER_GRANTS):
        raise refusals.not_emulated(f"the grant type {grant}")
    raise refusals.bad_token_request("unsupported_grant_type", f"Unsupported grant type: {grant}")


def _check_audience(asked: Mapping[str, object], audience: str) -> None:
    if "audience" not in asked:
        raise refusals.denied(
            403, "No audience parameter was provided, and no default audience has been configured"
        )
    if not clients.same(asked["audience"], audience):
        raise refusals.denied(
            403,
            f'Client is not authorized to access "{asked["audience"]}".'
            f' You need to create a "client-grant" associated to this API. See: {GRANTS}',
        )


ROUTES = (
    Route("POST", "/oauth/token", issue),
    Route("GET", "/.well-known/jwks.json", key_set),
    Route("GET", "/.well-known/openid-configuration", configuration),
)
