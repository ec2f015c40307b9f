"""Which users a query matches: a tree becomes a function over stored users, and finds a field's values."""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from musicctl.sandbox.local_tenant import profiles
from musicctl.sandbox.local_tenant.lucene import And, Exists, Node, Not, Or, QuerySyntaxError, Range, Term
from musicctl.sandbox.local_tenant.records import StoredUser

ANY_CASE = frozenset({"email", "name", "given_name", "family_name", "nickname"})
WORDS = ANY_CASE - {"email"}
"""Where a term without quotes may also be one word of the value; everything else is matched whole."""

USUAL = ("email", "name", "nickname", "given_name", "family_name", "username", "phone_number", "user_id")
"""Where a term without a field is looked for. Only that user_metadata is not among them is documented."""

DATES = frozenset({"created_at", "updated_at", "last_login", "last_password_reset"})
DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d{1,3})?)?)?Z?)?)?)?")
NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?")

Predicate: TypeAlias = Callable[["Document"], bool]
Test: TypeAlias = Callable[[object], bool]


class Document:
    """A user as the index has it: every part is decoded once, and only when it is asked for."""

    def __init__(self, user: StoredUser) -> None:
        self._user = user
        self._parts: dict[str, object] = {}
        self._profile: dict[str, object] = {}

    def values(self, field: str, *, below: bool = False) -> Iterator[object]:
        """Yield the values at a dotted path, arrays flattened; null, and what is empty, is no value.

        With `below`, an object counts by the values that it has inside.
        """
        first, *path = field.split(".")
        if field == "email.domain":
            first, path = field, []
        left = [(self._part(first), 0)]
        while left:
            value, depth = left.pop()
            if isinstance(value, list):
                left.extend((each, depth) for each in reversed(value))
            elif isinstance(value, dict):
                if depth < len(path):
                    left.append((value.get(path[depth]), depth + 1))
                elif below:
                    left.extend((each, depth) for each in value.values())
            elif value is not None and depth == len(path):
                yield value

    def _part(self, name: str) -> object:
        if name not in self._parts:
            self._parts[name] = self._decoded(name)
        return self._parts[name]

    def _decoded(self, name: str) -> object:
        """Return an attribute of the profile, which is made only where nothing less will do."""
        user = self._user
        columns = {"user_id": user.user_id, "email": user.email}
        if columns.get(name) is not None:
            return columns[name]
        if name == "email.domain":
            return user.email.rpartition("@")[2] if user.email else None
        if name in ("app_metadata", "user_metadata"):
            return profiles.metadata(getattr(user, name))
        if not self._profile:
            self._profile = profiles.profile(user)
        return self._profile.get(name)


def predicate(node: Node) -> Predicate:
    """Return the function that tells whether a user is found; raises QuerySyntaxError for a bad date."""
    match node:
        case And():
            every = [predicate(each) for each in node.nodes]
            return lambda user: all(holds(user) for holds in every)
        case Or():
            some = [predicate(each) for each in node.nodes]
            return lambda user: any(holds(user) for holds in some)
        case Not():
            inner = predicate(node.node)
            return lambda user: not inner(user)
    return _about_a_field(node)


def folded(field: str, text: str) -> str:
    """Return a text as the index has it: five fields are kept in lower case."""
    return text.lower() if field in ANY_CASE else text


def _about_a_field(node: Exists | Range | Term) -> Predicate:
    if isinstance(node, Exists):
        field = node.field
        return lambda user: any(True for _ in user.values(field, below=True))
    if isinstance(node, Range):
        return _having(node.field, _within(node))
    if node.field is None:
        return _usually(node)
    return _having(node.field, _equal(node.field, node))


def _having(field: str, test: Test) -> Predicate:
    return lambda user: any(test(value) for value in user.values(field))


def _usually(term: Term) -> Predicate:
    # A long query has thousands of such terms: the fields share what is compared alike.
    whole, any_case, word = _equal("user_id", term), _equal("email", term), _equal("name", term)
    tests = [(f, word if f in WORDS else any_case if f in ANY_CASE else whole) for f in USUAL]
    return lambda user: any(test(value) for field, test in tests for value in user.values(field))


def _equal(field: str, term: Term) -> Test:
    pieces = [folded(field, piece) for piece in term.pieces]
    if len(pieces) > 1:
        return lambda value: isinstance(value, str) and _fits(folded(field, value), pieces)
    [text] = pieces
    if field in DATES:
        return _during(text)
    number = _number(text)

    def test(value: object) -> bool:
        if isinstance(value, str):
            shown = folded(field, value)
            return shown == text or (field in WORDS and not term.quoted and text in shown.split())
        if isinstance(value, bool):
            return text == ("true" if value else "false")
        return number is not None and value == number

    return test


def _fits(text: str, pieces: Sequence[str]) -> bool:
    """Tell whether the pieces stand in `text` in their order, the outer two at its ends."""
    first, *inner, last = pieces
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in inner:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _within(node: Range) -> Test:
    bounds: list[Test] = []
    if node.low is not None:
        bounds.append(_beyond(node.field, node.low, operator.ge if node.with_low else operator.gt))
    if node.high is not None:
        bounds.append(_beyond(node.field, node.high, operator.le if node.with_high else operator.lt))
    return lambda value: all(test(value) for test in bounds)


def _beyond(field: str, bound: str, holds: Callable[[Any, Any], bool]) -> Test:
    """Return the test against one bound: dates as far as the bound says, numbers as such, or texts."""
    if field in DATES:
        date = _date(bound)
        return lambda value: _is_date(value) and holds(str(value)[: len(date)], date)
    text, number = folded(field, bound), _number(bound)

    def test(value: object) -> bool:
        if isinstance(value, str):
            return holds(folded(field, value), text)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return number is not None and holds(value, number)

    return test


def _during(text: str) -> Test:
    """Return the test for a date that may be a whole month or day."""
    date = _date(text)
    return lambda value: _is_date(value) and str(value).startswith(date)


def _is_date(value: object) -> bool:
    return isinstance(value, str) and DATE.fullmatch(value) is not None


def _date(text: str) -> str:
    if not DATE.fullmatch(text):
        raise QuerySyntaxError(f"{text} is no date")
    return text.removesuffix("Z")


def _number(text: str) -> float | None:
    return float(text) if NUMBER.fullmatch(text) else None
