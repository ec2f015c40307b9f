"""Rules, which Auth0 has retired: those that a tenant still has are shown, and none is made or changed."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from aiohttp import web

from musicctl.sandbox.local_tenant import queries, refusals
from musicctl.sandbox.local_tenant.calls import Call, Route, reply
from musicctl.sandbox.local_tenant.storage import Storage

LISTED = frozenset({"page", "per_page", "include_totals", "enabled"})
PAGE = 50
LARGEST_PAGE = 100


class Rule(NamedTuple):
    """A Rule of old; they ran in the order of their positions, which start at 1."""

    id: str
    name: str
    script: str
    position: int
    enabled: bool = True


def add(storage: Storage, rule: Rule) -> None:
    """Keep a Rule as one of the time when they could still be made; no request does this."""
    storage.write("INSERT INTO rules (id, name, script, position, enabled) VALUES (?, ?, ?, ?, ?)", *rule)


async def read_all(call: Call) -> web.StreamResponse:
    """GET /rules: as an array, or with totals."""
    queries.check_names(call.query, LISTED)
    number = queries.integer(call.query, "page", 0)
    size = queries.integer(call.query, "per_page", PAGE, LARGEST_PAGE)
    found = _wanted(call)
    part = [_shown(rule) for rule in found[number * size : (number + 1) * size]]
    if not queries.boolean(call.query, "include_totals", False):
        return reply(part)
    return reply({"total": len(found), "start": number * size, "limit": size, "rules": part})


async def read(call: Call) -> web.StreamResponse:
    """GET /rules/{id}."""
    for rule in _rules(call.services.storage):
        if rule.id == call.arguments[0]:
            return reply(_shown(rule))
    raise refusals.no_such_rule()


async def refuse(_call: Call) -> web.StreamResponse:
    """POST, PATCH and DELETE: refused whatever is asked."""
    raise refusals.retired()


def _wanted(call: Call) -> Sequence[Rule]:
    rules = _rules(call.services.storage)
    if "enabled" not in call.query:
        return rules
    return [rule for rule in rules if rule.enabled == queries.boolean(call.query, "enabled", True)]


def _rules(storage: Storage) -> list[Rule]:
    columns = "id, name, script, position, enabled"
    return [_rule(row) for row in storage.rows(f"SELECT {columns} FROM rules ORDER BY position")]


def _rule(row: tuple[Any, ...]) -> Rule:
    return Rule(*row)._replace(enabled=bool(row[4]))


def _shown(rule: Rule) -> dict[str, object]:
    shown = {"id": rule.id, "enabled": rule.enabled, "script": rule.script, "name": rule.name}
    return {**shown, "order": rule.position, "stage": "login_success"}


ROUTES = (
    Route("GET", "/api/v2/rules", read_all, ("read:rules",)),
    Route("GET", "/api/v2/rules/*", read, ("read:rules",)),
    Route("POST", "/api/v2/rules", refuse, ("create:rules",)),
    Route("PATCH", "/api/v2/rules/*", refuse, ("update:rules",)),
    Route("DELETE", "/api/v2/rules/*", refuse, ("delete:rules",)),
)
