"""The request handler: finds the endpoint, checks the bearer token and its scopes, keeps the request log."""

from urllib.parse import parse_qsl, unquote

from aiohttp import web

from musicctl.sandbox.local_tenant import (
    actions,
    bindings,
    jobs,
    refusals,
    rules,
    search,
    tokens,
    triggers,
    users,
)
from musicctl.sandbox.local_tenant.calls import Call, Route, Services
from musicctl.sandbox.local_tenant.refusals import Refusal
from musicctl.sandbox.local_tenant.signing import Signer
from musicctl.sandbox.local_tenant.storage import Storage
from musicctl.settings.sandbox_state import SandboxState

ROUTES: tuple[Route, ...] = (
    *tokens.ROUTES,
    *users.ROUTES,
    *search.ROUTES,
    *jobs.ROUTES,
    *actions.ROUTES,
    *triggers.ROUTES,
    *bindings.ROUTES,
    *rules.ROUTES,
)


class App:
    """One tenant: its storage, its signing key, and the endpoints over them."""

    def __init__(self, state: SandboxState, storage: Storage) -> None:
        self._services = Services(storage, Signer(storage, state), state)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request: as Auth0 does, or 501 where Auth0 has more than is emulated here."""
        path, _, query = request.raw_path.partition("?")
        response: web.StreamResponse
        try:
            response = await self._answer(request, path, query)
        except Refusal as refusal:
            response = refusal.response()
        # Query strings carry signatures and email addresses, which are nobody's business in a log.
        self._services.storage.log_request(request.method, path, response.status)
        return response

    async def _answer(self, request: web.BaseRequest, path: str, query: str) -> web.StreamResponse:
        found = _match(request.method, path)
        if found is None:
            raise refusals.not_emulated(f"{request.method} {path}")
        route, arguments = found
        scopes: frozenset[str] = frozenset()
        if route.scopes:
            scopes = self._services.signer.scopes_of(request.headers.get("Authorization"))
            if scopes.isdisjoint(route.scopes):
                raise refusals.insufficient_scope(route.scopes)
        # A query may repeat a name: the last one counts.
        named = dict(parse_qsl(query, keep_blank_values=True))
        return await route.handler(Call(request, self._services, arguments, named, scopes))


def _match(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Return the route for a raw path and its arguments, decoded last, so that %2F parts nothing."""
    segments = path.split("/")
    for route in ROUTES:
        if route.method == method and len(route.segments) == len(segments):
            pairs = list(zip(route.segments, segments, strict=True))
            if all(wanted in ("*", segment) for wanted, segment in pairs):
                return route, tuple(unquote(segment) for wanted, segment in pairs if wanted == "*")
    return None
