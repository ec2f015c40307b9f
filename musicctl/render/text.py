"""Foreign text made safe for a terminal: the one place that knows which characters are not shown raw."""

import codecs
import re
import sys
import unicodedata
from collections.abc import Callable

HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})
FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
"""Letters and marks by category, which nothing is drawn for."""

EMOJI_STYLES = "\ufe0e\ufe0f"
LETTER_STYLES = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0d\U000e0100-\U000e01ef]")
STYLED_SYMBOLS = "0123456789#*‼⁉〰ℹ"
"""Characters that are no symbols by category and yet make emoji with U+FE0F."""

UNDRAWN = re.compile(f"[{FILLERS}{EMOJI_STYLES}]|{LETTER_STYLES.pattern}")
CONJOINING = re.compile("[\u1160-\u11ff\ud7b0-\ud7fb\U0001f3fb-\U0001f3ff]")
"""Hangul vowels and finals, and skin tones: no marks by category, but drawn into what is before them."""

MOST_MARKS = 8
ELLIPSIS = "…"
SUBSTITUTES = "musicctl.substitutes"
"""How a stream is to treat what its encoding lacks: our own strokes get others, the rest is escaped."""

STROKES = {"─": "-", "–": "-", ELLIPSIS: "~"}
"""What we add to foreign text, and what stands for it in an encoding without it: as wide as it is."""

ONE_COLUMN = re.compile("[ -~\u00a0-\u00ac\u00ae-\u02ff…─]*")
"""Latin and what we add to it: all as wide as long, which is known without Rich."""

WORD = re.compile(" *[^ ]+")
UNIT = re.compile("(?s:.)\ufe0f?")
"""A character with the selector that may widen it."""


def safe(value: object) -> str:
    """Return a value as text that cannot control a terminal, reorder it or span lines.

    Control, format, invisible, separator, surrogate, private and unassigned characters are shown as escapes;
    allowed are the selectors that scripts and emoji need, and joiners where they change what is
    seen. Of more than eight combining marks in a row, an ellipsis stands for the rest. What standard output
    cannot encode is an escape too, and so as wide as it will be there.
    """
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return _bounded(_encodable(escaped(text, _shown)))


def safe_lines(text: str) -> str:
    """Return several lines made safe, each of which stays a line."""
    return "\n".join(map(safe, text.split("\n")))


def escaped(text: str, escape: Callable[[str], str]) -> str:
    """Return `text` with each hidden character replaced by what `escape` makes of it."""
    if text.isprintable() and (text.isascii() or not UNDRAWN.search(text)):
        return text
    return "".join(escape(each) if _hidden(text, at) else each for at, each in enumerate(text))


def width(text: str) -> int:
    """Return the most columns of a terminal that a safe text takes.

    That is Rich's count, but for emoji joined into one by U+200D: many terminals draw them side by side.
    """
    if text.isascii() or ONE_COLUMN.fullmatch(text):
        return len(text)
    from rich.cells import cell_len

    return sum(map(cell_len, UNIT.findall(text)))


def shorten(text: str, columns: int) -> str:
    """Return a safe text cut to this many columns, with an ellipsis where something was left out."""
    if width(text) <= columns:
        return text
    if columns < 1:
        return ""
    if ONE_COLUMN.fullmatch(text):
        return text[: columns - 1] + ELLIPSIS
    kept, used = [], 0
    for unit in UNIT.findall(text):
        used += width(unit)
        if used >= columns:
            break
        kept.append(unit)
    from musicctl.policy.joiners import JOINERS

    return "".join(kept).rstrip(JOINERS) + ELLIPSIS


def wrapped(text: str, columns: int | None, *, indent: str = "  ") -> str:
    """Return a safe line broken between words to this many columns (None: a pipe, where it stays one line).

    Lines after the first begin with `indent`. A word that fits no line stays whole, so that it can be copied.
    """
    if columns is None or width(text) <= columns:
        return text
    kept: list[str] = []
    used = 0
    for piece in WORD.findall(text):
        word = piece.lstrip(" ")
        fits = used + width(piece) <= columns or len(indent) + width(word) > columns
        kept.append(piece if fits or not kept else f"\n{indent}{word}")
        used = used + width(piece) if fits else len(indent) + width(word)
    return "".join(kept)


def _hidden(text: str, at: int) -> bool:
    """Tell whether the character at this place must not be shown as it is."""
    character = text[at]
    before = text[at - 1] if at else " "
    if unicodedata.category(character) == "Cf":
        from musicctl.policy.joiners import joins

        return not joins(text, at)
    if character in EMOJI_STYLES:
        return unicodedata.category(before) not in {"So", "Sm"} and before not in STYLED_SYMBOLS
    if LETTER_STYLES.match(character):
        return unicodedata.category(before) not in {"Lo", "So", "Sm"} or before in FILLERS
    return not _drawn(character)


def _drawn(character: str) -> bool:
    return unicodedata.category(character) not in HIDDEN and character not in FILLERS


def _bounded(text: str) -> str:
    """Return `text` with an ellipsis for what goes on after the eighth mark over one character."""
    kept: list[str] = []
    marks = 0
    for character in text:
        if unicodedata.category(character) != "Cf":  # a joiner between marks would let the pile grow on
            marks = marks + 1 if _stacks(character) else 0
        if marks <= MOST_MARKS:
            kept.append(character)
        elif kept[-1] != ELLIPSIS:
            kept.append(ELLIPSIS)
    return "".join(kept)


def _encodable(text: str) -> str:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if codecs.lookup(encoding).name == "utf-8":
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _substitute(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the characters that a stream cannot encode, and where to go on."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    return "".join(STROKES.get(each) or _shown(each) for each in lacking), error.end


codecs.register_error(SUBSTITUTES, _substitute)


def _stacks(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or bool(CONJOINING.match(character))


def _shown(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
