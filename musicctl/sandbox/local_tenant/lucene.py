"""The query language of the user search: Auth0's subset of Lucene, parsed into a tree."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

DEEPEST = 50
"""How many parentheses may stand inside of each other."""

FEWEST_LITERALS = 3
"""What a term needs to have when it has an asterisk before its end."""

TOKEN = re.compile(
    r"""\s+
    | (?P<open>\() | (?P<close>\)) | (?P<colon>:)
    | (?P<phrase>"(?:[^"\\]|\\.)*")
    | (?P<range>[\[{](?:"(?:[^"\\]|\\.)*"|[^\]}"])*[\]}])
    | (?P<not>(?<!:)[-!](?=\S))
    | (?P<word>(?:[^\s()"\[\]{}:\\]|\\.)+)""",
    re.VERBOSE | re.DOTALL,
)
BOUNDS = re.compile(
    r"""[\[{]\s* ("(?:[^"\\]|\\.)*"|\S+) \s+TO\s+ ("(?:[^"\\]|\\.)*"|[^\s\]}]+) \s*[\]}]""",
    re.VERBOSE | re.DOTALL,
)
PIECE = re.compile(r"\\(?P<escaped>.)|(?P<star>\*)|(?P<foreign>[~^?\\])|(?P<plain>.)", re.DOTALL)
OPERATORS = {"AND": "and", "&&": "and", "OR": "or", "||": "or", "NOT": "not"}
FOREIGN_STARTS = ("+", "/", "<", ">")


class QuerySyntaxError(Exception):
    """A query that cannot be parsed, or asks for what the user search does not have."""


@dataclass(frozen=True, slots=True)
class Term:
    """A value of `field`, None for the usual ones; `pieces` are what stands between its asterisks."""

    field: str | None
    pieces: tuple[str, ...]
    quoted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Values of `field` between two bounds, None for none; each is within or not."""

    field: str
    low: str | None
    high: str | None
    with_low: bool
    with_high: bool


@dataclass(frozen=True, slots=True)
class Exists:
    """Any value of `field`."""

    field: str


@dataclass(frozen=True, slots=True)
class Not:
    """What `node` does not match."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """What all `nodes` match; without nodes it is everything."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """What any of `nodes` matches."""

    nodes: tuple["Node", ...]


Node: TypeAlias = Term | Range | Exists | Not | And | Or
EVERYTHING = And(())


def parse(text: str) -> Node:
    """Return the tree of a query, everything for a blank one; raises QuerySyntaxError."""
    return _Parser(text).parse() if text.strip() else EVERYTHING


class _Parser:
    """Recursive descent: or, side by side, and, not, clause; from what binds least to what binds most."""

    def __init__(self, text: str) -> None:
        self._tokens = [*_tokens(text), ("end", "the end")]
        self._at = 0
        self._depth = 0

    def parse(self) -> Node:
        node = self._either(None)
        self._expect("end")
        return node

    def _either(self, field: str | None) -> Node:
        nodes = [self._beside(field)]
        while self._took("or"):
            nodes.append(self._beside(field))
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))

    def _beside(self, field: str | None) -> Node:
        """Parse clauses without an operator: any of them will do, except that none after a NOT may match."""
        nodes = [self._both(field)]
        while self._kind not in ("or", "close", "end"):
            nodes.append(self._both(field))
        if len(nodes) == 1:
            return nodes[0]
        wanted = tuple(node for node in nodes if not isinstance(node, Not))
        unwanted = tuple(node for node in nodes if isinstance(node, Not))
        return And((Or(wanted), *unwanted)) if wanted else And(unwanted)

    def _both(self, field: str | None) -> Node:
        nodes = [self._negated(field)]
        while self._took("and"):
            nodes.append(self._negated(field))
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def _negated(self, field: str | None) -> Node:
        negative = False
        while self._took("not"):
            negative = not negative
        node = self._clause(field)
        return Not(node) if negative else node

    def _clause(self, field: str | None) -> Node:
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "open":
            return self._group(field)
        if kind == "word" and field is None and self._took("colon"):
            return self._value("*" if text == "*" else _name(text))
        if kind in ("word", "phrase"):
            return _term(field, text)
        if kind == "range":
            return _range(field, text)
        raise QuerySyntaxError(f"unexpected {text}")

    def _value(self, field: str) -> Node:
        if self._kind not in ("open", "word", "phrase", "range"):
            raise QuerySyntaxError(f"{field} has no value")
        return self._clause(field)

    def _group(self, field: str | None) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise QuerySyntaxError("too many parentheses inside of each other")
        node = self._either(field)
        self._expect("close")
        self._depth -= 1
        return node

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _took(self, kind: str) -> bool:
        took = self._kind == kind
        self._at += took
        return took

    def _expect(self, kind: str) -> None:
        if not self._took(kind):
            raise QuerySyntaxError(f"unexpected {self._tokens[self._at][1]}")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise QuerySyntaxError(f"unexpected {text[at]} at character {at + 1}")
        at = found.end()
        if found.lastgroup:
            kind = OPERATORS.get(found[0], "word") if found.lastgroup == "word" else found.lastgroup
            yield kind, found[0]


def _name(text: str) -> str:
    name = _pieces(text)
    if len(name) > 1:
        raise QuerySyntaxError(f"a field's name must not have an asterisk: {text}")
    return name[0]


def _term(field: str | None, text: str) -> Node:
    if field == "*":
        if text != "*":
            raise QuerySyntaxError(f"a term cannot be looked for in every field: {text}")
        return EVERYTHING
    quoted = text.startswith('"')
    pieces = (_unquoted(text),) if quoted else _pieces(text)
    if field == "_exists_":
        return Exists(pieces[0] if quoted else _name(text))
    if len(pieces) > 1:
        _check_wildcard(field, text, pieces)
    return Term(field, pieces, quoted)


def _check_wildcard(field: str | None, text: str, pieces: tuple[str, ...]) -> None:
    _check_metadata(field, "wildcards")
    at_the_end_alone = len(pieces) == 2 and not pieces[1]
    if not at_the_end_alone and sum(map(len, pieces)) < FEWEST_LITERALS:
        raise QuerySyntaxError(f"{text} needs at least {FEWEST_LITERALS} characters beside its asterisks")


def _range(field: str | None, text: str) -> Range:
    found = BOUNDS.fullmatch(text)
    if found is None or field in (None, "_exists_"):
        raise QuerySyntaxError(f"unexpected {text}")
    _check_metadata(field, "ranges")
    return Range(
        field=str(field),
        low=_bound(found[1]),
        high=_bound(found[2]),
        with_low=text[0] == "[",
        with_high=text[-1] == "]",
    )


def _bound(text: str) -> str | None:
    if text.startswith('"'):
        return _unquoted(text)
    return None if text == "*" else re.sub(r"\\(.)", r"\1", text)


def _check_metadata(field: str | None, what: str) -> None:
    if field and field.partition(".")[0] == "user_metadata":
        raise QuerySyntaxError(f"{what} are not available on user_metadata")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _pieces(text: str) -> tuple[str, ...]:
    """Return what stands between the asterisks of a word, without the backslashes."""
    pieces = [""]
    if text.startswith(FOREIGN_STARTS):
        raise QuerySyntaxError(f"{text[0]} is not supported: {text}")
    for found in PIECE.finditer(text):
        if found["foreign"]:
            raise QuerySyntaxError(f"{found['foreign']} is not supported: {text}")
        if found["star"]:
            pieces.append("")
        else:
            pieces[-1] += found["escaped"] or found["plain"]
    return tuple(pieces)
