"""The request handler: finds the endpoint, checks token, limit and scopes, keeps the request log."""

from dataclasses import replace
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from musicctl.sandbox.local_tenant import (
    actions,
    bindings,
    fault_effects,
    faults,
    jobs,
    refusals,
    rules,
    search,
    tokens,
    triggers,
    users,
)
from musicctl.sandbox.local_tenant.calls import Call, Route, Services
from musicctl.sandbox.local_tenant.conditions import Conditions
from musicctl.sandbox.local_tenant.fault_effects import Late
from musicctl.sandbox.local_tenant.limits import Limits
from musicctl.sandbox.local_tenant.refusals import Refusal
from musicctl.sandbox.local_tenant.signing import Signer
from musicctl.sandbox.local_tenant.storage import Storage, milliseconds
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
    """One tenant: its storage, its signing key, its limits and faults, and the endpoints over them."""

    def __init__(self, state: SandboxState, storage: Storage) -> None:
        self._services = Services(storage, Signer(storage, state), state)
        self._conditions = Conditions(storage)
        self._limits = Limits(milliseconds)
        self._late = Late()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request: as Auth0 does, or 501 where Auth0 has more than is emulated here."""
        path, _, query = request.raw_path.partition("?")
        self._conditions.refresh()
        settings = self._conditions.settings
        self._limits.choose(settings.plan, settings.refill, settings.reset)
        found = _match(request.method, path)
        response: web.StreamResponse
        try:
            if found is None:
                raise refusals.not_emulated(f"{request.method} {path}")
            response = await self._answer(request, query, *found)
        except Refusal as refusal:
            response = refusal.response()
        if found is not None and not response.prepared:
            self._stamp(response, found[0], path)
        # Query strings carry signatures and email addresses, which are nobody's business in a log.
        self._services.storage.log_request(request.method, path, response.status)
        return response

    async def finish(self) -> None:
        """Let what was answered and is late take effect: the server ends."""
        await self._late.finish()

    async def _answer(
        self, request: web.BaseRequest, query: str, route: Route, arguments: tuple[str, ...]
    ) -> web.StreamResponse:
        scopes: frozenset[str] = frozenset()
        if route.scopes:
            scopes = self._services.signer.scopes_of(request.headers.get("Authorization"))
        self._limits.admit(route.method, route.path)
        if route.scopes and scopes.isdisjoint(route.scopes):
            raise refusals.insufficient_scope(route.scopes)
        # A query may repeat a name: the last one counts.
        named = dict(parse_qsl(query, keep_blank_values=True))
        call = Call(request, self._services, arguments, named, scopes)
        if not self._conditions.faults:
            return await route.handler(call)
        path = request.raw_path.partition("?")[0]
        struck = faults.strike(self._services.storage, self._conditions.faults, route.method, path)
        return await fault_effects.answer(route, replace(call, struck=struck), self._late)

    def _stamp(self, response: web.StreamResponse, route: Route, path: str) -> None:
        """Tell in the headers what is left of the limit, if there is one."""
        self._limits.stamp(response.headers, route.method, route.path)
        if self._conditions.misleading:
            storage = self._services.storage
            struck = faults.strike(storage, self._conditions.misleading, route.method, path)
            fault_effects.mislead(response, struck)


def _match(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Return the route for a raw path and its arguments, decoded last, so that %2F parts nothing."""
    segments = path.split("/")
    for route in ROUTES:
        if route.method == method and len(route.segments) == len(segments):
            pairs = list(zip(route.segments, segments, strict=True))
            if all(wanted in ("*", segment) for wanted, segment in pairs):
                return route, tuple(unquote(segment) for wanted, segment in pairs if wanted == "*")
    return None
