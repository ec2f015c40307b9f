"""What others may have written: names that attack a terminal, a table or a file, and names that do not."""

import random
import unicodedata
from itertools import chain
from typing import Final

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


HOW_MANY: Final = 500


def hostile() -> tuple[str, ...]:
    """Return 500 different strings that Postgres can hold, the same at every call: no NUL, no surrogates."""
    found = dict.fromkeys(
        text
        for text in chain(STRINGS, *(made() for made in FAMILIES))
        if not any(each == "\0" or "\ud800" <= each <= "\udfff" for each in text)
    )
    chance, single = random.Random(500), list(found)
    while len(found) < HOW_MANY:
        found["".join(chance.sample(single, 3))[:300]] = None
    return tuple(found)[:HOW_MANY]


def _around(*ranges: str) -> list[str]:
    """Return a text around each character of the ranges, which are of two characters or of one."""
    return [f"a{chr(code)}b" for each in ranges for code in range(ord(each[0]), ord(each[-1]) + 1)]


def _sequences() -> list[str]:
    """Return what terminals obey, begun by ESC and by its one-character form, ended by BEL and by ST."""
    csi = ("31m", "2J", "H", "?1049h", "6n", "c", "1;1H", "?25l", "8m", "5;1r", "1000h", ">c", "18t")
    osc = (
        "0;title",
        "8;;http://evil.example",
        "52;c;cm0gLXJmIC8=",
        "4;1;?",
        "10;?",
        "1337;File=:AA==",
        "7;x",
    )
    ends = ("\x07", "\x1b\\", "\x9c")
    return [
        *(f"{begin}{each}after" for begin in ("\x1b[", "\x9b") for each in csi),
        *(f"{begin}{each}{end}after" for begin in ("\x1b]", "\x9d") for each in osc for end in ends),
        *(f"\x1b{each}x\x1b\\" for each in "P_^Xc#8(0=>78MDE"),
    ]


def _storms() -> list[str]:
    marks = "\u0301\u0483\u0e31\u1ab0\u20d0\u20e3\ufe20\u0903\U0001d165"
    return [f"z{mark * many}y" for mark in marks for many in (8, 9, 1000)]


def _emoji() -> list[str]:
    people = (
        "👨‍👩‍👧‍👦",
        "👩🏽‍🚀",
        "🧑🏿‍🤝‍🧑🏻",
        "👍🏽",
        "🏳️‍🌈",
        "🏴‍☠️",
        "🇩🇪🇯🇵",
        "🇩",
        "*️⃣",
        "🏴\U000e0067\U000e0062\U000e007f",
    )
    return [*people, *(f"{each} and {each * 30}" for each in people)]


def _scripts() -> list[str]:
    return [
        "שלום abc עולם",
        "مرحبا 123 (x)",
        "می‌خواهم",
        "क्‍ष",
        "ปี่พาทย์",
        "한글 ᄒ\u1161ᆫ",
        "葛\U000e0100城",
        "ｗｉｄｅ",
        "ﷺ",
        "𒐫",
    ]


def _markup() -> list[str]:
    tags = (
        "[bold]",
        "[/]",
        "[/bold]",
        "[link=http://x]y[/link]",
        "[red on blue]",
        "[@click=x]",
        ":smile:",
        "[[a]]",
    )
    html = (
        "<script>alert(1)</script>",
        "&lt;",
        "`rm -rf /`",
        "$(reboot)",
        "%s %(user)s {0} {x!r}",
        "\\x1b[31m",
    )
    return [f"{before}{each}" for each in (*tags, *html) for before in ("", "x ")]


def _cells() -> list[str]:
    """Return what spreadsheets run, and what CSV, TSV and COPY read as something else."""
    formulas = [f"{sign}{rest}" for sign in "=+-@\t\r" for rest in ("1+1", "SUM(A1)", "cmd|'/C calc'!A0")]
    quotes = [
        '"',
        '""',
        '"a"',
        'a"b',
        ",",
        "a,b",
        ";",
        "'",
        "\\",
        "\\\\N",
        "\\t",
        "null",
        "None",
        "-",
        "none",
        "…",
    ]
    return [
        *formulas,
        *quotes,
        " leading",
        "trailing ",
        "  ",
        "#comment",
        "x" * 1000,
        "word " * 200,
        "日" * 300,
    ]


FAMILIES = (
    _sequences,
    lambda: _around("\x01\x1f", "\x7f\xa0", "\u2028\u2029", "\x1c\x1f"),
    lambda: _around("\u061c", "\u200e\u200f", "\u202a\u202f", "\u2066\u206f", "\u200b\u200d", "\u2060\u2064"),
    lambda: _around(
        "\u00ad", "\u034f", "\u115f\u1160", "\u17b4\u17b5", "\u180b\u180f", "\u3164", "\ufeff", "\uffa0"
    ),
    lambda: _around(
        "\ufff9\ufffd", "\U0001bca0\U0001bca3", "\U0001d173\U0001d17a", "\U000e0001", "\U000e0020\U000e0030"
    ),
    lambda: _around("\ufe00\ufe0f", "\U000e0100\U000e0108", "\u0378\u0379", "\ufdd0\ufddf", "\ufffe\uffff"),
    lambda: _around(
        "\ue000", "\uf8ff", "\U000f0000", "\U0010fffd\U0010ffff", "\U0001fffe", "\u1680", "\u2000\u200a"
    ),
    _storms,
    _emoji,
    _scripts,
    _markup,
    _cells,
)
"""The kinds of strings, each of which is there at least once."""
