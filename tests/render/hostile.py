"""What others may have written: names that attack a terminal, a table or a file, and names that do not."""

import unicodedata

from hypothesis import settings
from hypothesis import strategies as st

unhurried = settings(deadline=None)

STRINGS = (
    "plain",
    "",
    " ",
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;cm0gLXJmIC8=\x07",
    "\x9b31m",
    "over\rwritten",
    "two\r\nlines",
    "two\nlines",
    "tab\there",
    "bell\x07 back\x08 delete\x7f next\x85line",
    "\x00nul",
    "bidi \u202egnp.exe\u202c \u2066isolate\u2069 \u200frlm \u061calm",
    "zero\u200bwidth\u2060\ufeff\u00ad",
    "line\u2028paragraph\u2029separators",
    "lone \ud800 high, \udfff low",
    "private \ue000 \U000f0000",
    "unassigned \u0378 \U0001ffff",
    "tag \U000e0001\U000e0041",
    "storm a" + "\u0301" * 500 + "b",
    "joined storm a" + "\u0301\u200d" * 500 + "b",
    "vowel storm " + "\u1161" * 500,
    "fillers \u3164\u115f\uffa0\u034f",
    "hidden selector a\ufe0f\ufe01\U000e0100",
    "[bold]markup[/bold] AC/DC [/]live [link=javascript:alert(1)]x[/link] :smiley:",
    "=HYPERLINK(1)",
    "quotes \" and , and ; and '",
    "back\\slash \\N \\t \\.",
    "\\N",
    "\\.",
    "NULL",
    "العربية עברית",
    "日本語のとても長い名前" * 10,
    "👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪 1️⃣ ❤️",
    "می‌خواهم",
    "葛\U000e0100城",
    "Ringo ⭐",
    "x" * 3000,
)

_SPECIAL = st.sampled_from(
    "\x00\x1b\r\n\t\x7f\x85\x9b\u00ad\u0301\u0903\u034f\u1161\u200b\u200c\u200d\u200e\u202e\u2028\u2029\u2066"
    "\u3164\ufe0e\ufe0f\ufe01\ufeff\ue000\u0378\U000e0001\U000e0100\U0001f3fb\\\"',[]❤☁1⭐日a葛👍👩🇩\ud83d\ude00\udc80"
)
any_text = st.text(_SPECIAL | st.characters(), max_size=40) | st.sampled_from(STRINGS)

HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}


def forbidden(line: str) -> list[str]:
    """Return the characters of a line that no terminal may be sent."""
    found = []
    for before, character, after in zip(" " + line, line, line[1:] + " ", strict=False):
        joins = character in "\u200c\u200d" and not {
            unicodedata.category(before),
            unicodedata.category(after),
        } & (HIDDEN | {"Zs"})
        if unicodedata.category(character) in HIDDEN and not joins:
            found.append(character)
    return found
