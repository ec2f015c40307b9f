"""Foreign text made safe for a terminal: the one function that every name, role and id goes through."""

import unicodedata

HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}
JOINERS = {"\u200c", "\u200d"}
EMOJI_STYLE = "\ufe0f"
MARKS = {"Mn", "Me"}
MOST_MARKS = 8
ELLIPSIS = "…"


def safe(value: object) -> str:
    """Return a value as text that cannot control a terminal, reorder it or span lines.

    Control, format, separator, surrogate, private and unassigned characters are shown as escapes; allowed
    are the joiners that scripts and emoji need. Of more than eight combining marks in a row, an ellipsis
    stands for the rest.
    """
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    pieces, marks = [], 0
    for at, character in enumerate(text):
        category = unicodedata.category(character)
        # U+FE0F is a mark too, of which an emoji needs one.
        marks = marks + 1 if category in MARKS else 0
        if marks > MOST_MARKS:
            if marks == MOST_MARKS + 1:
                pieces.append(ELLIPSIS)
        elif category in HIDDEN and not _joins(text, at):
            pieces.append(_escaped(character))
        else:
            pieces.append(character)
    return "".join(pieces)


def width(text: str) -> int:
    """Return how many columns of a terminal a safe text takes, as Rich counts them."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def shorten(text: str, columns: int) -> str:
    """Return a safe text cut to this many columns, with an ellipsis where something was left out."""
    if width(text) <= columns:
        return text
    if columns < 1:
        return ""
    kept, used = [], 0
    for character in text:
        used += width(character)
        if used > columns - 1:
            break
        kept.append(character)
    return "".join(kept) + ELLIPSIS


def _joins(text: str, at: int) -> bool:
    """Tell whether a joiner stands between two visible characters."""
    if text[at] not in JOINERS or not 0 < at < len(text) - 1:
        return False
    return all(_visible(neighbour) for neighbour in (text[at - 1], text[at + 1]))


def _visible(character: str) -> bool:
    return unicodedata.category(character) not in HIDDEN and not character.isspace()


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
