"""Display-name rules: what a listener may be called."""

import re
import unicodedata

from musicctl.errors import UsageError
from musicctl.policy.joiners import JOINERS, joins

LONGEST = 64
EMOJI_STYLE = "\ufe0f"
REFUSED = {"Cc", "Cf", "Zl", "Zp", "Co", "Cn", "Cs"}
FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Letters, marks and symbols by category, which nothing is drawn for."""

LETTER_STYLES = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0e\U000e0100-\U000e01ef]")
"""What chooses another shape for the letter or symbol before it, and is nothing by itself."""


def display_name(text: str) -> str:
    """Return `text` as a display name: NFC, trimmed, 1 to 64 code points.

    Raises UsageError that names the code points when a control, bidirectional, invisible, private,
    unassigned or surrogate character is in it. Allowed are the joiners U+200C and U+200D where they change
    what is seen, in scripts and emoji that need them, U+FE0F after a symbol, and what gives a letter
    its shape.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise UsageError("the display name is empty", hint=f"give 1 to {LONGEST} characters")
    if len(name) > LONGEST:
        raise UsageError(
            f"the display name has {len(name)} characters, but at most {LONGEST} will do", hint="shorten it"
        )
    bad = sorted({character for at, character in enumerate(name) if not _allowed(name, at)})
    if bad:
        shown = ", ".join(_named(character) for character in bad)
        raise UsageError(
            f"the display name has characters that cannot be seen or change how others are read: {shown}",
            hint="leave them out",
        )
    return name


def _allowed(name: str, at: int) -> bool:
    character = name[at]
    if character == EMOJI_STYLE:
        # Digits, # and * also take U+FE0F, in keycap emoji.
        return at > 0 and (
            unicodedata.category(name[at - 1]) in {"So", "Sk", "Sm"} or name[at - 1] in "0123456789#*©®‼⁉"
        )
    if character in JOINERS:
        return joins(name, at)
    if LETTER_STYLES.match(character):
        return at > 0 and unicodedata.category(name[at - 1]) in {"Lo", "So", "Sm"} and _drawn(name[at - 1])
    return _drawn(character)


def _drawn(character: str) -> bool:
    return unicodedata.category(character) not in REFUSED and character not in FILLERS


def _named(character: str) -> str:
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X} {name}".rstrip()
