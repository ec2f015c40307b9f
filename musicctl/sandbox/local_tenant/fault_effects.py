"""What faults do to a request: before its effect, to the effect, and to the reply."""

import asyncio
from contextlib import suppress

from aiohttp import web

from musicctl.sandbox.local_tenant import failures, faults, limits, outside
from musicctl.sandbox.local_tenant.calls import Call, Route
from musicctl.sandbox.local_tenant.faults import Struck
from musicctl.sandbox.local_tenant.refusals import Refusal
from musicctl.sandbox.local_tenant.storage import milliseconds

CUT = 0
"""What the log of requests has for a status where the connection was closed without a reply."""

RESETS = {"past": -3600, "far": 10 * 365 * 86400}
"""Seconds from now on."""


class Late:
    """Writes whose reply is out and whose effect is still to come; the server's end brings it on."""

    def __init__(self) -> None:
        self._ends = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, route: Route, call: Call, delay: float) -> None:
        """Let the write take effect after `delay` seconds, on what is there then."""
        task = asyncio.create_task(self._perform(route, call, delay))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Let all of them take effect now."""
        self._ends.set()
        await asyncio.gather(*self._tasks)

    async def _perform(self, route: Route, call: Call, delay: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ends.wait(), delay)
        with suppress(Refusal):  # what it was to change is gone
            await route.handler(call)


async def answer(route: Route, call: Call, late: Late) -> web.StreamResponse:
    """Answer a request as the faults that struck it want."""
    struck = call.struck
    if faults.LATENCY in struck:
        await asyncio.sleep(float(struck[faults.LATENCY]))
    if faults.CUT_BEFORE in struck:
        return _cut(call)
    if faults.STATUS in struck:
        return failures.response(int(struck[faults.STATUS]), route.path, route.scopes)
    if faults.HTML in struck and route.method == "GET":
        return failures.page()  # here rather than below: an export's file is sent by its handler
    return _spoiled(await _performed(route, call, late), call)


def mislead(response: web.StreamResponse, struck: Struck) -> None:
    """Tell a time of reset that is wrong."""
    value = struck.get(faults.RATELIMIT_HEADER)
    if value in RESETS:
        response.headers[limits.RESET] = str(milliseconds() // 1000 + RESETS[value])
    elif value is not None:
        response.headers[limits.RESET] = "soon" if value == "junk" else value


async def _performed(route: Route, call: Call, late: Late) -> web.StreamResponse:
    """Let the request take effect, another administrator being quicker by a little where a fault says so."""
    edit, storage = call.struck.get(faults.OUTSIDE_EDIT), call.services.storage
    if edit and route.method == "PATCH":
        outside.edit_roles(storage, call.arguments[0], edit)
    try:
        if faults.LATE in call.struck:
            return await _rehearsed(route, call, late)
        return await route.handler(call)
    except Refusal as refusal:
        return refusal.response()
    finally:
        if edit and route.method == "GET":
            outside.edit_roles(storage, call.arguments[0], edit)


class _Undone(Exception):  # noqa: N818 -- it ends a transaction, and is no error
    """Undoes a rehearsal."""


async def _rehearsed(route: Route, call: Call, late: Late) -> web.StreamResponse:
    """Return the reply to a write that takes effect later; refuses what would be refused now."""
    # Read before the transaction begins: nothing in it may give way to other requests.
    await call.body()
    with suppress(_Undone), call.services.storage.writing():
        response = await route.handler(call)
        raise _Undone
    late.add(route, call, float(call.struck[faults.LATE]))
    return response


def _spoiled(response: web.StreamResponse, call: Call) -> web.StreamResponse:
    """Keep the reply to what took effect, or some of it, from the client."""
    if faults.CUT_AFTER in call.struck:
        return _cut(call)
    if faults.HTML in call.struck:
        return failures.page()
    if faults.HALF_JSON in call.struck and isinstance(response, web.Response):
        body = bytes(response.body) if isinstance(response.body, bytes) else b""
        kind = {"Content-Type": response.headers["Content-Type"]} if body else {}
        return web.Response(body=body[: len(body) // 2], status=response.status, headers=kind)
    return response


def _cut(call: Call) -> web.StreamResponse:
    """Close the connection; what is returned is for the log alone."""
    if call.request.transport is not None:
        call.request.transport.close()
    return web.Response(status=CUT)
