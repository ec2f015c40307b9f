"""Where U+200C and U+200D change what is seen: elsewhere they only tell two names apart unseen."""

import re
import unicodedata

NON_JOINER, JOINER = "\u200c", "\u200d"
JOINERS = NON_JOINER + JOINER
VIRAMA = 9
"""The combining class of the mark that makes letters of India and around it one, or not, with a joiner."""

NEVER_ONE = {"THAI", "LAO", "TIBETAN"}
"""Scripts that have a virama, and letters that stay apart all the same."""

CURSIVE = re.compile(
    r"[\u0620-\u074f\u0750-\u077f\u07ca-\u07ea\u0840-\u0858\u0860-\u086a\u0870-\u08ff\u1820-\u18aa\ua840-\ua871"
    r"\U00010d00-\U00010d23\U0001e900-\U0001e943]"
)
"""Letters of scripts written joined: Arabic, Syriac, N'Ko, Mandaic, Mongolian, 'Phags-pa, Rohingya, Adlam."""

ENDS = re.compile(
    r"[\u0621-\u0625\u0627\u0629\u062f-\u0632\u0648\u0671-\u0677\u0688-\u0699\u06c0\u06c3-\u06cb\u06cd\u06cf"
    r"\u06d2\u06d3\u06d5\u06ee\u06ef\u0710\u0715-\u0719\u071e\u0728\u072a\u072c\u072f]"
)
"""Those that never join what follows: a joiner shows nothing there."""

EMOJI = re.compile(
    "[\u261d\u26f9\u2620\u2640\u2642\u2695\u2696\u26a7\u26d3\u2708\u2194\u2195\u27a1\u2744\u2764\u2b1b"
    "\U0001f000-\U0001faff]"
)
"""What joined emoji are made of."""

SECOND = re.compile(
    "[\u2620\u2640\u2642\u2695\u2696\u26a7\u2708\u2194\u2195\u27a1\u2744\u2764\u2b1b\U0001f308\U0001f33e\U0001f373"
    "\U0001f37c\U0001f384\U0001f393\U0001f3a4\U0001f3a8\U0001f3eb\U0001f3ed\U0001f466-\U0001f469\U0001f48b\U0001f4a5"
    "\U0001f4a8\U0001f4ab\U0001f4bb\U0001f4bc\U0001f525\U0001f527\U0001f52c\U0001f5e8\U0001f680\U0001f692\U0001f7e9"
    "\U0001f7eb\U0001f91d\U0001f930\U0001f9af-\U0001f9b3\U0001f9ba\U0001f9bc\U0001f9bd\U0001f9d1\U0001f9d2\U0001fa70"
    "\U0001fa79\U0001faef\U0001faf2]"
)
"""What comes behind the joiner in the sequences that Unicode 17 recommends: others are drawn side by side."""

DRAWN_INTO = re.compile("[\ufe0f\U0001f3fb-\U0001f3ff]")
"""What changes how an emoji looks, and stands between it and a joiner."""


def joins(text: str, at: int) -> bool:
    """Tell whether a joiner is at this place of a text and needed there."""
    after = text[at + 1 : at + 2]
    if text[at] not in JOINERS or (after and after in JOINERS):
        return False
    return _in_letters(text, at, after) or (text[at] == JOINER and _in_emoji(text, at, after))


def _in_emoji(text: str, at: int, after: str) -> bool:
    before = at - 1
    while before > 0 and DRAWN_INTO.match(text[before]):
        before -= 1
    return before >= 0 and bool(EMOJI.match(text[before])) and bool(SECOND.match(after))


def _in_letters(text: str, at: int, after: str) -> bool:
    letter = _bare(text, at)
    if not _is_letter(letter):
        return False
    if _is_virama(text[at - 1]):
        # One virama, of the letter's own script. A joiner is seen at the end too, as in Malayalam.
        alone = _same_script(letter, text[at - 1]) and not _is_virama(text[at - 2])
        return alone and (text[at] == JOINER or (_is_letter(after) and _same_script(letter, after)))
    if text[at] == JOINER and _is_virama(after):
        return _same_script(letter, after)  # as in Bengali, where it keeps the first letter whole
    if not CURSIVE.match(letter):
        return False
    if text[at] == JOINER:  # joined to one that is not there, as where a word is cut to a letter and a stop
        return not ENDS.match(letter) and unicodedata.category(after or " ") == "Po"
    # Apart from the next letter. Behind one that never joins it, people type it too, as in Persian plurals.
    return bool(CURSIVE.match(after)) and _is_letter(after) and _same_script(letter, after)


def _bare(text: str, at: int) -> str:
    """Return the letter before a place, past the marks on it; empty where there is none."""
    before = at - 1
    while before > 0 and unicodedata.category(text[before])[0] == "M":
        before -= 1
    return text[before] if before >= 0 else ""


def _is_letter(character: str) -> bool:
    return bool(character) and unicodedata.category(character)[0] == "L"


def _is_virama(character: str) -> bool:
    return bool(character) and unicodedata.combining(character) == VIRAMA


def _same_script(letter: str, other: str) -> bool:
    """Tell whether two letters or marks are of one script that joins: names of characters begin with it."""
    script = unicodedata.name(letter, "").partition(" ")[0]
    return script not in NEVER_ONE and script == unicodedata.name(other, "?").partition(" ")[0]
