"""Reads a person's SQL just far enough to know that it is one statement, which word it begins with, and where
a parameter may stand: outside of quotes and comments.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from musicctl.errors import UsageError

READING = ("SELECT", "WITH", "VALUES", "TABLE", "EXPLAIN", "SHOW")
LETTER = r"A-Za-z_\u0080-\U0010ffff"


class Kind(Enum):
    """What a piece of SQL is, as far as it matters here."""

    BLANK = "blank"
    QUOTED = "quoted"
    WORD = "word"
    PARAMETER = "parameter"
    END = "end"
    OTHER = "other"


# As Postgres' own scanner has it: an escape string goes on in the same way after a line end, a $ within a
# word begins no dollar quote, and whatever is no ASCII is a letter.
RULES = (
    (Kind.BLANK, r"[ \t\n\r\f\v]+|--[^\n\r]*"),
    (
        Kind.QUOTED,
        r"[eE]'(?:[^'\\]|\\.|'')*'"
        r"(?:(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'(?:[^'\\]|\\.|'')*')*",
    ),
    (Kind.QUOTED, r"'(?:[^']|'')*'"),
    (Kind.QUOTED, r'"(?:[^"]|"")*"'),
    (Kind.QUOTED, rf"(?P<tag>\$(?:[{LETTER}][{LETTER}0-9]*)?\$).*?(?P=tag)"),
    (Kind.PARAMETER, r"%\((?P<name>\w+)\)s"),
    (Kind.WORD, rf"[{LETTER}][{LETTER}0-9$]*"),
    (Kind.OTHER, r"\$[0-9]+"),
    (Kind.END, r";"),
)
UNCLOSED = re.compile(rf"[eE]?'|\"|\$(?:[{LETTER}][{LETTER}0-9]*)?\$")
COMPILED = tuple((kind, re.compile(rule, re.DOTALL)) for kind, rule in RULES)
COMMENT = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of SQL as it stands; for a parameter, `text` is its name."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that only reads, as far as its first word tells."""

    pieces: tuple[Piece, ...]
    verb: str

    @property
    def has_cursor(self) -> bool:
        """Tell whether its rows can come page by page."""
        return self.verb not in {"EXPLAIN", "SHOW"}

    def bound(self, parameters: Mapping[str, str]) -> str:
        """Return the statement with literals in place of its parameters; raises UsageError if they differ."""
        named = {piece.text for piece in self.pieces if piece.kind is Kind.PARAMETER}
        for name in sorted(named - set(parameters)):
            raise UsageError(f"the query has %({name})s, which no --param sets", hint=f"--param {name}=...")
        for name in sorted(set(parameters) - named):
            raise UsageError(
                f"--param {name} is for a %({name})s that the query does not have",
                hint="leave it out, or use it in the SQL",
            )
        return "".join(
            _literal(parameters[piece.text]) if piece.kind is Kind.PARAMETER else piece.text
            for piece in self.pieces
        )


def read(text: str) -> Statement:
    """Return the one statement of `text`; raises UsageError for none, several, and for one that writes."""
    pieces: list[Piece] = []
    ended = False
    for piece in _pieces(text):
        if piece.kind is Kind.END:
            ended = True
        elif ended and piece.kind is not Kind.BLANK:
            raise UsageError("that is more than one statement", hint="send one at a time")
        elif not ended:
            pieces.append(piece)
    verb = _verb(pieces)
    if verb not in READING:
        raise UsageError(
            f"a query begins with {', '.join(READING[:-1])} or {READING[-1]}, not with {verb or 'nothing'}",
            hint="musicctl query only reads",
        )
    return Statement(tuple(pieces), verb)


def subquery(text: str) -> str:
    """Return the one SELECT of `text`, to stand in parentheses; raises UsageError where it leaves them."""
    asked = read(text)
    if asked.has_cursor is False:
        raise UsageError(f"{asked.verb} answers with no table", hint="write a SELECT")
    depth = 0
    for piece in asked.pieces:
        depth += (piece.text == "(") - (piece.text == ")") if piece.kind is Kind.OTHER else 0
        if depth < 0:
            raise UsageError("it closes a parenthesis that it does not open", hint="write one whole SELECT")
    return "".join(f"%({each.text})s" if each.kind is Kind.PARAMETER else each.text for each in asked.pieces)


def names(asked: Statement) -> frozenset[str]:
    """Return every name in a statement, as Postgres folds it; one in U&"" as it stands."""
    found, unicode = set(), False
    for piece in asked.pieces:
        if piece.kind is Kind.WORD:
            found.add(piece.text.lower())
        elif piece.text.startswith('"'):
            found.add(f"U&{piece.text}" if unicode else piece.text[1:-1].replace('""', '"'))
        unicode = piece.text.lower() == "u" or (unicode and piece.text == "&")
    return frozenset(found)


def _verb(pieces: list[Piece]) -> str:
    """Return the first word in capitals, past blanks and the parentheses that a SELECT may stand in."""
    for piece in pieces:
        if piece.kind is Kind.BLANK or piece.text == "(":
            continue
        return piece.text.upper()
    return ""


def _pieces(text: str) -> Iterator[Piece]:
    at = 0
    while at < len(text):
        if text.startswith("/*", at):
            end = _comment_end(text, at)
            yield Piece(Kind.BLANK, text[at:end])
        else:
            piece, end = _piece(text, at)
            yield piece
        at = end


def _piece(text: str, at: int) -> tuple[Piece, int]:
    for kind, rule in COMPILED:
        if found := rule.match(text, at):
            shown = found["name"] if kind is Kind.PARAMETER else found[0]
            return Piece(kind, shown), found.end()
        if kind is Kind.PARAMETER and (opened := UNCLOSED.match(text, at)):
            raise UsageError(
                f"the quote {opened[0]} in the query is never closed",
                hint="close it; a shell may have taken one away: put the whole SQL into single quotes",
            )
    return Piece(Kind.OTHER, text[at]), at + 1


def _comment_end(text: str, at: int) -> int:
    """Return where a comment ends; they nest."""
    depth = 0
    for mark in COMMENT.finditer(text, at):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    raise UsageError(
        "the comment /* in the query is never closed",
        hint="close it; a shell may have taken one away: put the whole SQL into single quotes",
    )


def _literal(value: str) -> str:
    """Return a value as SQL that means the same after whatever stands before it."""
    quoted = value.replace("'", "''")
    if "\\" in value:
        # The E keeps it from going on an escape string above it, in which its backslashes would count.
        return " E'" + quoted.replace("\\", "\\\\") + "' "
    return f" '{quoted}' "
