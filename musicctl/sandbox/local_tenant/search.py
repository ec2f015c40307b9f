"""GET /users: the user search, by page, sorted, with or without totals, and no further than 1,000 users."""

import asyncio
import heapq
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from aiohttp import web

from musicctl.sandbox.local_tenant import indexing, lucene, matching, queries, refusals
from musicctl.sandbox.local_tenant.calls import Call, Route, reply
from musicctl.sandbox.local_tenant.lucene import And, Node, Or, QuerySyntaxError, Term
from musicctl.sandbox.local_tenant.matching import Document, Predicate
from musicctl.sandbox.local_tenant.records import StoredUser
from musicctl.sandbox.local_tenant.storage import Storage

LONGEST_URI = 8_000
"""Characters; Auth0 does not say how many it takes."""

FURTHEST = 1_000
"""Records that can be paged through."""

BETWEEN_LOOKS = 10
"""Users between two looks at the clock."""

PARAMETERS = queries.FIELDS | {
    "connection",
    "include_totals",
    "page",
    "per_page",
    "primary_order",
    "q",
    "search_engine",
    "sort",
}
SORT = re.compile(r"([^\s:]+):(1|-1)")

Rank: TypeAlias = tuple[bool, int, float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    node: Node
    wanted: Predicate
    start: int
    limit: int
    totals: bool
    sort: str | None
    descending: bool


async def search(call: Call) -> web.StreamResponse:
    """GET /users: those whom the query matches, as the index has them."""
    if len(call.request.raw_path) > LONGEST_URI:
        raise refusals.uri_too_long()
    asked = await asyncio.to_thread(_asked, call.query)  # a long query is not parsed in no time
    storage = call.services.storage
    late = indexing.overlay(storage)
    users = indexing.indexed(_candidates(storage, asked.node), late)
    known = indexing.count(storage, late) if asked.node == lucene.EVERYTHING else None
    try:
        found, total = await asyncio.to_thread(
            _page, _within(storage.settings().query_timeout, users), asked, known
        )
    except TimeoutError:
        raise refusals.query_too_slow() from None
    shown = [queries.selected(call.query, user) for user in found]
    if not asked.totals:
        return reply(shown)
    paging = {"start": asked.start, "limit": asked.limit, "length": len(shown)}
    return reply({**paging, "users": shown, "total": total})


def _asked(query: Mapping[str, str]) -> _Asked:
    queries.check_names(query, PARAMETERS)
    queries.boolean(query, "include_fields", True)
    queries.boolean(query, "primary_order", True)
    _check_engine(query.get("search_engine", "v3"))
    per_page = queries.integer(query, "per_page", 50, 100)
    page = queries.integer(query, "page", 0)
    if page * per_page + per_page > FURTHEST:
        raise refusals.invalid_paging()
    node, wanted = _parsed(query.get("q", ""))
    sort, descending = _order(query.get("sort"))
    return _Asked(
        node=node,
        wanted=wanted,
        start=page * per_page,
        limit=per_page,
        totals=queries.boolean(query, "include_totals", False),
        sort=sort,
        descending=descending,
    )


def _check_engine(engine: str) -> None:
    if engine not in ("v1", "v2", "v3"):
        raise queries.refused(f"No enum match for: {engine}", "search_engine")
    if engine != "v3":
        advice = " Use search_engine=v3 instead." if engine == "v2" else ""
        message = f"You are not allowed to use search_engine={engine}.{advice}"
        raise refusals.refusal(400, message, "invalid_query_string")


def _parsed(text: str) -> tuple[Node, Predicate]:
    try:
        node = lucene.parse(text)
        return node, matching.predicate(node)
    except QuerySyntaxError as error:
        raise queries.refused(str(error), "q") from None


def _order(text: str | None) -> tuple[str | None, bool]:
    if not text:
        return None, False
    found = SORT.fullmatch(text)
    if found is None:
        raise queries.refused(f"String does not match pattern {SORT.pattern}: {text}", "sort")
    if found[1].partition(".")[0] in ("app_metadata", "user_metadata"):
        raise queries.refused(f"Sorting by {found[1]} is not supported", "sort")
    return found[1], found[2] == "-1"


def _candidates(storage: Storage, node: Node) -> Iterable[StoredUser]:
    """Return every user, unless an exact id or address in the query leaves only a few to look at."""
    named = _named(node)
    if named is None:
        return (user for page in storage.all_users() for user in page)
    found = [user for term in named for user in _look_up(storage, term)]
    return list({user.user_id: user for user in found}.values())


def _look_up(storage: Storage, term: Term) -> list[StoredUser]:
    if term.field == "email":
        return storage.users_by_email(term.pieces[0], any_case=True)
    found = storage.get_user(term.pieces[0])
    return [] if found is None else [found]


def _named(node: Node) -> list[Term] | None:
    """Return ids and addresses of which every match has one, or None when the query has no such."""
    match node:
        case Term(field="user_id" | "email", pieces=(text,)) if text.isascii():
            return [node]
        case And():
            return next((named for each in node.nodes if (named := _named(each)) is not None), None)
        case Or():
            parts = [_named(each) for each in node.nodes]
            return None if None in parts else [term for part in parts for term in part or ()]
    return None


def _within(seconds: float, users: Iterable[StoredUser]) -> Iterator[StoredUser]:
    """Yield the users until the time is up, then raise TimeoutError."""
    ends = time.monotonic() + seconds
    for number, user in enumerate(users, 1):
        if number % BETWEEN_LOOKS == 0 and time.monotonic() > ends:
            raise TimeoutError
        yield user


def _page(users: Iterator[StoredUser], asked: _Asked, known: int | None) -> tuple[list[StoredUser], int]:
    """Return one page of those who match, and the total, which is only right where it is asked for."""
    matches = _Tally(user for user in users if asked.wanted(Document(user)))
    end = asked.start + asked.limit
    if asked.sort is None:
        first = list(islice(matches, end))
    else:
        first = _sorted(matches, asked.sort, asked.descending, end)
    if known is None and asked.totals:
        matches.run_out()
    return first[asked.start :], matches.count if known is None else known


def _sorted(users: Iterable[StoredUser], field: str, descending: bool, most: int) -> list[StoredUser]:
    """Return the first `most` users by a field; who lacks it comes last in either order."""
    if descending:
        return heapq.nlargest(most, users, key=lambda user: _rank(user, field, descending))
    return heapq.nsmallest(most, users, key=lambda user: _rank(user, field, descending))


def _rank(user: StoredUser, field: str, descending: bool) -> Rank:
    value = next(Document(user).values(field), None)
    if isinstance(value, str):
        return descending, 1, matching.folded(field, value)
    if isinstance(value, int | float):
        return descending, 0, value
    return not descending, 0, 0.0


class _Tally(Iterator[StoredUser]):
    """Users, counted as they pass."""

    def __init__(self, users: Iterator[StoredUser]) -> None:
        self._users = users
        self.count = 0

    def __next__(self) -> StoredUser:
        user = next(self._users)
        self.count += 1
        return user

    def run_out(self) -> None:
        """Count the rest."""
        self.count += sum(1 for _ in self._users)


ROUTES = (Route("GET", "/api/v2/users", search, ("read:users", "read:user_idp_tokens")),)
